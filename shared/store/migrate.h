/* Numbered migrations: each runs once, in order, in its own transaction. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/driver.h"

struct migration {
	int number;
	const char *name, *sql[DIALECT__MAX];
};

/** The migrations of shared/store/schema in order, ended by a row without a name. Generated.
 *  Number 0 makes the table of versions; it is repeatable and noted nowhere. */
extern const struct migration migrations[];

/** The last migration's number. */
int migrate_wanted(void);

/** Bring the database up to migrate_wanted(); those that try it at once take turns.
 *  Returns: ST_OK; ST_STORE with a fault naming the migration, or saying that the
 *  database was written by a newer program. */
enum st migrate(const struct driver *driver, struct db *db, struct faults *faults) MUST_USE;

#endif
