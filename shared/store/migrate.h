/* Numbered migrations: each runs once, in order; those that a database lacks run in one transaction. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/driver.h"

struct store;

struct migration {
	int number;
	const char *name, *sql[DIALECT__MAX];
	const char *tables[DIALECT__MAX]; /* a JSON array: those that it makes and that are there ever after */
	const char *names[DIALECT__MAX];  /* a JSON array: every name that it takes */
};

/** The migrations of shared/store/schema in order, ended by a row without a name. Generated.
 *  Number 0 makes the table schema_version, and so is not noted in it. */
extern const struct migration migrations[];

/** What migrations leave to do that SQL cannot say, by the number of each; run behind all of them, in their transaction.
 *  Ended by a row without one. They know what is stored, and so stand in meter/rebuild.c. */
struct migration_step {
	int number;
	/** Returns: ST_OK; what fails the whole, and then is in the log. */
	enum st (*run)(struct store *store);
};
extern const struct migration_step migration_steps[];

/** The last migration's number. */
int migrate_wanted(void);

/** Bring the database up to migrate_wanted(), or change nothing at all; those that try it at once take turns.
 *  Returns: ST_OK; ST_STORE with a fault saying that a migration failed, that the database was written by a newer
 *  program, or that another program's tables lie there; ST_BUSY with a fault. */
enum st migrate(const struct driver *driver, struct db *db, struct faults *faults) MUST_USE;

/** Is what lies there ours, whole, and of which version? Within a transaction that the caller has begun.
 *  Returns: ST_OK; ST_STORE with a fault, as above; what a statement returns.
 *  Out: version  0: nothing of ours, nor in the way; -1: there is not even a schema_version */
enum st migrate_judge(int64_t *version, const struct driver *driver, struct db *db, struct faults *faults) MUST_USE;

/** Say that a newer program has brought the database further than this one knows. Returns: ST_STORE. */
enum st migrate_refuse_newer(int64_t version, struct faults *faults);

#endif
