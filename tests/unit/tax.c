/* Tax and discounts: inclusive undoes exclusive, what an invoice shows adds up. */
#include "exact.h"

#include "rate/tax.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	return arena_open(&arena, 1 << 24) != ST_OK;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static struct tax_result compute(const struct tax_rule *rule, struct tax_line *lines, unsigned count, const struct discount *discounts, unsigned discount_count)
{
	struct tax_result r;
	assert_int_equal(tax_compute(&r, arena, rule, lines, count, discounts, discount_count), ST_OK);
	return r;
}

static void each_place_of_rounding_is_its_own(void **state)
{
	const struct tax ten = { 1, number("10", PERCENT_DIGITS) }, thirty = { 2, number("30", PERCENT_DIGITS) };
	const exact quarter = number("0.25", EXACT_DIGITS);
	static const minor taxes[] = { [TAX_ROUND_LINE] = 14, [TAX_ROUND_RATE] = 13, [TAX_ROUND_TOTAL] = 13 };
	(void)state;
	for (int place = 0; place < TAX_ROUND__MAX; place++) {
		struct tax_line lines[] = { { quarter, 0, 0, &ten, 1, 0 }, { quarter, 0, 0, &ten, 1, 0 }, { quarter, 0, 0, &thirty, 1, 0 } };
		const struct tax_rule rule = { .place = (enum tax_rounding)place, .digits = 2 };
		assert_int_equal(compute(&rule, lines, 3, NULL, 0).tax, taxes[place]);
	}
}

static void a_discount_takes_no_more_than_is_left(void **state)
{
	const struct tax ten = { 1, number("10", PERCENT_DIGITS) };
	struct tax_line lines[] = { { number("100", EXACT_DIGITS), 0, 0, &ten, 1, 0 } };
	const struct discount discounts[] = { { .amount = number("10", EXACT_DIGITS) }, { .amount = number("110", EXACT_DIGITS) } };
	const struct tax_rule rule = { .digits = 2 };
	(void)state;
	struct tax_result r = compute(&rule, lines, 1, discounts, 2);
	assert_int_equal(r.discount, 10000);
	assert_int_equal(r.tax, 0);
	assert_int_equal(r.total, 0);
}

/* A price and its tax, then the sum with the tax contained: the same tax, within the rounding. */
static void inclusive_undoes_exclusive(void **state)
{
	uint64_t seed = 21;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct tax rate = { 1, any(&seed, 500000000000) };
		const struct tax_rule out = { .digits = 2 }, in = { .digits = 2, .inclusive = true, .round_net = i % 2 };
		struct tax_line net = { (exact)any(&seed, 100000000) * 10000000000000000, 0, 0, &rate, 1, 0 }, gross = net;
		const struct tax_result added = compute(&out, &net, 1, NULL, 0);
		gross.amount = (exact)added.total * 10000000000000000;
		const struct tax_result contained = compute(&in, &gross, 1, NULL, 0);
		assert_int_equal(contained.total, added.total);
		assert_in_range(contained.tax - added.tax + 1, 0, 2);
		arena_reset(arena);
	}
}

static void what_an_invoice_shows_adds_up(void **state)
{
	uint64_t seed = 22;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct tax taxes[] = { { 1, any(&seed, 300000000000) }, { 2, any(&seed, 300000000000) }, { 3, 200000000000 } };
		struct tax_line lines[3];
		for (unsigned k = 0; k < 3; k++)
			lines[k] = (struct tax_line){ (exact)(any(&seed, 1000000) - 100000) * 10000000000000000, 0, 0, &taxes[k], k ? 1 : 2, 0 };
		const struct discount d[] = { { .is_percent = true, .rate = any(&seed, 1000000000000) }, { .amount = any(&seed, INT64_MAX) } };
		const struct tax_rule rule = { .digits = 2, .place = (enum tax_rounding)(i % TAX_ROUND__MAX), .inclusive = i % 2 };
		const struct tax_result r = compute(&rule, lines, 3, d, 2);
		minor by_rate = 0, by_line = 0;
		for (unsigned k = 0; k < r.tax_count; k++)
			by_rate += r.taxes[k].amount;
		for (unsigned k = 0; k < 3; k++)
			by_line += lines[k].tax;
		assert_int_equal(by_rate, r.tax);
		assert_true(rule.place != TAX_ROUND_LINE || by_line == r.tax);
		assert_int_equal(r.total, r.subtotal - r.discount + (rule.inclusive ? 0 : r.tax));
		arena_reset(arena);
	}
}

static void a_tax_is_told_by_its_id(void **state)
{
	const struct tax both[] = { { 7, number("9", PERCENT_DIGITS) }, { 8, number("9", PERCENT_DIGITS) } };
	struct tax_line lines[] = { { number("0.05", EXACT_DIGITS), 0, 0, both, 2, 0 }, { number("0.06", EXACT_DIGITS), 0, 0, both + 1, 1, 0 } };
	const struct tax_rule rule = { .place = TAX_ROUND_RATE, .digits = 2 };
	(void)state;
	const struct tax_result r = compute(&rule, lines, 2, NULL, 0);
	assert_int_equal(r.tax_count, 2);
	assert_int_equal(r.taxes[0].of.id, 7);
	assert_int_equal(r.taxes[0].amount, 0);
	assert_int_equal(r.taxes[1].of.id, 8);
	assert_int_equal(r.taxes[1].taxable, 11);
	assert_int_equal(r.taxes[1].amount, 1);
}

static void refuses_what_makes_no_sense(void **state)
{
	const struct tax minus = { 1, -1 }, one_id[] = { { 1, 5 }, { 1, 6 } };
	const unsigned nowhere = 5;
	struct tax_line line = { number("1", EXACT_DIGITS), 0, 0, &minus, 1, 0 }, torn = { number("1", EXACT_DIGITS), 0, 0, one_id, 2, 0 };
	struct tax_line plain = { number("1", EXACT_DIGITS), 0, 0, NULL, 0, 0 };
	struct tax_line large = { number("92233720368547758.08", EXACT_DIGITS), 0, 0, NULL, 0, 0 };
	const struct discount negative = { .amount = -1 }, missing = { .amount = 1, .lines = &nowhere, .line_count = 1 };
	const struct tax_rule rule = { .digits = 2 };
	struct tax_result r;
	(void)state;
	assert_int_equal(tax_compute(&r, arena, &rule, &line, 1, NULL, 0), ST_INVALID);
	assert_int_equal(tax_compute(&r, arena, &rule, &torn, 1, NULL, 0), ST_INVALID);
	assert_int_equal(tax_compute(&r, arena, &rule, &plain, 1, &negative, 1), ST_INVALID);
	assert_int_equal(tax_compute(&r, arena, &rule, &plain, 1, &missing, 1), ST_INVALID);
	assert_int_equal(tax_compute(&r, arena, &rule, &large, 1, NULL, 0), ST_RANGE);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(each_place_of_rounding_is_its_own), FACT(a_discount_takes_no_more_than_is_left), FACT(inclusive_undoes_exclusive),
		FACT(what_an_invoice_shows_adds_up), FACT(refuses_what_makes_no_sense), FACT(a_tax_is_told_by_its_id),
	};
	return cmocka_run_group_tests(facts, open_arena, close_arena);
}
