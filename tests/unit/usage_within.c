/* Facts of usage that an act records in its own transaction: it stands and falls with the act. */
#include "scratch_store.h"

#include "account/account.h"
#include "account/tenants.sql.h"
#include "meter/record.h"
#include "store/care.sql.h"

enum { TENANT = 2, NOW_SECONDS = 1790000000 };

/* An act that counts itself, and then ends so. */
struct act {
	const struct account *account;
	const struct usage_event *events;
	unsigned count;
	enum st outcome;
	struct usage_result results[4];
};

static enum st carry_out(struct store *s, const void *request, size_t size, void *answer)
{
	struct act *a = *(struct act *const *)request;
	(void)size, (void)answer;
	enum st st = account_hold(s, TENANT);
	if (!st)
		st = usage_within(a->results, s, &conf, a->account, a->events, a->count, (instant)NOW_SECONDS * SECOND, arena);
	return st ? st : a->outcome;
}

static enum st act(struct store *s, struct act *a)
{
	static const struct write_op op = { .name = "test.act", .apply = carry_out };
	return store_write(s, &op, &a, sizeof a, NULL, 0);
}

static enum st add_tenant(struct store *s, const void *request, size_t size, void *answer)
{
	(void)request, (void)size, (void)answer;
	enum st st = RUN(s, SQL_TENANT_INSERT, INT(TENANT), TEXT("Acme"), TEXT("USD"), TEXT("UTC"), INT(0));
	return st ? st : RUN(s, SQL_METRIC_PUT, TEXT("pdfs"), INT(0), TEXT("{\"name\":\"pdfs\"}"));
}

static struct store *store;
static struct account account;

static int fresh_store(void **state)
{
	static const struct write_op op = { .name = "test.tenant", .apply = add_tenant };
	(void)state;
	if (scratch_store_made("within", "pennymeter.db"))
		return 1;
	conf.number[CONF_LATE_DAYS] = 35;
	store = open_store(STORE_WRITE);
	return store_write(store, &op, NULL, 0, NULL, 0) || account_by_tenant(&account, store, TENANT, arena);
}

static int remove_store(void **state)
{
	store_close(store);
	return scratch_store_removed(state);
}

static int64_t events_stored(void)
{
	int64_t count = -1;
	(void)!NUMBER(store, &count, SQL_CARE_COUNT_EVENTS);
	return count;
}

static const struct usage_event one = { .metric = "pdfs", .quantity = 1000000 };

static void it_is_kept_with_the_act(void **state)
{
	struct act a = { &account, &one, 1, ST_OK, { { 0 } } };
	(void)state;
	assert_int_equal(act(store, &a), ST_OK);
	assert_int_equal(a.results[0].st, ST_OK);
	assert_int_equal(a.results[0].standing.used, 1000000);
	assert_int_equal(events_stored(), 1);
}

static void it_is_gone_with_an_act_that_fails(void **state)
{
	struct act a = { &account, &one, 1, ST_CONFLICT, { { 0 } } };
	(void)state;
	assert_int_equal(act(store, &a), ST_CONFLICT);
	assert_int_equal(events_stored(), 0);
}

static void what_is_refused_stops_the_act_and_all_that_it_used(void **state)
{
	const struct usage_event refused[] = { one, { .metric = "pdfs", .quantity = 1000000, .enforce = true } };
	const struct usage_event unknown[] = { one, { .metric = "nothing", .quantity = 1000000 } };
	const struct usage_event beyond[] = { { .metric = "pdfs", .quantity = INT64_MAX }, one };
	(void)state;
	struct act a = { &account, refused, 2, ST_OK, { { 0 } } };
	assert_int_equal(act(store, &a), ST_LIMIT_EXCEEDED);
	a = (struct act){ &account, unknown, 2, ST_OK, { { 0 } } };
	assert_int_equal(act(store, &a), ST_INVALID);
	assert_string_equal(a.results[1].faults.item[0].pointer, "/metric_name");
	a = (struct act){ &account, beyond, 2, ST_OK, { { 0 } } };
	assert_int_equal(act(store, &a), ST_RANGE);
	assert_int_equal(events_stored(), 0);
}

static void a_repeat_by_its_key_is_none_that_stops_the_act(void **state)
{
	const struct usage_event keyed = { .metric = "pdfs", .quantity = 1000000, .key = "pdf-7" };
	struct act a = { &account, &keyed, 1, ST_OK, { { 0 } } };
	(void)state;
	assert_int_equal(act(store, &a), ST_OK);
	assert_int_equal(act(store, &a), ST_OK);
	assert_true(a.results[0].duplicate);
	assert_int_equal(events_stored(), 1);
}

static enum st advance(struct store *s, const void *request, size_t size, void *answer)
{
	(void)request, (void)size, (void)answer;
	return account_advance(s, TENANT);
}

static void an_account_that_has_changed_is_to_be_read_anew(void **state)
{
	static const struct write_op op = { .name = "test.advance", .apply = advance };
	struct act a = { &account, &one, 1, ST_OK, { { 0 } } };
	(void)state;
	assert_int_equal(store_write(store, &op, NULL, 0, NULL, 0), ST_OK);
	assert_int_equal(act(store, &a), ST_OUTDATED);
	assert_int_equal(events_stored(), 0);
	assert_int_equal(account_by_tenant(&account, store, TENANT, arena), ST_OK);
	assert_int_equal(act(store, &a), ST_OK);
	assert_int_equal(events_stored(), 1);
}

#define ALONE(fact) cmocka_unit_test_setup_teardown(fact, fresh_store, remove_store)

int main(void)
{
	const struct CMUnitTest facts[] = {
		ALONE(it_is_kept_with_the_act),
		ALONE(it_is_gone_with_an_act_that_fails),
		ALONE(what_is_refused_stops_the_act_and_all_that_it_used),
		ALONE(a_repeat_by_its_key_is_none_that_stops_the_act),
		ALONE(an_account_that_has_changed_is_to_be_read_anew),
	};
	if (arena_open(&arena, 64 << 20))
		return 1;
	return cmocka_run_group_tests(facts, NULL, NULL);
}
