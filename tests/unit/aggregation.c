/* Aggregation: tallies merge to what their events come to, and time weighs. */
#include "exact.h"

#include "meter/rollup.h"
#include "rate/aggregation.h"

static struct sample sample(const char *when, const char *value)
{
	return (struct sample){ .at = at(when), .numeric = true, .value = number(value, EXACT_DIGITS), .text = value };
}

static void merged_tallies_are_the_tally_of_all(void **state)
{
	uint64_t seed = 9;
	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct tally parts[3] = { 0 }, all = { 0 }, merged = { 0 };
		for (int k = 0; k < 20; k++) {
			const instant when = k * HOUR;
			const exact value = any(&seed, 1000) - 500;
			assert_int_equal(tally_add(&parts[k / 7], when, value), ST_OK);
			assert_int_equal(tally_add(&all, when, value), ST_OK);
		}
		for (int k = 0; k < 3; k++)
			assert_int_equal(tally_merge(&merged, &parts[(k + i) % 3]), ST_OK); /* in any order */
		for (int kind = AGGREGATE_SUM; kind <= AGGREGATE_LATEST; kind++) {
			exact a, b;
			assert_int_equal(tally_value(&a, &all, (enum aggregation)kind), ST_OK);
			assert_int_equal(tally_value(&b, &merged, (enum aggregation)kind), ST_OK);
			assert_true(a == b);
		}
	}
}

static void a_sum_that_does_not_fit_is_refused_and_changes_nothing(void **state)
{
	struct tally t = { 0 };
	(void)state;
	assert_int_equal(tally_add(&t, 0, number("170141183460469231731", EXACT_DIGITS)), ST_OK);
	assert_int_equal(tally_add(&t, 0, number("1", EXACT_DIGITS)), ST_RANGE);
	assert_int_equal(t.count, 1);
}

static void a_value_held_for_half_the_window_counts_half(void **state)
{
	struct sample samples[] = { sample("2024-01-16T12:00:00Z", "10"), sample("2023-12-01T00:00:00Z", "4") };
	const struct period january = { at("2024-01-01T00:00:00Z"), at("2024-02-01T00:00:00Z") };
	struct aggregation_rule rule = { .kind = AGGREGATE_WEIGHTED_SUM, .digits = 18 };
	exact value;
	(void)state;
	assert_int_equal(samples_order(samples, 2), 2);
	assert_int_equal(aggregate(&value, &rule, samples, 2, january), ST_OK);
	assert_decimal(value, EXACT_DIGITS, "5");
	rule.recurring = rule.has_initial = true;
	rule.initial = number("1", EXACT_DIGITS);
	assert_int_equal(aggregate(&value, &rule, samples, 2, january), ST_OK);
	assert_decimal(value, EXACT_DIGITS, "10");
}

static void an_id_counts_once_and_the_last_of_one_instant_is_the_latest(void **state)
{
	struct sample samples[] = { sample("2024-01-02T00:00:00Z", "1"), sample("2024-01-02T00:00:00Z", "2"), sample("2024-01-02T00:00:00Z", "3") };
	const struct aggregation_rule latest = { .kind = AGGREGATE_LATEST, .digits = 18 };
	exact value;
	(void)state;
	samples[0].id = samples[2].id = "same";
	assert_int_equal(samples_order(samples, 3), 2);
	assert_int_equal(aggregate(&value, &latest, samples, 2, (struct period){ at("2024-01-01T00:00:00Z"), at("2024-02-01T00:00:00Z") }), ST_OK);
	assert_decimal(value, EXACT_DIGITS, "2");
}

static void what_was_removed_is_not_held(void **state)
{
	struct sample samples[] = { sample("2024-01-02T00:00:00Z", "1"), sample("2024-01-03T00:00:00Z", "1"), sample("2024-01-04T00:00:00Z", "2") };
	const struct aggregation_rule unique = { .kind = AGGREGATE_UNIQUE, .digits = 18 };
	const struct period january = { at("2024-01-01T00:00:00Z"), at("2024-02-01T00:00:00Z") };
	exact value;
	(void)state;
	samples[1].removes = true;
	assert_int_equal(samples_order(samples, 3), 3);
	assert_int_equal(aggregate(&value, &unique, samples, 3, january), ST_OK);
	assert_decimal(value, EXACT_DIGITS, "1");
}

/* What a metric uses by its roll-ups, merged in any order, is what is made of its events one by one. */
static void rollups_come_to_what_is_made_of_their_events(void **state)
{
	enum { EVENTS = 12 };
	const struct period ever = { 0, 1000 };
	uint32_t seed = 20260131;
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct metric metric = { .is_signed = true };
		struct rollup parts[3] = { 0 }, all = { 0 };
		struct sample samples[EVENTS] = { 0 };
		for (unsigned i = 0; i < EVENTS; i++) {
			seed = seed * 1664525 + 1013904223;
			const qty quantity = (qty)(seed >> 8) - (1 << 23);
			const instant when = (seed >> 4) % 1000;
			const struct rollup one = rollup_of(quantity, when, i);
			samples[i] = (struct sample){ .at = when, .numeric = true, .value = (wide)quantity * 1000000000000 };
			assert_int_equal(rollup_merge(&parts[i % 3], &one), ST_OK);
		}
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(rollup_merge(&all, &parts[(round + i) % 3]), ST_OK);
		const unsigned count = samples_order(samples, EVENTS);
		for (unsigned kind = AGGREGATE_SUM; kind <= AGGREGATE_LATEST; kind++) {
			const bool sum = kind == AGGREGATE_SUM;
			const struct aggregation_rule rule = { .kind = kind, .negative_is_zero = sum, .digits = QTY_DIGITS };
			exact want;
			metric.aggregation = kind;
			assert_int_equal(aggregate(&want, &rule, samples, count, ever), ST_OK);
			assert_true((wide)rollup_used(&all, &metric) * 1000000000000 == want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(merged_tallies_are_the_tally_of_all), FACT(a_sum_that_does_not_fit_is_refused_and_changes_nothing),
		FACT(a_value_held_for_half_the_window_counts_half),
		FACT(an_id_counts_once_and_the_last_of_one_instant_is_the_latest),
		FACT(what_was_removed_is_not_held), FACT(rollups_come_to_what_is_made_of_their_events),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
