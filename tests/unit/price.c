/* Price models: bounds belong to the tier below, prices do not jump or fall where they must not. */
#include "exact.h"

#include "rate/price.h"

static struct tier tier(const char *up_to, const char *unit, const char *flat)
{
	return (struct tier){ !up_to, up_to ? quantity(up_to) : 0, number(unit, PRICE_DIGITS), number(flat, EXACT_DIGITS) };
}

static void assert_price(const struct price *p, const char *units, const char *amount)
{
	exact out;
	assert_int_equal(price_amount(&out, p, quantity(units)), ST_OK);
	assert_decimal(out, EXACT_DIGITS, amount);
}

static void a_graduated_bound_belongs_to_the_tier_below(void **state)
{
	const struct tier tiers[] = { tier("10", "3", "2"), tier("20", "2", "5"), tier(NULL, "1", "7") };
	const struct price p = { .model = PRICE_GRADUATED, .tiers = tiers, .tier_count = 3 };
	(void)state;
	assert_price(&p, "0", "2");
	assert_price(&p, "10", "32");
	assert_price(&p, "10.000001", "37.000002");
	assert_price(&p, "20", "57");
	assert_price(&p, "21", "65");
}

static void a_volume_bound_belongs_to_the_tier_below(void **state)
{
	const struct tier tiers[] = { tier("10", "3", "2"), tier(NULL, "2", "0") };
	const struct price p = { .model = PRICE_VOLUME, .tiers = tiers, .tier_count = 2 };
	(void)state;
	assert_price(&p, "0", "2");
	assert_price(&p, "10", "32");
	assert_price(&p, "10.000001", "20.000002");
}

static void packages_started_or_whole(void **state)
{
	struct price p = { .model = PRICE_PACKAGE, .package_size = quantity("10"), .package_amount = number("5", PRICE_DIGITS) };
	(void)state;
	assert_price(&p, "0", "0");
	assert_price(&p, "0.000001", "5");
	assert_price(&p, "10", "5");
	assert_price(&p, "10.000001", "10");
	p.package_down = true;
	assert_price(&p, "9.999999", "0");
	assert_price(&p, "19.999999", "5");
}

static void included_units_come_off_first_and_bounds_last(void **state)
{
	struct price p = { .model = PRICE_PER_UNIT, .included = quantity("10"), .unit_amount = number("0.000000000001", PRICE_DIGITS) };
	(void)state;
	assert_price(&p, "9", "0");
	assert_price(&p, "10.000001", "0.000000000000000001");
	p.has_minimum = p.has_maximum = true;
	p.minimum = number("1", EXACT_DIGITS);
	p.maximum = number("2", EXACT_DIGITS);
	assert_price(&p, "0", "1");
	p.unit_amount = number("1", PRICE_DIGITS);
	assert_price(&p, "11.5", "1.5");
	assert_price(&p, "99", "2");
}

static void a_percentage_is_exact(void **state)
{
	const struct price p = { .model = PRICE_PERCENTAGE, .rate = number("133.333", PERCENT_DIGITS) };
	(void)state;
	assert_price(&p, "10", "13.3333");
}

static void refuses_what_has_no_price(void **state)
{
	const struct tier tiers[] = { tier("10", "1", "0") };
	const struct price bounded = { .model = PRICE_GRADUATED, .tiers = tiers, .tier_count = 1 };
	const struct price empty = { .model = PRICE_VOLUME }, no_size = { .model = PRICE_PACKAGE };
	const struct price dear = { .model = PRICE_PER_UNIT, .unit_amount = number("18446744.073709551619", PRICE_DIGITS) };
	exact out;
	(void)state;
	assert_int_equal(price_amount(&out, &bounded, quantity("10.000001")), ST_INVALID);
	assert_int_equal(price_amount(&out, &bounded, -1), ST_INVALID);
	assert_int_equal(price_amount(&out, &empty, 0), ST_INVALID);
	assert_int_equal(price_amount(&out, &no_size, 0), ST_INVALID);
	assert_int_equal(price_amount(&out, &dear, INT64_MAX), ST_RANGE);
	assert_int_equal(price_amount(&out, &dear, INT64_MAX - 1), ST_OK);
}

/* ---- properties of any graduated price ---- */

enum { TIERS = 4 };

static struct price any_graduated(struct tier *tiers, uint64_t *seed, bool flats)
{
	qty bound = 0;
	for (int i = 0; i < TIERS; i++) {
		bound += any(seed, 100000000) + 1;
		tiers[i] = (struct tier){ i == TIERS - 1, bound, any(seed, 1000000000000), flats ? any(seed, INT64_MAX) : 0 };
	}
	return (struct price){ .model = PRICE_GRADUATED, .tiers = tiers, .tier_count = TIERS };
}

static void a_graduated_price_never_falls(void **state)
{
	uint64_t seed = 3;
	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct tier tiers[TIERS];
		const struct price p = any_graduated(tiers, &seed, i % 2);
		exact before = 0, now;
		for (qty units = 0; units < 400000000; units += any(&seed, 9000000) + 1) {
			assert_int_equal(price_amount(&now, &p, units), ST_OK);
			assert_true(now >= before);
			before = now;
		}
	}
}

static void a_graduated_price_is_continuous_without_flat_amounts(void **state)
{
	uint64_t seed = 4;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct tier tiers[TIERS];
		const struct price p = any_graduated(tiers, &seed, false);
		const int edge = i % (TIERS - 1);
		exact at_bound, above;
		assert_int_equal(price_amount(&at_bound, &p, tiers[edge].up_to), ST_OK);
		assert_int_equal(price_amount(&above, &p, tiers[edge].up_to + 1), ST_OK);
		assert_true(above - at_bound == tiers[edge + 1].unit_amount); /* a millionth of one unit */
	}
}

static void lines_add_up_to_the_amount(void **state)
{
	uint64_t seed = 5;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct tier tiers[TIERS];
		const struct price p = any_graduated(tiers, &seed, true);
		const qty units = any(&seed, 400000000);
		struct price_line lines[TIERS];
		unsigned count;
		exact amount, sum = 0;
		qty all = 0;
		assert_int_equal(price_lines(&amount, lines, &count, &p, units), ST_OK);
		for (unsigned k = 0; k < count; k++) {
			sum += lines[k].amount;
			all += lines[k].quantity;
		}
		assert_true(sum == amount && all == units && count <= price_line_room(&p));
	}
}

static void no_sum_is_too_large_where_there_is_a_maximum(void **state)
{
	struct price p = { .model = PRICE_PER_UNIT, .unit_amount = number("999999999999999999", PRICE_DIGITS) };
	exact amount;
	(void)state;
	assert_int_equal(price_amount(&amount, &p, INT64_MAX), ST_RANGE);
	p.has_maximum = true;
	p.maximum = number("2.50", EXACT_DIGITS);
	assert_int_equal(price_amount(&amount, &p, INT64_MAX), ST_OK);
	assert_true(amount == p.maximum);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(a_graduated_bound_belongs_to_the_tier_below), FACT(a_volume_bound_belongs_to_the_tier_below), FACT(packages_started_or_whole),
		FACT(included_units_come_off_first_and_bounds_last), FACT(no_sum_is_too_large_where_there_is_a_maximum), FACT(a_percentage_is_exact), FACT(refuses_what_has_no_price),
		FACT(a_graduated_price_never_falls), FACT(a_graduated_price_is_continuous_without_flat_amounts), FACT(lines_add_up_to_the_amount),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
