/* What a database driver offers the store: open, statements, transactions.
 * No word of the domain appears here; sqlite.c and postgres.c fill the table. */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/statement.h"

struct db;     /* one connection, as the driver knows it */
struct cursor; /* a running statement; at most one at a time of the same statement */

enum db_mode { DB_READ, DB_WRITE, DB_CREATE };

/** Who is told what a proof of the file finds. */
struct witness {
	void (*tell)(void *context, const char *text);
	/** Keep writers away for a second look, and let them go on. NULL: nobody else has the file. Returns: ST_OK; ST_BUSY; ST_IO. */
	enum st (*hold)(void *context);
	void (*release)(void *context);
	void *context;
	bool accept; /* pages that differ from their checksums are taken as they are, and get new ones */
};

/** What a proof of the file came to. */
struct file_facts {
	unsigned differences, accepted;
	int64_t pages, bare; /* how many; those without a checksum of their own */
	bool sealed;         /* pages have room for checksums */
};

struct driver {
	enum dialect dialect;
	bool one_file; /* a file of this machine: its writers take turns by a lock */

	/** Returns: ST_OK; ST_BUSY: another holds the lock; ST_STORE; each with a fault that says what to do. */
	enum st (*open)(struct db **db, const char *where, enum db_mode mode, struct faults *faults);
	void (*close)(struct db *db);

	/** Run a script of statements that bind and return nothing (migrations). */
	enum st (*script)(struct db *db, const char *sql);

	/** Write the whole database to a new file, consistent at one instant. NULL: not offered. */
	enum st (*copy_to)(struct db *db, const char *file);

	/** Prove the file itself, over a connection of its own: page by page and tree by tree, naming what is wrong and where.
	 *  NULL: not offered. Returns: ST_OK, also where something is wrong; ST_MEMORY. */
	enum st (*prove)(const char *where, const struct witness *witness, struct file_facts *facts);

	/** Bind as many values as it wants, and start. Outside a transaction a statement is one by itself.
	 *  Returns: ST_OK; what step() and commit() return on failure.
	 *  Out: cursor  ended with end(), also after a failed step */
	enum st (*start)(struct db *db, struct cursor **cursor, const struct statement *sql, const struct val *vals);
	/** The same for a text that a statement has made (move.sql); prepared and forgotten. */
	enum st (*start_text)(struct db *db, struct cursor **cursor, const char *text, const struct val *vals, unsigned count);
	/** Returns: ST_OK for a row; ST_DONE; ST_RANGE for an integer overflow; ST_BUSY; ST_STORE. */
	enum st (*step)(struct cursor *cursor);
	/** After ST_DONE: did the statement change a row? */
	bool (*changed)(struct cursor *cursor);
	int64_t (*get_int)(struct cursor *cursor, unsigned column);      /* 0 of NULL */
	const char *(*get_text)(struct cursor *cursor, unsigned column); /* NULL of NULL; until the next step */
	bool (*is_null)(struct cursor *cursor, unsigned column);
	void (*end)(struct cursor *cursor);

	/** Transactions. A write one is durable once commit() has returned ST_OK.
	 *  Returns: ST_OK; ST_BUSY: nothing was changed, it can be tried again; ST_STALE (begin a write): the file is not what
	 *  it was, open it anew; ST_IO (commit): the connection broke, a sync failed or the file was taken away meanwhile, so it
	 *  may have been committed; ST_STORE. */
	enum st (*begin)(struct db *db, bool write);
	enum st (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	/** Carry out one statement as a whole write transaction, in one round trip. NULL: not offered.
	 *  Returns: ST_OK once it is durable; as start() and commit(). Out: cursor  ended with end(), also after a failure */
	enum st (*call)(struct db *db, struct cursor **cursor, const struct statement *sql, const struct val *vals);
	/** A part of a write transaction that can be undone alone; the innermost is meant. */
	enum st (*savepoint)(struct db *db);
	enum st (*release)(struct db *db);
	void (*undo)(struct db *db);

	/** Must it be opened again before it is used: is that known already, did its server go away? Cheap. */
	bool (*gone)(struct db *db);
	/** Is what was read of its files what their names lead to? A request that read from others is not answered, but done
	 *  again. NULL: there are no files. */
	bool (*sound)(const struct db *db);
	/** The descriptor of the lock by which the writers of a file take turns; -1 if it was opened only to be read, on a
	 *  network file system. NULL: there is none. */
	int (*lock)(const struct db *db);
	/** Open that lock alone, while this process does not have the database open. Returns: -1 if it cannot. NULL: there is none. */
	int (*open_lock)(const char *where);
	/** With that lock: bring all that was written into the one file, as far as readers let it. NULL: there is none. */
	enum st (*settle)(struct db *db);
	/** How the database keeps its promises, for `pennymeter doctor`: e.g. "WAL, synchronous=FULL".
	 *  Out: sound  false: something about it should be mended */
	const char *(*durability)(struct db *db, bool *sound);
	/** Which of the database's schemas the tables lie in. NULL: it has none.
	 *  Out: others  further ones where tables like ours lie; NULL: none */
	const char *(*home)(struct db *db, const char **others);
};

/** How long an answer of a server is waited for, in this process: 5 seconds until it is told otherwise. A write
 *  transaction may take four times as long. */
void driver_patience(unsigned seconds);

extern const struct driver sqlite_driver, postgres_driver;

#endif
