/* Facts of SQLite's files that are removed, replaced or written over in the middle of a transaction (shared/store/sqlite_files.h). */
#include "lite_file.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exact/clock.h"

enum { OLD = 30, MORE = 20 };

static void shell(const char *what)
{
	char command[512];
	snprintf(command, sizeof command, "cd '%s' && %s", folder, what);
	assert_int_equal(system(command), 0);
}

static enum st write_rows(struct db *db, unsigned count, const char *attack)
{
	char sql[128];
	enum st st = sqlite_driver.begin(db, true);
	for (unsigned i = 0; i < count && !st; i++) {
		snprintf(sql, sizeof sql, "INSERT INTO t (text) VALUES (hex(zeroblob(300)) || '%u')", i);
		st = sqlite_driver.script(db, sql);
	}
	if (attack)
		shell(attack);
	if (!st)
		st = sqlite_driver.commit(db);
	if (st)
		sqlite_driver.rollback(db);
	return st;
}

/* Rows in the database itself and in the log, older copies of all files, then some more in the log. */
static int fresh(void **state)
{
	(void)state;
	struct db *db = lite_file_made("files");
	if (!db)
		return 1;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(write_rows(db, OLD / 2, NULL), ST_OK);
	assert_int_equal(sqlite_driver.settle(db), ST_OK);
	assert_int_equal(write_rows(db, OLD, NULL), ST_OK);
	shell("for end in '' -wal -shm .seen; do cp a.db$end old$end; done");
	assert_int_equal(write_rows(db, MORE, NULL), ST_OK);
	sqlite_driver.close(db);
	return 0;
}

enum { ROWS = 20 * OLD / 2 + OLD + MORE };

static void is_whole(struct db *db, int64_t rows)
{
	is_sound(db);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), rows);
}

/* ---- in the middle of a transaction ---- */

/* What is done to the files while a transaction is under way, and whether it can go on after it. */
static const struct attack {
	const char *what;
	bool goes_on;
} attacks[] = {
	{ "rm a.db-wal", true },
	{ "rm a.db-shm", true },
	{ "rm a.db-wal a.db-shm", true },
	{ "rm a.db", true },
	{ "rm a.db a.db-wal a.db-shm", true },
	{ "rm a.db a.db-wal a.db-shm a.db.seen", true },
	{ "mv old-wal a.db-wal", true },
	{ "mv old-shm a.db-shm", true },
	{ "mv old-wal a.db-wal && mv old-shm a.db-shm", true },
	{ "cp old-shm a.db-shm", true },
	{ "cat old-shm >a.db-shm", true },
	{ "cp old-wal a.db-wal", false },
	{ "cat old-wal >a.db-wal", false },
	{ "truncate -s 0 a.db-wal", false },
	{ "truncate -s 20000 a.db-wal", false },
	{ "truncate -s 0 a.db", false },
	{ "truncate -s 8192 a.db", false },
	{ "head -c 100000 /dev/zero >a.db", false },
};

/* Nothing is acknowledged that was begun before; what was acknowledged before is there, or it is said that it is not. */
static void what_changes_meanwhile_is_not_acknowledged(void **state)
{
	for (unsigned i = 0; i < sizeof attacks / sizeof *attacks; i++) {
		struct db *a = open_file(DB_WRITE), *b = open_file(DB_READ);
		assert_true(sqlite_driver.sound(a));
		assert_true(sqlite_driver.sound(b));
		is_whole(b, ROWS);
		const enum st st = write_rows(a, MORE, attacks[i].what);
		if (st != ST_IO)
			fail_msg("%s: %s", attacks[i].what, st_name(st));
		assert_false(sqlite_driver.sound(a));
		assert_false(sqlite_driver.sound(b));
		assert_int_equal(sqlite_driver.begin(a, true), ST_STALE);
		sqlite_driver.close(a);
		sqlite_driver.close(b);
		if (try_open(&a, DB_WRITE) != (attacks[i].goes_on ? ST_OK : ST_STORE))
			fail_msg("%s: opened or not", attacks[i].what);
		if (a) {
			is_whole(a, ROWS);
			assert_int_equal(write_rows(a, MORE, NULL), ST_OK);
			is_whole(a, ROWS + MORE);
			sqlite_driver.close(a);
		}
		removed(state);
		fresh(state);
	}
}

static void a_database_that_was_replaced_meanwhile_gets_the_next(void **state)
{
	(void)state;
	struct db *a = open_file(DB_WRITE);
	char target[112];
	snprintf(target, sizeof target, "%s/copy.db", folder);
	assert_int_equal(sqlite_driver.copy_to(a, target), ST_OK);
	assert_int_equal(write_rows(a, MORE, "mv copy.db a.db"), ST_IO);
	sqlite_driver.close(a);
	a = open_file(DB_WRITE);
	is_whole(a, ROWS); /* the old one's log is not read into it */
	assert_int_equal(write_rows(a, MORE, NULL), ST_OK);
	is_whole(a, ROWS + MORE);
	sqlite_driver.close(a);
	shell("ls a.db-wal.orphan-* >names");
}

/* A process of its own: two connections of one process share an index. */
static pid_t open_elsewhere(void)
{
	int told[2];
	char byte;
	assert_int_equal(pipe(told), 0);
	const pid_t process = fork();
	if (!process) {
		struct db *db = open_file(DB_WRITE);
		if (!sqlite_driver.sound(db) || write(told[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	return process;
}

static void end(pid_t process)
{
	assert_int_equal(kill(process, SIGKILL), 0);
	assert_int_equal(waitpid(process, NULL, 0), process);
}

/* ---- others that keep to SQLite's rules ---- */

static void another_program_may_read_checkpoint_and_write(void **state)
{
	static const struct { const char *what; unsigned more; } others[] = {
		{ "touch a.db", 0 },
		{ "touch a.db-wal", 0 },
		{ "sqlite3 a.db 'PRAGMA wal_checkpoint(PASSIVE)' >out", 0 },
		{ "sqlite3 a.db 'PRAGMA wal_checkpoint(TRUNCATE)' >out", 0 },
		{ "sqlite3 a.db \"INSERT INTO t (text) VALUES ('other')\"", 1 },
		{ "sqlite3 a.db 'PRAGMA wal_checkpoint(PASSIVE)' >out && touch a.db", 0 },
		{ "sqlite3 a.db 'VACUUM'", 0 },
	};
	(void)state;
	int64_t rows = ROWS;
	for (unsigned open = 0; open < 2; open++) /* as the last that has it open, and beside another */
		for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
			const pid_t beside = open ? open_elsewhere() : 0;
			shell(others[i].what);
			rows += others[i].more;
			for (unsigned k = 0; k < 2; k++) {
				struct db *db = open_file(DB_WRITE);
				is_whole(db, rows);
				assert_int_equal(write_rows(db, MORE, NULL), ST_OK);
				rows += MORE;
				sqlite_driver.close(db);
			}
			if (beside)
				end(beside);
		}
}

/* ---- while nobody has it open ---- */

static void what_was_lost_while_nobody_looked_is_told_to_who_comes(void **state)
{
	static const char *const losses[] = {
		"rm a.db-wal", "rm a.db-wal a.db-shm", "truncate -s 0 a.db-wal", "cp old-wal a.db-wal", "mv old-wal a.db-wal",
		"truncate -s 0 a.db", "head -c 200000 /dev/urandom >a.db",
	};
	for (unsigned i = 0; i < sizeof losses / sizeof *losses; i++) {
		struct db *db;
		shell("mkdir right && cp -p a.db a.db-wal right");
		shell(losses[i]);
		for (unsigned k = 0; k < 2; k++)
			if (try_open(&db, k ? DB_WRITE : DB_READ) != ST_STORE)
				fail_msg("%s: it was opened", losses[i]);
		/* the right files, written over once more */
		shell("cat right/a.db >a.db && cat right/a.db-wal >a.db-wal && touch -d '3 seconds ago' a.db");
		db = open_file(DB_WRITE);
		is_whole(db, ROWS);
		sqlite_driver.close(db);
		removed(state);
		fresh(state);
	}
}

/* ---- while somebody is at it ---- */

/* More pages than are noted: those of the first hundreds were pushed out by the last. */
static void make_large(void)
{
	struct db *db = open_file(DB_WRITE);
	run(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
	        "INSERT INTO t (text) SELECT hex(zeroblob(900)) FROM n");
	assert_int_equal(sqlite_driver.settle(db), ST_OK);
	shell("cp a.db old");
	run(db, "UPDATE t SET text = text || 'x'");
	assert_int_equal(sqlite_driver.settle(db), ST_OK);
	assert_int_equal(write_rows(db, MORE, NULL), ST_OK);
	sqlite_driver.close(db);
}

static double seconds_to_open(void)
{
	const int64_t began = clock_ticks();
	sqlite_driver.close(open_file(DB_WRITE));
	return (double)(clock_ticks() - began) / SECOND;
}

static void an_older_copy_that_is_still_coming_is_not_believed_though_nobody_knows_its_pages(void **state)
{
	struct db *db;
	(void)state;
	make_large();
	shell("cp a.db right");
	shell("(i=100; until test -e done || test $i = 400; do "
	      "dd if=old of=a.db bs=4096 skip=$i seek=$i count=1 conv=notrunc status=none; i=$((i + 1)); sleep 0.05; done; touch ended) & sleep 0.2");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(try_open(&db, i % 2 ? DB_READ : DB_WRITE), ST_STORE);
		assert_non_null(strstr(faults.item[0].detail, "written over"));
	}
	shell("touch done; until test -e ended; do sleep 0.05; done; cat right >a.db");
	db = open_file(DB_WRITE);
	is_whole(db, ROWS + 5000 + MORE);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t WHERE text LIKE '%x'"), ROWS + 5000);
	sqlite_driver.close(db);
}

/* A large commit is brought into the database at once, and stays in the log as well:
 * who reads does not look for it there. */
static void an_older_copy_is_not_believed_though_the_log_has_all_its_pages(void **state)
{
	struct db *db = open_file(DB_WRITE);
	(void)state;
	run(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
	        "INSERT INTO t (text) SELECT hex(zeroblob(900)) FROM n");
	assert_int_equal(sqlite_driver.settle(db), ST_OK);
	sqlite_driver.close(db);
	shell("cp a.db old");
	const pid_t beside = open_elsewhere(); /* so that the index is not made anew */
	db = open_file(DB_WRITE);
	assert_int_equal(sqlite_driver.begin(db, true), ST_OK);
	run(db, "UPDATE t SET text = substr(text, 2) || 'x'");
	assert_int_equal(sqlite_driver.commit(db), ST_OK);
	sqlite_driver.close(db);
	shell("cp a.db right; cat old >a.db; touch -d '3 seconds ago' a.db");
	const bool restored = !try_open(&db, DB_READ); /* nothing lies in the log alone */
	end(beside);
	assert_true(restored);
	is_sound(db);
	assert_int_equal(number(db, "SELECT COUNT(*) FROM t WHERE text LIKE '%x'"), 0);
	sqlite_driver.close(db);
	shell("ls a.db-wal.orphan-* >names");
}

static void what_was_only_touched_is_waited_for_and_a_checkpoint_is_not(void **state)
{
	(void)state;
	shell("touch a.db");
	assert_true(seconds_to_open() > 0.5);
	assert_true(seconds_to_open() < 0.5);
	shell("sqlite3 a.db 'PRAGMA wal_checkpoint(PASSIVE)' >out");
	assert_true(seconds_to_open() < 0.5);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FILE_FACT(what_changes_meanwhile_is_not_acknowledged),
		FILE_FACT(a_database_that_was_replaced_meanwhile_gets_the_next),
		FILE_FACT(another_program_may_read_checkpoint_and_write),
		FILE_FACT(what_was_lost_while_nobody_looked_is_told_to_who_comes),
		FILE_FACT(an_older_copy_that_is_still_coming_is_not_believed_though_nobody_knows_its_pages),
		FILE_FACT(an_older_copy_is_not_believed_though_the_log_has_all_its_pages),
		FILE_FACT(what_was_only_touched_is_waited_for_and_a_checkpoint_is_not),
	};
	if (arena_open(&arena, 4 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
