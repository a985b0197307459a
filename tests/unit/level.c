/* Facts of levels, thresholds, roll-ups, event ids and entity tags. */
#include "facts.h"

#include <stdio.h>

#include "meter/event_id.h"
#include "meter/level.h"
#include "meter/rollup.h"
#include "wire/etag.h"

static void levels_turn_exactly_at_their_bounds(void **state)
{
	static const struct { qty used; enum level level; int64_t percent; } cases[] = {
		{ 0, LEVEL_OK, 0 },              { 749999999, LEVEL_OK, 74 },      { 750000000, LEVEL_WARNING, 75 },
		{ 899600000, LEVEL_WARNING, 89 }, { 900000000, LEVEL_WARNING, 90 }, { 900000001, LEVEL_CRITICAL, 90 },
		{ 1000000000, LEVEL_CRITICAL, 100 }, { 1000000001, LEVEL_OVER, 100 }, { 1120000000, LEVEL_OVER, 112 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(level_of(cases[i].used, 1000000000), cases[i].level);
		assert_int_equal(percent_of(cases[i].used, 1000000000), cases[i].percent);
	}
}

static void nothing_included_is_ok_until_it_is_used(void **state)
{
	(void)state;
	assert_int_equal(level_of(0, 0), LEVEL_OK);
	assert_int_equal(level_of(1, 0), LEVEL_OVER);
	assert_int_equal(percent_of(5, 0), -1);
}

static void levels_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(level_of(INT64_MAX, INT64_MAX), LEVEL_CRITICAL);
	assert_int_equal(level_of(INT64_MAX, 1), LEVEL_OVER);
	assert_true(threshold_reached(INT64_MAX, INT64_MAX, 100));
	assert_false(threshold_reached(INT64_MAX, INT64_MAX, 110));
}

static enum st note(void *context, unsigned threshold)
{
	unsigned *all = context;
	*all = *all * 1000 + threshold;
	return ST_OK;
}

static unsigned fired(qty before, qty after, qty included)
{
	unsigned all = 0;
	assert_int_equal(thresholds_between(before, after, included, note, &all), ST_OK);
	return all;
}

static void a_threshold_fires_in_the_step_that_reaches_it(void **state)
{
	(void)state;
	assert_int_equal(fired(79999999, 80000000, 100000000), 80);
	assert_int_equal(fired(80000000, 89999999, 100000000), 0);
	assert_int_equal(fired(0, 100000000, 100000000), 80090100);
	assert_int_equal(fired(109999999, 500000000, 100000000), 110);
	assert_int_equal(fired(500000000, 0, 100000000), 0);
	assert_int_equal(fired(0, 500000000, 0), 0);
	assert_int_equal(fired(0, 1, 1), 80090100); /* one millionth of one millionth */
}

static void the_latest_of_one_instant_is_the_one_with_the_larger_number(void **state)
{
	struct rollup a = rollup_of(5, 1000, 7), b = rollup_of(9, 1000, 3), both = a, other = b;
	(void)state;
	assert_int_equal(rollup_merge(&both, &b), ST_OK);
	assert_int_equal(rollup_merge(&other, &a), ST_OK);
	assert_int_equal(both.last, 5);
	assert_memory_equal(&both, &other, sizeof both);
	assert_int_equal(both.sum, 14);
	assert_int_equal(both.min, 5);
	assert_int_equal(both.max, 9);
}

static void a_sum_that_does_not_fit_changes_nothing(void **state)
{
	struct rollup a = rollup_of(INT64_MAX, 1, 1), b = rollup_of(1, 2, 2), before = a;
	(void)state;
	assert_int_equal(rollup_merge(&a, &b), ST_RANGE);
	assert_memory_equal(&a, &before, sizeof a);
}

static void an_event_id_tells_events_apart(void **state)
{
	char a[EVENT_ID_ROOM], b[EVENT_ID_ROOM];
	(void)state;
	event_id_print(a, 1768495500000000, event_number(1768495500000000, 0, 42));
	event_id_print(b, 1768495500000000, event_number(1768495500000000, 1, 42));
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 30);
	instant at;
	int64_t number;
	assert_int_equal(event_id_read(&at, &number, b), ST_OK);
	assert_int_equal(at, 1768495500000000);
	assert_int_equal(number, event_number(1768495500000000, 1, 42));
	assert_int_equal(event_id_read(&at, &number, "evt_zzzzzzzzzzzzzzzzzzzzzzzzzz"), ST_INVALID);
	assert_int_equal(event_id_read(&at, &number, "evt_"), ST_INVALID);
	assert_int_equal(event_id_read(&at, &number, "evt_!000000000000000000000000u"), ST_INVALID);
	assert_true(event_number(1768495500001000, 0, 0) > event_number(1768495500000000, 999, 0));
}

static void an_entity_tag_is_found_in_every_form(void **state)
{
	char tag[ETAG_ROOM];
	(void)state;
	etag_of(tag, "{}", 2);
	char gzip[64], weak[64], list[128];
	snprintf(gzip, sizeof gzip, "%.17s-gzip\"", tag);
	snprintf(weak, sizeof weak, "W/%s", tag);
	snprintf(list, sizeof list, "\"a\", W/%s, \"b\"", tag);
	assert_true(etag_matches(tag, tag));
	assert_true(etag_matches(gzip, tag));
	assert_true(etag_matches(weak, tag));
	assert_true(etag_matches(list, tag));
	assert_true(etag_matches("*", tag));
	assert_false(etag_matches(NULL, tag));
	assert_false(etag_matches("", tag));
	assert_false(etag_matches("\"0000000000000000\"", tag));
	assert_false(etag_matches("\"", tag));
	tag[5] ^= 1;
	assert_false(etag_matches(list, tag));
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(levels_turn_exactly_at_their_bounds),
		FACT(nothing_included_is_ok_until_it_is_used),
		FACT(levels_do_not_overflow),
		FACT(a_threshold_fires_in_the_step_that_reaches_it),
		FACT(the_latest_of_one_instant_is_the_one_with_the_larger_number),
		FACT(a_sum_that_does_not_fit_changes_nothing),
		FACT(an_event_id_tells_events_apart),
		FACT(an_entity_tag_is_found_in_every_form),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
