/* Facts of how SQLite's log is written in one piece a commit (shared/store/sqlite_wal.h). */
#include "lite_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than a connection's cache of 256 pages, so that a transaction writes to the log before it ends. */
#define FILL(with) "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) " \
	"INSERT INTO t SELECT i, hex(zeroblob(400)) || '" with "' FROM n WHERE true ON CONFLICT (id) DO UPDATE SET text = excluded.text"

static int fresh(void **state)
{
	(void)state;
	struct db *db = lite_file_made("log");
	if (db)
		sqlite_driver.close(db);
	return !db;
}

/* ---- the facts ---- */

static void what_was_undone_is_not_written_over_what_another_committed(void **state)
{
	(void)state;
	struct db *a = open_file(DB_WRITE), *b = open_file(DB_WRITE);
	run(a, "BEGIN IMMEDIATE; " FILL("undone") "; ROLLBACK");
	run(b, FILL("kept"));
	is_sound(a);
	assert_int_equal(number(a, "SELECT COUNT(*) FROM t WHERE text LIKE '%kept'"), 4000);
	run(a, "UPDATE t SET text = 'more' WHERE id <= 10");
	is_sound(b);
	assert_int_equal(number(b, "SELECT COUNT(*) FROM t WHERE text = 'more'"), 10);
	sqlite_driver.close(a);
	sqlite_driver.close(b);
}

static void a_part_that_was_undone_leaves_the_rest(void **state)
{
	(void)state;
	struct db *a = open_file(DB_WRITE), *b = open_file(DB_READ);
	run(a, "BEGIN IMMEDIATE; " FILL("first") "; SAVEPOINT part; " FILL("second") "; ROLLBACK TO part;"
	       "UPDATE t SET text = 'third' WHERE id = 1");
	assert_int_equal(number(a, "SELECT COUNT(*) FROM t WHERE text LIKE '%first'"), 3999);
	assert_int_equal(number(b, "SELECT COUNT(*) FROM t"), 0);
	run(a, "COMMIT");
	is_sound(b);
	assert_int_equal(number(b, "SELECT COUNT(*) FROM t WHERE text LIKE '%first'"), 3999);
	sqlite_driver.close(a);
	sqlite_driver.close(b);
}

static void what_is_committed_is_in_the_log_for_others(void **state)
{
	char command[256];
	(void)state;
	struct db *a = open_file(DB_WRITE);
	for (int i = 0; i < 20; i++) {
		run(a, "INSERT INTO t (text) VALUES ('one')");
		run(a, i % 5 ? "SELECT 1" : "PRAGMA wal_checkpoint(PASSIVE)");
	}
	/* As after a crash: the files as they lie there, without the index that processes share. */
	snprintf(command, sizeof command, "cd '%s' && cp a.db copy.db && cp a.db-wal copy.db-wal", folder);
	assert_int_equal(system(command), 0);
	snprintf(file, sizeof file, "%s/copy.db", folder);
	struct db *b = open_file(DB_WRITE);
	is_sound(b);
	assert_int_equal(number(b, "SELECT COUNT(*) FROM t"), 20);
	sqlite_driver.close(a);
	sqlite_driver.close(b);
}

/* A file that may not grow is a full disk. */
static void a_write_that_fails_commits_nothing(void **state)
{
	struct rlimit before, little;
	struct stat log;
	char name[136];
	(void)state;
	struct db *a = open_file(DB_WRITE), *b = open_file(DB_WRITE);
	run(a, "INSERT INTO t (id, text) VALUES (1, 'one')");
	snprintf(name, sizeof name, "%s-wal", file);
	assert_int_equal(stat(name, &log), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t more = 0; more < 10; more++) {
		little = (struct rlimit){ (rlim_t)log.st_size + more * 20011, before.rlim_max };
		setrlimit(RLIMIT_FSIZE, &little);
		assert_int_not_equal(sqlite_driver.script(a, "BEGIN IMMEDIATE; " FILL("lost") "; COMMIT"), ST_OK);
		sqlite_driver.rollback(a);
		setrlimit(RLIMIT_FSIZE, &before);
		run(more % 2 ? a : b, "UPDATE t SET text = text || '!' WHERE id = 1");
	}
	is_sound(a);
	is_sound(b);
	assert_int_equal(number(a, "SELECT COUNT(*) FROM t"), 1);
	assert_int_equal(number(b, "SELECT length(text) FROM t"), 3 + 10);
	sqlite_driver.close(a);
	sqlite_driver.close(b);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FILE_FACT(what_was_undone_is_not_written_over_what_another_committed),
		FILE_FACT(a_part_that_was_undone_leaves_the_rest),
		FILE_FACT(what_is_committed_is_in_the_log_for_others),
		FILE_FACT(a_write_that_fails_commits_nothing),
	};
	if (arena_open(&arena, 1 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
