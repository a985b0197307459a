/* A database of SQLite's of its own for each fact, in a folder that goes with it, by the driver alone. */
#ifndef UNIT_LITE_FILE_H
#define UNIT_LITE_FILE_H

#include "facts.h"
#include "folder.h"
#include "store/driver.h"

static struct arena *arena; /* opened by main() */
static struct faults faults; /* of the last opening */
static char folder[FOLDER_ROOM], file[128];

static inline enum st try_open(struct db **db, enum db_mode mode)
{
	faults = (struct faults){ .arena = arena };
	*db = NULL;
	return sqlite_driver.open(db, file, mode, &faults);
}

static inline struct db *open_file(enum db_mode mode)
{
	struct db *db;
	if (try_open(&db, mode))
		fail_msg("%s", faults.count ? faults.item[0].detail : "cannot open");
	return db;
}

static inline void run(struct db *db, const char *sql)
{
	assert_int_equal(sqlite_driver.script(db, sql), ST_OK);
}

static inline int64_t number(struct db *db, const char *sql)
{
	struct cursor *c = NULL;
	assert_int_equal(sqlite_driver.start_text(db, &c, sql, NULL, 0), ST_OK);
	assert_int_equal(sqlite_driver.step(c), ST_OK);
	const int64_t n = sqlite_driver.get_int(c, 0);
	sqlite_driver.end(c);
	return n;
}

static inline void is_sound(struct db *db)
{
	assert_int_equal(number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

/** Make the folder and, in it, the database with one table. Returns: open to be written; NULL: there is no folder. */
static inline struct db *lite_file_made(const char *what)
{
	arena_reset(arena);
	if (folder_made(folder, what))
		return NULL;
	snprintf(file, sizeof file, "%s/a.db", folder);
	struct db *db = open_file(DB_CREATE);
	assert_int_equal(sqlite_driver.begin(db, true), ST_OK);
	run(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
	assert_int_equal(sqlite_driver.commit(db), ST_OK);
	return db;
}

/** `fresh` is the test's own set-up. */
#define FILE_FACT(fact) cmocka_unit_test_setup_teardown(fact, fresh, removed)

static inline int removed(void **state)
{
	(void)state;
	return folder_removed(folder);
}

#endif
