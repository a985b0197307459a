/* Facts of a recording's flat bytes: what is not whole is refused, and what was recorded already is met, not counted again. */
#include "facts.h"
#include "folder.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/account.h"
#include "account/tenants.sql.h"
#include "meter/record_flat.h"
#include "rate/aggregation.h"
#include "store/care.sql.h"

enum { TENANT = 7, HOUR_OF_TEST = 500000, EVENTS = 2 };

static struct arena *arena;
static char folder[FOLDER_ROOM];
static struct conf conf;
static struct store *store;

static const struct write_op record_op = {
	.name = "test.record", .flat = true, .sound = record_sound, .together = record_together, .apply = record_apply,
};

static enum st add_tenant(struct store *s, const void *request, size_t size, void *answer)
{
	(void)request, (void)size, (void)answer;
	return RUN(s, SQL_TENANT_INSERT, INT(TENANT), TEXT("Acme"), TEXT("USD"), TEXT("UTC"), INT(0));
}

static int fresh_store(void **state)
{
	static const struct write_op op = { .name = "test.tenant", .apply = add_tenant };
	struct faults f = { .arena = arena };
	(void)state;
	arena_reset(arena);
	if (folder_made(folder, "flat"))
		return 1;
	setenv("PENNYMETER_DATA", folder, 1);
	conf = (struct conf){ .data = folder };
	conf.text[CONF_STORE] = "pennymeter.db";
	return store_open(&store, &conf, STORE_CREATE, &f) || store_write(store, &op, NULL, 0, NULL, 0);
}

static int remove_store(void **state)
{
	(void)state;
	store_close(store);
	return folder_removed(folder);
}

static int64_t events_stored(void)
{
	int64_t count = -1;
	(void)!NUMBER(store, &count, SQL_CARE_COUNT_EVENTS);
	return count;
}

/* A request of `count` events of one unit each, as record.c writes them. Returns its size. */
static size_t write_request(char bytes[1024], unsigned count, qty included)
{
	static const char *const texts[TEXT__MAX] = { "api_calls", "r-1", "{\"a\":1}", NULL, NULL };
	const instant hour = (instant)HOUR_OF_TEST * HOUR;
	char *at = bytes;
	int64_t generation = 0;
	assert_int_equal(account_generation(&generation, store, TENANT), ST_OK);
	for (unsigned i = 0; i < count; i++) {
		struct flat_event e = {
			.tenant_id = TENANT, .user_id = 3, .event = 1000 + i, .generation = generation, .recorded_at = hour, .now = hour,
			.hour = hour, .day = floor_div(hour, DAY) * DAY,
			.quantity = 1000000, .included = included, .most = INT64_MAX, .window = { hour - DAY, hour + DAY }, .aggregation = AGGREGATE_SUM,
			.refuse = 1, .alerts = 1,
		};
		char *text = at + sizeof e;
		for (unsigned t = 0; t < TEXT__MAX; t++) {
			e.size[t] = texts[t] ? (uint16_t)strlen(texts[t]) : (uint16_t)ABSENT;
			if (texts[t])
				text = stpcpy(text, texts[t]) + 1;
		}
		memcpy(at, &e, sizeof e);
		at = text;
	}
	return (size_t)(at - bytes);
}

/* From memory that ends where the request does. */
static enum st send(const char *bytes, size_t size, struct flat_answer answers[EVENTS])
{
	char *copy = malloc(size ? size : 1);
	memcpy(copy, bytes, size);
	enum st st = store_write(store, &record_op, copy, size, answers, EVENTS * sizeof *answers);
	free(copy);
	return st;
}

static void what_is_cut_off_is_refused(void **state)
{
	char bytes[1024];
	struct flat_answer answers[EVENTS];
	(void)state;
	const size_t one = write_request(bytes, 1, 100 * 1000000), size = write_request(bytes, EVENTS, 100 * 1000000);
	for (size_t part = 0; part < size; part++)
		if (part != one)
			assert_int_equal(send(bytes, part, answers), ST_STORE);
	assert_int_equal(events_stored(), 0);
	assert_int_equal(send(bytes, size, answers), ST_OK);
	assert_int_equal(events_stored(), EVENTS);
}

static void what_has_more_events_than_answers_is_refused(void **state)
{
	char bytes[1024];
	struct flat_answer answer;
	(void)state;
	const size_t size = write_request(bytes, EVENTS, 100 * 1000000);
	assert_int_equal(store_write(store, &record_op, bytes, size, &answer, sizeof answer), ST_STORE);
	assert_int_equal(events_stored(), 0);
}

/* Carries out and is undone. */
static enum st try_out(struct store *s, const void *request, size_t size, void *answer)
{
	enum st st = record_apply(s, request, size, answer);
	return st ? st : ST_LIMIT_EXCEEDED;
}

/* By each of its readers, from memory that ends where it does. */
static void read_by_all(const char *bytes, size_t size)
{
	static const struct write_op op = { .name = "test.try", .apply = try_out };
	struct flat_answer answers[EVENTS];
	struct combine_job job = { bytes, size, answers, sizeof answers, false, ST_STORE };
	(void)record_party(bytes, size);
	if (!record_sound(bytes, size, sizeof answers))
		return;
	assert_int_equal(record_call(store, &job, 1), ST_DONE); /* here is no server to call */
	assert_int_not_equal(store_write(store, &op, bytes, size, answers, sizeof answers), ST_OK);
}

static void a_changed_bit_reads_past_nothing(void **state)
{
	char bytes[1024];
	(void)state;
	const size_t size = write_request(bytes, 1, 100 * 1000000);
	char *copy = malloc(size);
	for (size_t bit = 0; bit < size * 8; bit++) {
		memcpy(copy, bytes, size);
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		read_by_all(copy, size);
	}
	free(copy);
	assert_int_equal(events_stored(), 0);
}

/* Though nobody said that it may have been recorded: not refused by the limit that it has itself filled, nor counted again. */
static void what_was_recorded_already_is_met(void **state)
{
	char bytes[1024];
	struct flat_answer answers[EVENTS];
	(void)state;
	for (qty included = EVENTS; included < 100; included += 97) { /* full with it, and not */
		const size_t size = write_request(bytes, EVENTS, included * 1000000);
		for (unsigned times = 0; times < 3; times++) {
			assert_int_equal(send(bytes, size, answers), ST_OK);
			for (unsigned i = 0; i < EVENTS; i++) {
				assert_int_equal(answers[i].st, ST_OK);
				assert_false(answers[i].duplicate);
				assert_int_equal(answers[i].event, 1000 + i);
			}
			assert_int_equal(events_stored(), EVENTS);
		}
	}
	assert_int_equal(answers[EVENTS - 1].used, EVENTS * 1000000);
}

#define STORE_FACT(fact) cmocka_unit_test_setup_teardown(fact, fresh_store, remove_store)

int main(void)
{
	const struct CMUnitTest facts[] = {
		STORE_FACT(what_is_cut_off_is_refused),
		STORE_FACT(what_has_more_events_than_answers_is_refused),
		STORE_FACT(a_changed_bit_reads_past_nothing),
		STORE_FACT(what_was_recorded_already_is_met),
	};
	if (arena_open(&arena, 1 << 20))
		return 1;
	return cmocka_run_group_tests(facts, NULL, NULL);
}
