/* Care of the store: proofs of its file, copies, and putting them back. */
#ifndef STORE_CARE_H
#define STORE_CARE_H

#include "store/store.h"

/* ---- every table ---- */

enum { STORE_TABLES = 256 };

/** A table as the database's own catalogue has it, and texts for store_rows_text(). */
struct store_table {
	const char *name;
	const char *count;   /* gives how many rows it has */
	const char *nobodys; /* gives tenant and number of rows that belong to a tenant there is not; NULL: it is no tenant's table */
};

/** Out: tables  STORE_TABLES of them. Returns: ST_OK; ST_RANGE: there are more; what the store returns. */
enum st store_tables(struct store *store, struct store_table *tables, unsigned *count, struct arena *arena) MUST_USE;

/* ---- proofs ---- */

/** How a proof of the file is told. */
struct prove_view {
	void (*tell)(void *context, const char *text);
	void *context;
	bool accept; /* as in driver.h */
};

/** Prove the database's file itself, also where no store can be opened on it: each page against its checksum, each frame of
 *  the log, SQLite's own look at its trees. Each difference is told by page and table.
 *  Returns: ST_OK, also where there are differences; ST_DONE: the database is on a server; ST_STORE: there is no file,
 *  or, with a fault, others could have put it there. */
enum st store_prove(const struct conf *conf, const struct prove_view *view, struct file_facts *facts,
                    struct faults *faults) MUST_USE;

/** Do the pages of the database's file carry checksums? Not while this process has it open: to close it would drop SQLite's locks.
 *  Returns: ST_OK; ST_DONE: it is on a server; ST_STORE: there is no file. */
enum st store_carries_checksums(const struct conf *conf, bool *sealed) MUST_USE;

enum { STORE_HOLDER = 160 };

/** Who keeps the store's writers waiting, in words. Returns `out`, STORE_HOLDER bytes. */
const char *store_holder(char *out, const struct store *store);

/** Write a row as it is: whether one can be written, and is on disk then. Returns: what store_write() returns. */
enum st store_touch(struct store *store) MUST_USE;

/** What a copy must pass beside the proofs of its file. */
struct copy_proof {
	void (*tell)(void *context, const char *text);
	/** Prove what the copy holds. Returns: ST_OK. Out: differences  how many were told */
	enum st (*prove)(unsigned *differences, struct store *copy, void *context);
	void *context;
};

/* ---- copies ---- */

/** Write a copy to a temporary name beside `file`; prove the store's file before, and the copy as that and by `proof`;
 *  compare how many rows each table has; sync it and rename it to `file`; note in the data folder when that was.
 *  Returns: ST_OK; ST_INVALID with a fault, and nothing is written: `file` is the product's own, or is there and no regular
 *  file, or its folder is not there, or something differs. */
enum st store_backup(struct store *store, const struct conf *conf, const char *file, const struct copy_proof *proof,
                     struct faults *faults) MUST_USE;

/** May a copy be written there? Returns: ST_OK; ST_INVALID with a fault. */
enum st store_target(const struct conf *conf, const char *store, const char *file, struct faults *faults) MUST_USE;

/** When the last copy was made, and its name. Returns: ST_OK; ST_NOT_FOUND: none, as far as is known.
 *  Out: name  `room` bytes */
enum st store_last_backup(const struct conf *conf, int64_t *at, char *name, size_t room) MUST_USE;

#endif
