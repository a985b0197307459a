/* The store: named statements, snapshots to read from, and the one door for writes. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/conf.h"
#include "exact/instant.h"
#include "store/combine.h"
#include "store/driver.h"

struct store;

enum store_mode {
	STORE_READ,  /* nothing can be written through it */
	STORE_WRITE,
	STORE_CREATE /* makes the database and brings its schema up to date */
};

/** Open the store that the configuration names.
 *  Returns: ST_OK; ST_STORE or ST_IO with a fault that says what to do. */
enum st store_open(struct store **store, const struct conf *conf, enum store_mode mode, struct faults *faults) MUST_USE;
void store_close(struct store *store);

/** Open it again if it is known that its files changed or its server went away, or if others can write to its folder
 *  by now, which is looked at once a second; cheap, called before each request.
 *  Returns: ST_OK; as store_open(). */
enum st store_refresh(struct store *store, instant now, struct faults *faults) MUST_USE;

/** After a request that read and wrote nothing: was what it read the store? Else a file was replaced (a restore), taken away
 *  or put elsewhere (a move): open it again with store_reopen(), which reads the configuration anew, and do the request again. */
bool store_sound(const struct store *store);
enum st store_reopen(struct store *store, struct faults *faults) MUST_USE;

/** A number that changes with each connection of this process, so that what it keeps of one
 *  database is not taken for another's. */
uint64_t store_connection(const struct store *store);

/** How many writes have gone through its door, whatever became of them. */
uint64_t store_writes(const struct store *store);

/* ---- statements ---- */

struct rows {
	const struct driver *driver;
	struct cursor *cursor;
};

/** Start a statement; read it with rows_next() and end it with rows_end(), also on failure.
 *  Use ROWS(store, &rows, SQL_NAME, INT(7), TEXT("a")) and its like, by which the compiler counts the values. */
enum st store_rows(struct store *store, struct rows *rows, const struct statement *sql, const struct val *vals) MUST_USE;

/** The same for a text that another statement has made; its values are VALS(…). */
enum st store_rows_text(struct store *store, struct rows *rows, const char *text, const struct val *vals, unsigned count) MUST_USE;

/** Inside a write: run a script that another statement has made. */
enum st store_script(struct store *store, const char *script) MUST_USE;

/** Returns: ST_OK with a row; ST_DONE; ST_RANGE; ST_BUSY; ST_STORE. */
enum st rows_next(struct rows *rows) MUST_USE;
int64_t rows_int(const struct rows *rows, unsigned column);
const char *rows_text(const struct rows *rows, unsigned column);
bool rows_null(const struct rows *rows, unsigned column);
void rows_end(struct rows *rows);

/** Run a statement to its end and drop its rows. */
enum st store_run(struct store *store, const struct statement *sql, const struct val *vals) MUST_USE;

/** Run an INSERT … ON CONFLICT DO NOTHING.
 *  Returns: ST_OK if it put its row in; ST_DONE if it met one; what rows_next() returns. */
enum st store_put(struct store *store, const struct statement *sql, const struct val *vals) MUST_USE;

/** The number that the first row of a statement begins with. Returns: ST_OK; ST_STORE also where there is no row. */
enum st store_number(struct store *store, int64_t *value, const struct statement *sql, const struct val *vals) MUST_USE;

/** Has a statement a text for this database? Some are for one kind only. */
bool store_has(const struct store *store, const struct statement *sql);

#define ROWS(store, rows, sql, ...) store_rows(store, rows, BIND(sql, __VA_ARGS__))
#define RUN(store, sql, ...) store_run(store, BIND(sql, __VA_ARGS__))
#define PUT(store, sql, ...) store_put(store, BIND(sql, __VA_ARGS__))
#define NUMBER(store, value, sql, ...) store_number(store, value, BIND(sql, __VA_ARGS__))
#define OFFERS(store, sql) store_has(store, &(sql)->is)

/* ---- reading ---- */

/** Read from one instant of the database until store_read_end(). Must not be nested. */
enum st store_read_begin(struct store *store) MUST_USE;
void store_read_end(struct store *store);

/* ---- writing: the one door ---- */

/** One kind of write. Its request and its answer are flat bytes without pointers where
 *  `flat` is set, so that another process may carry it out (group commit). */
struct write_op {
	const char *name;
	bool flat; /* and knows its own work when it meets it again: it may be carried out twice */
	const void *context; /* whose process it is carried out in: store_context(); NULL: none */
	bool holds_catalog; /* it changes what all tenants share; any other holds the tenant that it changes by itself */
	/** Do the work of requests of one party in one statement, which is a transaction of its own, where the database
	 *  can. NULL: never. Returns: ST_OK with each job's st (ST_DONE: not this one, alone); for all of them: ST_DONE:
	 *  not together, or apply() it if it is alone; what store_write() returns. */
	enum st (*call)(struct store *store, struct combine_job *jobs, unsigned count);
	/** Which requests may go into one call: those of the same number. 0: this one goes into none. */
	uint64_t (*party)(const void *request, size_t size);
	/** Does it look like a request of this kind, and does its answer fit? Asked of what comes from another process.
	 *  NULL: all do. */
	bool (*sound)(const void *request, size_t size, size_t answer_size);
	/** Do the work of several requests inside one transaction, faster than one by one. NULL: never.
	 *  Returns: ST_OK with each job's st; else all is undone, and apply() does it one by one. */
	enum st (*together)(struct store *store, struct combine_job *jobs, unsigned count);
	/** Do the work inside the transaction. A failure undoes this request alone.
	 *  In/Out: answer  room of the caller's; NULL if it wants none */
	enum st (*apply)(struct store *store, const void *request, size_t size, void *answer);
};

/** Carry out one write in a transaction and return when it is on disk.
 *  On SQLite it is alone among all processes (an flock on the database). A flat one that is small enough shares its
 *  transaction with those of other processes (combine.h); on a server, its call with those of its party. On a server
 *  it is tried again, a few times, when it met another's or lost its connection; apply() must then hold what it changes.
 *  Returns: what apply() returned; ST_OK means committed and synced; ST_BUSY and ST_STORE mean that
 *  nothing was written; ST_IO that it is not known (repeat it with its idempotency key).
 *  Out: answer  answer_size bytes */
enum st store_write(struct store *store, const struct write_op *op, const void *request, size_t size, void *answer,
                    size_t answer_size) MUST_USE;

/** Inside call(): carry out one statement as a whole transaction. Read and end its rows as those of store_rows().
 *  Returns: ST_OK once it is on disk; ST_DONE where the database has no such calls; what store_write() returns. */
enum st store_call(struct store *store, struct rows *rows, const struct statement *sql, const struct val *vals) MUST_USE;

/** Inside apply(): the operation's context, of the process that carries it out, whoever's request it is. */
const void *store_context(const struct store *store);

/** Inside apply(): may this very request have been committed before, by a process that died
 *  before it could say so, or in a try whose answer was lost? */
bool store_again(const struct store *store);

/** Inside apply(): a part that can fail alone (one event of a batch). */
enum st store_part_begin(struct store *store) MUST_USE;
enum st store_part_end(struct store *store, enum st outcome) MUST_USE; /* keeps it if outcome is ST_OK */

/** Do something while all writers of the file wait; outside any transaction. Not for a server.
 *  Returns: what work() returned; ST_BUSY: another keeps the lock, the log says who; ST_IO. */
enum st store_alone(struct store *store, enum st (*work)(void *context), void *context) MUST_USE;

/** Within store_alone(): rename the file to FILE.moved, so that who waits or comes later reads in the
 *  configuration where the store is now (switch.h). Nothing more can be done with `store` but to close it.
 *  Returns: ST_OK; ST_CONFLICT: there is a FILE.moved; ST_IO, ST_STORE: it stays where it is. */
enum st store_put_aside(struct store *store) MUST_USE;

/** Is the store a server's database, not a file? */
bool store_on_server(const struct store *store);
/** Has a file that the configuration names been put aside? */
bool store_was_put_aside(const struct conf *conf);

/* ---- care ---- */

/** The schema's version in the database. */
enum st store_schema(struct store *store, int64_t *version) MUST_USE;
/** Is what lies there ours, and all that its version wants? Returns: ST_OK; ST_STORE with a fault; what a statement returns.
 *  Out: version  below 1: it holds nothing of ours, nor what would be in the way */
enum st store_judge_schema(struct store *store, int64_t *version, struct faults *faults) MUST_USE;
/** Which of a server's schemas the tables lie in; NULL: a file has none.
 *  Out: others  further ones where tables like ours lie; NULL: none */
const char *store_home(struct store *store, const char **others);
/** The schema's version that this program was built for. */
int64_t store_schema_wanted(void);
/** Bring all that was written into the one file, so that who opens it next has no log to read first; where the
 *  database is on a server there is nothing to do. For when nobody else has it open.
 *  Returns: ST_OK; ST_IO; ST_STORE. */
enum st store_settle(struct store *store) MUST_USE;
/** Before store_close() of one that was written to: bring what was written into the one file, as store_settle() does, if
 *  that takes a moment; others may be writing, or reading what is in the log. Then the log has it, and nothing is lost. */
void store_leave(struct store *store);
/** How the database keeps its promises, in words. Out: sound  false: something about it should be mended */
const char *store_durability(struct store *store, bool *sound);

#endif
