/* Facts of weights, cuts and unique values: the pure parts of unique and weighted_sum. */
#include "facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "meter/cut.h"
#include "meter/unique.h"
#include "rate/aggregation.h"
#include "rate/weight.h"

static qty averaged(const struct weight *w)
{
	qty value = -1;
	assert_int_equal(weight_average(&value, w, w->span.end - w->span.start), ST_OK);
	return value;
}

static void what_is_carried_in_weighs_for_the_whole_span(void **state)
{
	struct weight w;
	(void)state;
	assert_int_equal(weight_begin(&w, (struct period){ 100, 400 }, -7), ST_OK);
	assert_int_equal(averaged(&w), -7);
	assert_int_equal(weight_add(&w, 50, 10, 12345), ST_OK); /* before the span: its moment does not matter */
	assert_int_equal(averaged(&w), 3);
}

static void a_value_held_for_half_of_the_span_counts_half(void **state)
{
	struct weight w;
	(void)state;
	assert_int_equal(weight_begin(&w, (struct period){ 0, 10 }, 0), ST_OK);
	assert_int_equal(weight_add(&w, 5, 100, 0), ST_OK);
	assert_int_equal(averaged(&w), 50);
	assert_true(w.total == 100);
}

static void averages_round_once_half_away_from_zero(void **state)
{
	static const struct { wide area; instant length; qty want; } cases[] = {
		{ 1, 2, 1 }, { -1, 2, -1 }, { 1, 3, 0 }, { -1, 3, 0 }, { 5, 2, 3 }, { -5, 2, -3 }, { 7, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct weight w = { .area = cases[i].area };
		qty value;
		assert_int_equal(weight_average(&value, &w, cases[i].length), ST_OK);
		assert_int_equal(value, cases[i].want);
	}
}

static void a_standing_has_accrued_so_far_and_is_carried_to_the_end(void **state)
{
	struct weight w;
	qty used, projected;
	(void)state;
	assert_int_equal(weight_begin(&w, (struct period){ 0, 25 }, 40), ST_OK);
	assert_int_equal(weight_standing(&used, &projected, &w, 100), ST_OK);
	assert_int_equal(used, 10);
	assert_int_equal(projected, 40);
	assert_int_equal(weight_add(&w, 25, -50, 0), ST_OK);
	assert_int_equal(weight_standing(&used, &projected, &w, 100), ST_OK);
	assert_int_equal(used, 10);
	assert_int_equal(projected, 3); /* (25 × 40 − 75 × 10) / 100 = 2.5 */
	assert_int_equal(weight_add(&w, 25, -50, 0), ST_OK);
	assert_int_equal(weight_standing(&used, &projected, &w, 100), ST_OK);
	assert_int_equal(projected, 0);
}

static void what_does_not_fit_is_refused_and_changes_nothing(void **state)
{
	const wide most = ((wide)1 << 126) - 1 + ((wide)1 << 126);
	struct weight w = { .span = { 0, 4 }, .area = most - 1 }, before = w;
	wide moment = most - 1;
	qty value;
	(void)state;
	assert_int_equal(weight_add(&w, 2, 1, 0), ST_RANGE);
	assert_int_equal(weight_add(&w, 2, most, 0), ST_RANGE);
	assert_true(w.area == before.area && w.total == before.total);
	assert_int_equal(moment_add(&moment, 0, 2, 1), ST_RANGE);
	assert_true(moment == most - 1);
	assert_int_equal(weight_average(&value, &w, 1), ST_RANGE);
	assert_int_equal(weight_begin(&w, (struct period){ 0, 4 }, most), ST_RANGE);
	w = before;
	w.total = most;
	assert_int_equal(weight_carry(&w, 9), ST_RANGE);
}

/* ---- roll-ups against aggregate() ---- */

static uint32_t seed = 20260131;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

enum { EVENTS = 40, WIDTH = 100 };

/* The same events in one weight, those of a whole bucket within the span as one sum and moment. */
static void weigh(struct weight *w, const struct sample *s, struct period span)
{
	assert_int_equal(weight_begin(w, span, 0), ST_OK);
	for (instant start = 0; start < 1000; start += WIDTH) {
		const bool whole = start >= span.start && start + WIDTH <= span.end;
		wide sum = 0, moment = 0;
		for (unsigned i = 0; i < EVENTS; i++) {
			const qty quantity = (qty)(s[i].value / 1000000000000);
			if (s[i].at < start || s[i].at >= start + WIDTH || s[i].at >= span.end)
				continue;
			if (!whole) {
				assert_int_equal(weight_add(w, s[i].at, quantity, 0), ST_OK);
				continue;
			}
			sum += quantity;
			assert_int_equal(moment_add(&moment, start, s[i].at, quantity), ST_OK);
		}
		if (whole)
			assert_int_equal(weight_add(w, start, sum, moment), ST_OK);
	}
}

static void buckets_weigh_what_aggregate_says_of_their_events(void **state)
{
	const struct aggregation_rule rule = { .kind = AGGREGATE_WEIGHTED_SUM, .recurring = true, .digits = QTY_DIGITS };
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct sample samples[EVENTS] = { 0 };
		struct weight w;
		exact want;
		const instant a = draw(1000);
		const struct period span = { a, a + 1 + draw(1000 - (uint32_t)a) };
		for (unsigned i = 0; i < EVENTS; i++)
			samples[i] = (struct sample){ .at = draw(1000), .numeric = true, .value = ((wide)draw(2000001) - 1000000) * 1000000000000 };
		const unsigned count = samples_order(samples, EVENTS);
		assert_int_equal(aggregate(&want, &rule, samples, count, span), ST_OK);
		weigh(&w, samples, span);
		assert_true((wide)averaged(&w) * 1000000000000 == want);
	}
}

/* ---- cuts ---- */

static void cuts_cover_a_range_once_and_end_buckets_on_their_bounds(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		const instant at = (instant)draw(5) * DAY + (instant)draw(26) * HOUR + (instant)draw(3) - 1 - 2 * DAY;
		const struct period r = { at, at + (instant)draw(4) * DAY + (instant)draw(26) * HOUR + (instant)draw(3) };
		struct cuts c;
		assert_int_equal(cut(&c, NULL, r), ST_OK);
		assert_true(r.start <= c.first_hour && c.first_hour <= c.first_day && c.first_day <= c.last_day);
		assert_true(c.last_day <= c.last_hour && c.last_hour <= r.end);
		if (c.first_hour < c.last_hour) {
			assert_int_equal(c.first_hour % HOUR, 0);
			assert_int_equal(c.last_hour % HOUR, 0);
			assert_true(c.first_hour - r.start < HOUR && r.end - c.last_hour < HOUR);
		}
		if (c.first_day < c.last_day) {
			assert_int_equal(c.first_day % DAY, 0);
			assert_int_equal(c.last_day % DAY, 0);
			assert_true(c.first_day - c.first_hour < DAY && c.last_hour - c.last_day < DAY);
		}
	}
}

/* ---- values ---- */

static struct arena *arena;

static void values_are_strings_numbers_and_booleans_by_their_text(void **state)
{
	static const struct { const char *metadata, *value; } cases[] = {
		{ "{\"id\":\"a\"}", "a" },       { "{\"id\":\"\\u0061\"}", "a" }, { "{\"id\":5}", "5" },
		{ "{\"id\":\"5\"}", "5" },       { "{\"id\":1.50}", "1.50" },     { "{\"id\":true}", "true" },
		{ "{\"id\":false}", "false" },   { "{\"id\":\"\"}", "" },
	};
	const struct metric m = { .name = "m", .aggregation = AGGREGATE_UNIQUE, .field = "id" };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct faults faults = { .arena = arena };
		const char *value = NULL;
		assert_int_equal(unique_value(&value, &faults, &m, cases[i].metadata), ST_OK);
		assert_string_equal(value, cases[i].value);
	}
}

static void what_is_no_value_is_a_fault_at_the_field(void **state)
{
	static const char *const cases[] = { NULL, "{}", "{\"id\":1}", "{\"a/b\":null}", "{\"a/b\":[1]}", "{\"a/b\":{}}" };
	const struct metric m = { .name = "m", .aggregation = AGGREGATE_UNIQUE, .field = "a/b" };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct faults faults = { .arena = arena };
		const char *value;
		assert_int_equal(unique_value(&value, &faults, &m, cases[i]), ST_INVALID);
		assert_int_equal(faults.count, 1);
		assert_string_equal(faults.item[0].pointer, "/metadata/a~1b");
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(what_is_carried_in_weighs_for_the_whole_span),
		FACT(a_value_held_for_half_of_the_span_counts_half),
		FACT(averages_round_once_half_away_from_zero),
		FACT(a_standing_has_accrued_so_far_and_is_carried_to_the_end),
		FACT(what_does_not_fit_is_refused_and_changes_nothing),
		FACT(buckets_weigh_what_aggregate_says_of_their_events),
		FACT(cuts_cover_a_range_once_and_end_buckets_on_their_bounds),
		FACT(values_are_strings_numbers_and_booleans_by_their_text),
		FACT(what_is_no_value_is_a_fault_at_the_field),
	};
	if (arena_open(&arena, 1 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
