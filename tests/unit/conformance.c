/* Facts of the store that hold on every database. With PENNYMETER_TEST_POSTGRES, the address of a scratch
 * database, they are tried there; on SQLite otherwise. */
#include "account/tenants.sql.h"
#include "catalog/plans.sql.h"
#include "meter/record.sql.h"
#include "meter/usage.sql.h"
#include "scratch_store.h"

#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *server; /* NULL: SQLite */

static void empty_server(void)
{
	PGconn *c = PQconnectdb(server);
	PGresult *r = PQexec(c, "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s", PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
}

static int fresh(void **state)
{
	(void)state;
	if (server)
		empty_server();
	return scratch_store_made("conformance", server ? server : "pennymeter.db");
}

/* ---- what the facts do ---- */

static enum st put_metric(struct store *s, const char *name, int64_t position, const char *document)
{
	return RUN(s, SQL_METRIC_PUT, TEXT(name), INT(position), TEXT(document));
}

/* Puts a metric named by the request, then returns the status that stands in it. */
struct order {
	char name[16];
	enum st outcome;
};

static enum st carry_out(struct store *s, const void *request, size_t size, void *answer)
{
	const struct order *o = request;
	(void)size;
	enum st st = put_metric(s, o->name, 1, "{}");
	if (answer)
		memcpy(answer, o->name, sizeof o->name);
	return st ? st : o->outcome;
}

static const struct write_op put_op = { .name = "test.put", .apply = carry_out };
static const struct write_op flat_op = { .name = "test.put", .flat = true, .apply = carry_out };

static enum st put(struct store *s, const struct write_op *op, const char *name, enum st outcome)
{
	struct order o = { .outcome = outcome };
	snprintf(o.name, sizeof o.name, "%s", name);
	return store_write(s, op, &o, sizeof o, NULL, 0);
}

static enum st add_tenant(struct store *s, const void *request, size_t size, void *answer)
{
	(void)size, (void)answer;
	return RUN(s, SQL_TENANT_INSERT, INT(*(const int64_t *)request), TEXT("Acme"), TEXT("USD"), TEXT("UTC"), INT(0));
}

/* Tenant 1; without a name it cannot be. */
static enum st put_tenant(struct store *s, const char *name)
{
	return RUN(s, SQL_TENANT_INSERT, INT(1), OPT(name), TEXT("USD"), TEXT("UTC"), INT(0));
}

static void make_tenant(struct store *s, int64_t tenant)
{
	static const struct write_op op = { .name = "test.tenant", .apply = add_tenant };
	assert_int_equal(store_write(s, &op, &tenant, sizeof tenant, NULL, 0), ST_OK);
}

/* ---- writing ---- */

static void a_write_that_fails_leaves_nothing(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	assert_int_equal(put(s, &put_op, "a", ST_LIMIT_EXCEEDED), ST_LIMIT_EXCEEDED);
	assert_int_equal(put(s, &flat_op, "a", ST_LIMIT_EXCEEDED), ST_LIMIT_EXCEEDED);
	assert_int_equal(metrics_stored(s), 0);
	assert_int_equal(put(s, &put_op, "a", ST_OK), ST_OK);
	assert_int_equal(put(s, &flat_op, "b", ST_OK), ST_OK);
	assert_int_equal(metrics_stored(s), 2);
	store_close(s);
}

static void a_write_hands_its_answer_out(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	const struct order o = { "answer", ST_OK };
	char answer[16] = "";
	(void)state;
	assert_int_equal(store_write(s, &flat_op, &o, sizeof o, answer, sizeof answer), ST_OK);
	assert_string_equal(answer, "answer");
	store_close(s);
}

static void a_write_can_be_read_through_another_connection(void **state)
{
	struct store *s = open_store(STORE_WRITE), *other = open_store(STORE_READ);
	(void)state;
	assert_int_equal(metrics_stored(other), 0);
	assert_int_equal(put(s, &flat_op, "a", ST_OK), ST_OK);
	assert_int_equal(metrics_stored(other), 1);
	store_close(other);
	store_close(s);
}

static void writers_of_what_all_share_take_turns(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		if (fork())
			continue;
		struct store *s = open_store(STORE_WRITE);
		for (unsigned n = 0; n < 25; n++) {
			char name[16];
			snprintf(name, sizeof name, "m%u-%u", i, n);
			if (put(s, n % 2 ? &put_op : &flat_op, name, ST_OK))
				_exit(1);
		}
		store_close(s);
		_exit(0);
	}
	for (unsigned i = 0; i < 4; i++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	struct store *s = open_store(STORE_READ);
	assert_int_equal(metrics_stored(s), 100);
	store_close(s);
}

/* Carries each out, and gives up where one would fail. */
static enum st put_together(struct store *s, struct combine_job *jobs, unsigned count)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < count && !st; i++)
		st = jobs[i].st = carry_out(s, jobs[i].request, jobs[i].size, NULL);
	return st;
}

static void who_fails_in_a_group_fails_alone(void **state)
{
	static const struct write_op op = { .name = "test.together", .flat = true, .together = put_together, .apply = carry_out };
	enum { WRITERS = 12, WRITES = 20 };
	(void)state;
	for (unsigned i = 0; i < WRITERS; i++) {
		if (fork())
			continue;
		struct order o = { .outcome = i % 3 ? ST_OK : ST_LIMIT_EXCEEDED };
		snprintf(o.name, sizeof o.name, "m%u", i);
		struct store *s = open_store(STORE_WRITE);
		enum st st = o.outcome;
		for (unsigned k = 0; k < WRITES && st == o.outcome; k++)
			st = store_write(s, &op, &o, sizeof o, NULL, 0);
		_exit(st == o.outcome ? 0 : 1);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	struct store *s = open_store(STORE_READ);
	assert_int_equal(metrics_stored(s), WRITERS * 2 / 3);
	store_close(s);
}

/* Its first try loses its answer, so nobody knows what became of it; the next says what stands in the request. */
static enum st lose_answer_once(struct store *s, const void *request, size_t size, void *answer)
{
	const struct order *o = request;
	(void)size, (void)answer;
	return store_again(s) ? o->outcome : ST_IO;
}

static void after_a_lost_answer_only_what_was_found_out_is_told(void **state)
{
	static const struct write_op op = { .name = "test.lost", .flat = true, .apply = lose_answer_once };
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	assert_int_equal(put(s, &op, "a", ST_CONFLICT), ST_CONFLICT); /* its own verdict, once it knows its work again */
	assert_int_equal(put(s, &op, "a", ST_LIMIT_EXCEEDED), ST_LIMIT_EXCEEDED);
	assert_int_equal(put(s, &op, "a", ST_OUTDATED), ST_IO); /* it did not get as far as that */
	assert_int_equal(put(s, &op, "a", ST_BUSY), ST_IO);
	store_close(s);
}

/* ---- parts ---- */

static enum st in_parts(struct store *s, const void *request, size_t size, void *answer)
{
	(void)request, (void)size, (void)answer;
	assert_int_equal(store_part_begin(s), ST_OK);
	assert_int_equal(put_metric(s, "kept", 1, "{}"), ST_OK);
	assert_int_equal(store_part_begin(s), ST_OK); /* within the first */
	assert_int_equal(put_metric(s, "inner", 1, "{}"), ST_OK);
	assert_int_equal(store_part_end(s, ST_KEY_REUSED), ST_KEY_REUSED);
	assert_int_equal(store_part_end(s, ST_OK), ST_OK);
	assert_int_equal(store_part_begin(s), ST_OK);
	assert_int_equal(put_metric(s, "undone", 1, "{}"), ST_OK);
	assert_int_equal(store_part_end(s, ST_LIMIT_EXCEEDED), ST_LIMIT_EXCEEDED);
	assert_int_equal(store_part_begin(s), ST_OK);
	assert_int_not_equal(put_tenant(s, NULL), ST_OK);
	assert_int_equal(store_part_end(s, ST_STORE), ST_STORE); /* a statement that failed spoils its own part only */
	return put_metric(s, "last", 1, "{}");
}

static void a_part_can_fail_alone(void **state)
{
	static const struct write_op op = { .name = "test.parts", .apply = in_parts };
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	assert_int_equal(store_write(s, &op, NULL, 0, NULL, 0), ST_OK);
	assert_int_equal(metrics_stored(s), 2);
	store_close(s);
}

/* ---- reading ---- */

static void a_reader_cannot_write(void **state)
{
	struct store *s = open_store(STORE_READ);
	(void)state;
	assert_int_equal(put(s, &put_op, "a", ST_OK), ST_STORE);
	assert_int_equal(put_metric(s, "a", 1, "{}"), ST_STORE);
	assert_int_equal(metrics_stored(s), 0);
	store_close(s);
}

static void a_reader_sees_one_instant(void **state)
{
	struct store *reader = open_store(STORE_READ), *writer = open_store(STORE_WRITE);
	(void)state;
	assert_int_equal(store_read_begin(reader), ST_OK);
	assert_int_equal(metrics_stored(reader), 0);
	assert_int_equal(put(writer, &put_op, "a", ST_OK), ST_OK);
	assert_int_equal(metrics_stored(reader), 0);
	store_read_end(reader);
	assert_int_equal(metrics_stored(reader), 1);
	assert_int_equal(store_read_begin(reader), ST_OK); /* nothing was asked in it */
	store_read_end(reader);
	assert_int_equal(metrics_stored(reader), 1);
	store_close(reader);
	store_close(writer);
}

static void a_failed_statement_does_not_spoil_the_next(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	assert_int_equal(put_tenant(s, NULL), ST_STORE);
	assert_int_equal(put_tenant(s, "A"), ST_OK);
	assert_int_equal(RUN(s, SQL_TENANT_EXISTS, INT(1)), ST_OK);
	store_close(s);
}

static void rows_of_two_statements_do_not_mix(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	struct rows outer = { 0 }, inner = { 0 };
	unsigned seen = 0;
	(void)state;
	for (int64_t t = 1; t <= 3; t++)
		make_tenant(s, t);
	assert_int_equal(ROWS(s, &outer, SQL_TENANT_LIST, INT(0)), ST_OK);
	while (!rows_next(&outer)) {
		assert_int_equal(ROWS(s, &inner, SQL_TENANT_EXISTS, INT(rows_int(&outer, 0))), ST_OK);
		assert_int_equal(rows_next(&inner), ST_OK);
		assert_int_equal(rows_next(&inner), ST_DONE);
		rows_end(&inner);
		assert_int_equal(rows_int(&outer, 0), ++seen);
	}
	rows_end(&outer);
	assert_int_equal(seen, 3);
	store_close(s);
}

/* ---- values ---- */

static void values_come_back_as_they_went(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	struct rows r = { 0 };
	static char large[1 << 20];
	(void)state;
	memset(large, 'x', sizeof large - 1);
	make_tenant(s, INT64_MAX);
	assert_int_equal(RUN(s, SQL_USAGE_EVENT_INSERT, INT(INT64_MAX), INT(1), INT(INT64_MIN), TEXT("żółw ₿ 'quoted' \\ \"x\" \x01"),
	                     INT(-1), INT(0), OPT(NULL), TEXT(large)), ST_OK);
	assert_int_equal(RUN(s, SQL_USAGE_EVENT_INSERT, INT(INT64_MAX), INT(2), INT(7), TEXT(""), INT(1), INT(0), TEXT("r"),
	                     OPT(NULL)), ST_OK);
	assert_int_equal(ROWS(s, &r, SQL_USAGE_EVENT_PAGE, INT(INT64_MAX), TEXT(""), INT(0), INT(10), INT(0), INT(5)), ST_OK);
	assert_int_equal(rows_next(&r), ST_OK);
	assert_int_equal(rows_int(&r, 1), 7);
	assert_string_equal(rows_text(&r, 2), "");
	assert_string_equal(rows_text(&r, 4), "r");
	assert_true(rows_null(&r, 5));
	assert_null(rows_text(&r, 5));
	assert_int_equal(rows_next(&r), ST_OK);
	assert_int_equal(rows_int(&r, 1), INT64_MIN);
	assert_string_equal(rows_text(&r, 2), "żółw ₿ 'quoted' \\ \"x\" \x01");
	assert_int_equal(rows_int(&r, 3), -1);
	assert_true(rows_null(&r, 4));
	assert_int_equal(rows_int(&r, 4), 0);
	assert_string_equal(rows_text(&r, 5), large);
	assert_int_equal(rows_next(&r), ST_DONE);
	rows_end(&r);
	store_close(s);
}

static void texts_are_ordered_byte_by_byte(void **state)
{
	static const char *const names[] = { "A", "Z", "a", "a-b", "a.b", "a_b", "ab", "z", "ä" };
	struct store *s = open_store(STORE_WRITE);
	struct rows r = { 0 };
	(void)state;
	for (unsigned i = 9; i-- > 0;)
		assert_int_equal(put_metric(s, names[i], 1, "{}"), ST_OK);
	assert_int_equal(ROWS(s, &r, SQL_METRIC_LIST), ST_OK);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(rows_next(&r), ST_OK);
		assert_string_equal(rows_text(&r, 0), names[i]);
	}
	rows_end(&r);
	store_close(s);
}

static enum st add_day(struct store *s, int64_t quantity)
{
	return RUN(s, SQL_USAGE_DAY_ADD, INT(1), INT(0), TEXT("m"), INT(0), INT(quantity), INT(1), INT(1), INT(1), INT(1), INT(1),
	           INT(1), INT(1));
}

static void a_total_that_does_not_fit_is_told_apart(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	make_tenant(s, 1);
	assert_int_equal(add_day(s, INT64_MAX), ST_OK);
	assert_int_equal(add_day(s, 1), ST_RANGE);
	assert_int_equal(add_day(s, -1), ST_OK);
	store_close(s);
}

static void a_conflict_that_does_nothing_is_told(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	make_tenant(s, 1);
	for (unsigned time = 0; time < 2; time++)
		assert_int_equal(PUT(s, SQL_USAGE_KEY_TAKE, INT(1), TEXT("key"), INT(1), INT(2), TEXT("print")), time ? ST_DONE : ST_OK);
	store_close(s);
}

/* ---- opening ---- */

static void a_schema_is_made_once(void **state)
{
	int64_t version;
	(void)state;
	store_close(open_store(STORE_CREATE));
	struct store *s = open_store(STORE_CREATE);
	assert_int_equal(store_schema(s, &version), ST_OK);
	assert_int_equal(version, store_schema_wanted());
	store_close(s);
}

static void those_that_make_the_schema_at_once_both_succeed(void **state)
{
	(void)state;
	if (server)
		empty_server();
	else
		assert_int_equal(scratch_store_removed(NULL) || mkdir(folder, 0700), 0);
	for (unsigned i = 0; i < 3; i++)
		if (!fork()) {
			struct store *s = open_store(STORE_CREATE);
			_exit(s ? 0 : 1);
		}
	for (unsigned i = 0; i < 3; i++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	store_close(open_store(STORE_WRITE));
}

static void a_database_without_a_schema_says_what_to_do(void **state)
{
	struct faults f = { .arena = arena };
	struct store *s = NULL;
	char command[192];
	(void)state;
	snprintf(command, sizeof command, "rm -f '%s'/* && : > '%s/pennymeter.db'", folder, folder);
	if (server)
		empty_server();
	else
		assert_int_equal(system(command), 0);
	assert_int_equal(store_open(&s, &conf, STORE_WRITE, &f), ST_STORE);
	assert_null(s);
	assert_non_null(strstr(f.item[0].detail, "pennymeter init"));
}

static enum st run_script(struct store *s, const void *request, size_t size, void *answer)
{
	(void)size, (void)answer;
	return store_script(s, request);
}

static void change(struct store *s, const char *script)
{
	static const struct write_op op = { .name = "test.script", .apply = run_script };
	assert_int_equal(store_write(s, &op, script, strlen(script) + 1, NULL, 0), ST_OK);
}

static void refused_to_make(const char *why)
{
	struct faults f = { .arena = arena };
	struct store *s = NULL;
	assert_int_equal(store_open(&s, &conf, STORE_CREATE, &f), ST_STORE);
	assert_null(s);
	if (f.count != 1 || !strstr(f.item[0].detail, why))
		fail_msg("%s", f.count ? f.item[0].detail : "no fault");
}

static void a_newer_schema_is_left_as_it_is(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	change(s, "INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'future', 0)");
	refused_to_make("newer");
	refused_to_make("version 999");
	change(s, "DELETE FROM schema_version WHERE version = 999");
	store_close(open_store(STORE_CREATE));
	store_close(s);
}

static void a_schema_that_lacks_a_table_is_not_ours(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	change(s, "DROP TABLE usage_levels");
	refused_to_make("usage_levels");
	store_close(s);
}

static void names_that_are_taken_are_told_and_left(void **state)
{
	struct store *s = open_store(STORE_WRITE);
	(void)state;
	change(s, "UPDATE schema_version SET version = -version WHERE version > 1");
	refused_to_make("usage_levels, usage_moments");
	change(s, "UPDATE schema_version SET version = -version WHERE version < 0");
	store_close(open_store(STORE_WRITE));
	store_close(s);
}

#define STORE_FACT(function) cmocka_unit_test_setup_teardown(function, fresh, scratch_store_removed)

int main(void)
{
	const struct CMUnitTest facts[] = {
		STORE_FACT(a_write_that_fails_leaves_nothing),
		STORE_FACT(a_write_hands_its_answer_out),
		STORE_FACT(a_write_can_be_read_through_another_connection),
		STORE_FACT(writers_of_what_all_share_take_turns),
		STORE_FACT(who_fails_in_a_group_fails_alone),
		STORE_FACT(after_a_lost_answer_only_what_was_found_out_is_told),
		STORE_FACT(a_part_can_fail_alone),
		STORE_FACT(a_reader_cannot_write),
		STORE_FACT(a_reader_sees_one_instant),
		STORE_FACT(a_failed_statement_does_not_spoil_the_next),
		STORE_FACT(rows_of_two_statements_do_not_mix),
		STORE_FACT(values_come_back_as_they_went),
		STORE_FACT(texts_are_ordered_byte_by_byte),
		STORE_FACT(a_total_that_does_not_fit_is_told_apart),
		STORE_FACT(a_conflict_that_does_nothing_is_told),
		STORE_FACT(a_schema_is_made_once),
		STORE_FACT(those_that_make_the_schema_at_once_both_succeed),
		STORE_FACT(a_database_without_a_schema_says_what_to_do),
		STORE_FACT(a_newer_schema_is_left_as_it_is),
		STORE_FACT(a_schema_that_lacks_a_table_is_not_ours),
		STORE_FACT(names_that_are_taken_are_told_and_left),
	};
	server = getenv("PENNYMETER_TEST_POSTGRES");
	if (arena_open(&arena, 16 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
