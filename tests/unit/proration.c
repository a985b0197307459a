/* Proration: the parts of a period are worth the whole. */
#include "exact.h"

#include "rate/proration.h"

static struct fraction fraction_of(const struct proration *rule, const char *start, const char *end, const char *from, const char *to)
{
	struct fraction f;
	assert_int_equal(proration_fraction(&f, rule, (struct period){ at(start), at(end) }, (struct period){ at(from), at(to) }), ST_OK);
	return f;
}

static void assert_fraction(struct fraction f, int64_t part, int64_t whole)
{
	assert_int_equal(f.part, part);
	assert_int_equal(f.whole, whole);
}

static void a_change_inside_a_day_belongs_to_who_the_rule_says(void **state)
{
	struct proration rule = { .mode = PRORATION_DAY };
	(void)state;
	assert_fraction(fraction_of(&rule, "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-20T15:00:00Z"), 19, 31);
	rule.to = DAY_CEIL;
	assert_fraction(fraction_of(&rule, "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-20T15:00:00Z"), 20, 31);
	assert_fraction(fraction_of(&rule, "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-20T00:00:00Z"), 19, 31);
}

static void days_are_local_and_seconds_are_elapsed(void **state)
{
	const struct proration day = { .mode = PRORATION_DAY, .zone = "Europe/Paris" }, second = { .mode = PRORATION_SECOND };
	(void)state; /* March 2024 in Paris has 31 days and 743 hours */
	assert_fraction(fraction_of(&day, "2024-02-29T23:00:00Z", "2024-03-31T22:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"), 1, 31);
	assert_fraction(fraction_of(&second, "2024-02-29T23:00:00Z", "2024-03-31T22:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"), 23, 743);
}

static void a_fixed_month_is_thirty_days(void **state)
{
	const struct proration rule = { .mode = PRORATION_FIXED_MONTH_DAYS, .fixed_days = 30 };
	(void)state;
	assert_fraction(fraction_of(&rule, "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"), 1, 1);
	assert_fraction(fraction_of(&rule, "2023-02-15T00:00:00Z", "2023-03-15T00:00:00Z", "2023-02-23T00:00:00Z", "2023-03-15T00:00:00Z"), 11, 15);
}

static void what_lies_outside_does_not_count(void **state)
{
	const struct proration rule = { .mode = PRORATION_SECOND };
	(void)state;
	assert_fraction(fraction_of(&rule, "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2023-01-01T00:00:00Z", "2025-01-01T00:00:00Z"), 1, 1);
	assert_fraction(fraction_of(&rule, "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z"), 0, 1);
	assert_fraction(fraction_of(&rule, "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-20T00:00:00Z", "2024-03-10T00:00:00Z"), 0, 1);
}

static void refuses_an_empty_period(void **state)
{
	const struct proration second = { .mode = PRORATION_SECOND }, day = { .mode = PRORATION_DAY };
	struct period empty = { DAY, DAY }, hour = { DAY, DAY + HOUR };
	struct fraction f;
	(void)state;
	assert_int_equal(proration_fraction(&f, &second, empty, empty), ST_INVALID);
	assert_int_equal(proration_fraction(&f, &day, hour, hour), ST_INVALID);
}

/* Two parts of a period, each rounded once, are the whole within one minor unit. */
static void the_parts_of_a_period_add_up(void **state)
{
	uint64_t seed = 11;
	(void)state;
	for (int i = 0; i < 40000; i++) {
		const struct proration rule = { .mode = i % 2 ? PRORATION_DAY : PRORATION_SECOND, .zone = i % 3 ? "America/New_York" : NULL };
		const instant start = any(&seed, 2000000000) * SECOND, length = (any(&seed, 400) + 2) * DAY;
		const struct period whole = { start, start + length };
		const instant cut = start + any(&seed, length);
		const exact amount = (exact)(any(&seed, INT64_MAX) - INT64_MAX / 2) * 1000000;
		struct fraction first, last;
		wide a, b, all;
		assert_int_equal(proration_fraction(&first, &rule, whole, (struct period){ start, cut }), ST_OK);
		assert_int_equal(proration_fraction(&last, &rule, whole, (struct period){ cut, whole.end }), ST_OK);
		assert_int_equal(proration_amount(&a, amount, &first, 2, ROUND_HALF_AWAY), ST_OK);
		assert_int_equal(proration_amount(&b, amount, &last, 2, ROUND_HALF_AWAY), ST_OK);
		all = divide_round(amount, 10000000000000000, ROUND_HALF_AWAY);
		assert_true(a + b - all <= 1 && all - a - b <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(a_change_inside_a_day_belongs_to_who_the_rule_says), FACT(days_are_local_and_seconds_are_elapsed),
		FACT(a_fixed_month_is_thirty_days), FACT(what_lies_outside_does_not_count), FACT(refuses_an_empty_period),
		FACT(the_parts_of_a_period_add_up),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
