/* Facts of the store that are SQLite's own: its lock, network file systems, copies. conformance.c has the rest. */
#include "scratch_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/plans.sql.h"
#include "store/care.h"
#include "store/inside.h"

static long claimed_magic; /* what statfs() says of every folder, if not 0 */

/* In place of the C library's: the real file systems of a test machine are all local. */
int statfs(const char *path, struct statfs *fs)
{
	(void)path;
	memset(fs, 0, sizeof *fs);
	fs->f_type = claimed_magic ? claimed_magic : 0xef53; /* ext4 */
	return 0;
}

/* ---- copies ---- */

static char difference[512]; /* the last */

static void keep_difference(void *context, const char *text)
{
	(void)context;
	snprintf(difference, sizeof difference, "%s", text);
}

/* What a copy holds is for the floors above to prove. */
static enum st nothing_to_prove(unsigned *differences, struct store *copy, void *context)
{
	(void)copy, (void)context;
	*differences = 0;
	return ST_OK;
}

static const struct copy_proof proof = { keep_difference, nothing_to_prove, NULL };

static int fresh_folder(void **state)
{
	(void)state;
	claimed_magic = 0;
	return scratch_store_made("unit", "pennymeter.db");
}

/* Puts a metric named by the request. */
struct order {
	char name[16];
};

static enum st put_metric(struct store *s, const void *request, size_t size, void *answer)
{
	const struct order *o = request;
	(void)size, (void)answer;
	return RUN(s, SQL_METRIC_PUT, TEXT(o->name), INT(1), TEXT("{}"));
}

static const struct write_op put_op = { .name = "test.put", .flat = true, .apply = put_metric };

static enum st put(struct store *s, const char *name)
{
	struct order o;
	snprintf(o.name, sizeof o.name, "%s", name);
	return store_write(s, &put_op, &o, sizeof o, NULL, 0);
}

static void a_write_waits_for_who_holds_the_lock(void **state)
{
	char path[128];
	int told[2], status;
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	assert_int_equal(pipe(told), 0);
	pid_t holder = fork();
	if (!holder) { /* holds the lock, says so, writes nothing more, and dies with it */
		snprintf(path, sizeof path, "%s/pennymeter.db", folder);
		int fd = open(path, O_RDWR);
		if (fd < 0 || flock(fd, LOCK_EX) || write(told[1], "x", 1) != 1)
			_exit(1);
		usleep(50000);
		_exit(0);
	}
	char byte;
	assert_int_equal(read(told[0], &byte, 1), 1);
	assert_int_equal(put(s, "a"), ST_OK);
	assert_int_equal(waitpid(holder, &status, WNOHANG) == holder ? WEXITSTATUS(status) : -1, 0);
	store_close(s);
}

static void a_network_file_system_gets_a_rollback_journal(void **state)
{
	(void)state;
	claimed_magic = 0x6969; /* NFS */
	struct store *s = open_store(STORE_CREATE);
	assert_non_null(strstr(store_durability(s, &(bool){ 0 }), "rollback journal"));
	assert_int_equal(put(s, "a"), ST_OK);
	store_close(s);
	s = open_store(STORE_WRITE); /* and keeps it when it is opened again */
	assert_non_null(strstr(store_durability(s, &(bool){ 0 }), "rollback journal"));
	store_close(s);
	claimed_magic = 0;
	s = open_store(STORE_CREATE);
	assert_non_null(strstr(store_durability(s, &(bool){ 0 }), "write-ahead log"));
	store_close(s);
}

static void a_store_that_is_not_there_says_what_to_do(void **state)
{
	struct faults f = { .arena = arena };
	struct store *s = NULL;
	(void)state;
	conf.data = "/nonexistent";
	assert_int_equal(store_open(&s, &conf, STORE_READ, &f), ST_STORE);
	assert_null(s);
	assert_non_null(strstr(f.item[0].detail, "pennymeter init"));
}

static void a_replaced_file_is_opened_again(void **state)
{
	char from[128], to[128];
	struct faults f = { .arena = arena };
	struct store *s = open_store(STORE_WRITE), *other;
	(void)state;
	assert_int_equal(put(s, "a"), ST_OK);
	snprintf(from, sizeof from, "%s/copy.db", folder);
	snprintf(to, sizeof to, "%s/pennymeter.db", folder);
	assert_int_equal(store_backup(s, &conf, from, &proof, &f), ST_OK);
	assert_int_equal(put(s, "b"), ST_OK);
	assert_int_equal(metrics_stored(s), 2);
	other = open_store(STORE_READ);
	store_close(other);
	assert_int_equal(rename(from, to), 0);
	snprintf(from, sizeof from, "%s/pennymeter.db-wal", folder);
	unlink(from);
	assert_false(store_sound(s));
	assert_int_equal(store_reopen(s, &f), ST_OK);
	assert_int_equal(metrics_stored(s), 1);
	assert_true(store_sound(s));
	store_close(s);
}

static void a_backup_that_fails_leaves_no_file(void **state)
{
	struct faults f = { .arena = arena };
	struct store *s = open_store(STORE_READ);
	(void)state;
	assert_int_not_equal(store_backup(s, &conf, "/nonexistent/copy.db", &proof, &f), ST_OK);
	assert_true(f.count > 0);
	store_close(s);
}

static const char *lost_by_copy; /* the table */

/* A copy that SQLite made, less one row; sound in itself. */
static enum st copy_short(struct db *db, const char *file)
{
	struct faults f = { .arena = arena };
	struct db *copy = NULL;
	char script[256];
	enum st st = sqlite_driver.copy_to(db, file);
	snprintf(script, sizeof script, "DELETE FROM %s; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE", lost_by_copy);
	if (!st)
		st = sqlite_driver.open(&copy, file, DB_WRITE, &f);
	if (!st)
		st = sqlite_driver.script(copy, script);
	if (copy)
		sqlite_driver.close(copy);
	return st;
}

static void a_copy_that_lacks_a_row_of_any_table_is_no_backup(void **state)
{
	static const char *const tables[] = { "usage_events", "metrics", "tenants" };
	struct driver losing = sqlite_driver;
	struct store *s = open_store(STORE_WRITE);
	char file[sizeof folder + 16];
	(void)state;
	assert_int_equal(put(s, "a"), ST_OK);
	assert_int_equal(store_script(s, "INSERT INTO tenants (tenant_id, name, currency, timezone, created_at) "
	                                 "VALUES (9, 'n', 'USD', 'UTC', 0);"
	                                 "INSERT INTO usage_events VALUES (9, 1, 1, 'a', 1, 0, NULL, NULL)"), ST_OK);
	losing.copy_to = copy_short;
	snprintf(file, sizeof file, "%s/copy.db", folder);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct faults f = { .arena = arena };
		lost_by_copy = tables[i];
		s->driver = &losing;
		assert_int_equal(store_backup(s, &conf, file, &proof, &f), ST_INVALID);
		assert_non_null(strstr(f.item[0].detail, tables[i]));
		assert_int_equal(access(file, F_OK), -1);
	}
	s->driver = &sqlite_driver;
	struct faults f = { .arena = arena };
	assert_int_equal(store_backup(s, &conf, file, &proof, &f), ST_OK);
	store_close(s);
}

#define STORE_FACT(function) cmocka_unit_test_setup_teardown(function, fresh_folder, scratch_store_removed)

int main(void)
{
	const struct CMUnitTest facts[] = {
		STORE_FACT(a_write_waits_for_who_holds_the_lock),
		STORE_FACT(a_network_file_system_gets_a_rollback_journal),
		STORE_FACT(a_store_that_is_not_there_says_what_to_do),
		STORE_FACT(a_replaced_file_is_opened_again),
		STORE_FACT(a_backup_that_fails_leaves_no_file),
		STORE_FACT(a_copy_that_lacks_a_row_of_any_table_is_no_backup),
	};
	if (arena_open(&arena, 16 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
