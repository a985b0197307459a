/* Exact fractions: they stay exact past 128 bits, and say when they do not fit. */
#include "exact.h"

#include "exact/ratio.h"

static void assert_ratio(const struct ratio *r, wide n, wide d)
{
	struct ratio want = ratio_of(n, d);
	assert_false(r->failed);
	assert_int_equal(ratio_compare(r, &want), 0);
}

static void a_third_thrice_is_one(void **state)
{
	struct ratio third = ratio_of(1, 3), sum = ratio_of(0, 1);
	(void)state;
	for (int i = 0; i < 3; i++)
		ratio_add(&sum, &third);
	assert_ratio(&sum, 1, 1);
	ratio_subtract(&sum, &third);
	assert_ratio(&sum, 2, 3);
	ratio_divide(&sum, &third);
	assert_ratio(&sum, 2, 1);
}

static void a_product_undone_is_what_it_was(void **state)
{
	uint64_t seed = 7;
	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct ratio r = ratio_of(1, 1), by[6];
		for (int k = 0; k < 6; k++) {
			by[k] = ratio_of((any(&seed, INT64_MAX) + 1) * (k % 2 ? -1 : 1), any(&seed, INT64_MAX) + 1);
			ratio_multiply(&r, &by[k]);
			ratio_add(&r, &by[0]);
		}
		for (int k = 6; k--;) {
			ratio_subtract(&r, &by[0]);
			ratio_divide(&r, &by[k]);
		}
		assert_ratio(&r, 1, 1);
	}
}

static void what_outgrows_it_is_failed_for_good(void **state)
{
	struct ratio r = ratio_of((wide)1 << 126, 1), one = ratio_of(1, 1), zero = ratio_of(0, 1);
	wide out;
	(void)state;
	for (int i = 0; i < 5; i++)
		ratio_multiply(&r, &r);
	assert_true(r.failed);
	ratio_multiply(&r, &zero);
	assert_int_equal(ratio_round(&out, &r, 0, ROUND_DOWN), ST_RANGE);
	ratio_divide(&one, &zero);
	assert_true(one.failed);
}

static void rounds_to_any_digits(void **state)
{
	struct ratio r = ratio_of(-12345, 100);
	wide out;
	(void)state;
	assert_int_equal(ratio_round(&out, &r, 1, ROUND_HALF_EVEN), ST_OK);
	assert_true(out == -1234);
	assert_int_equal(ratio_round(&out, &r, 1, ROUND_HALF_AWAY), ST_OK);
	assert_true(out == -1235);
	assert_int_equal(ratio_round(&out, &r, -2, ROUND_DOWN), ST_OK);
	assert_true(out == -2);
	assert_int_equal(ratio_round(&out, &r, -38, ROUND_UP), ST_OK);
	assert_true(out == 0);
	assert_int_equal(ratio_round(&out, &r, 37, ROUND_UP), ST_RANGE);
}

static void multiplies_before_it_divides(void **state)
{
	const wide most = (wide)(~(unsigned __int128)0 >> 1);
	wide q, rest;
	(void)state;
	assert_int_equal(multiply_divide(&q, &rest, most, most - 1, most), ST_OK);
	assert_true(q == most - 1 && rest == 0);
	assert_int_equal(multiply_divide(&q, &rest, most, most, most - 1), ST_RANGE);
	assert_int_equal(multiply_divide(&q, &rest, 7, 5, 3), ST_OK);
	assert_true(q == 11 && rest == 2);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(a_third_thrice_is_one), FACT(a_product_undone_is_what_it_was), FACT(what_outgrows_it_is_failed_for_good),
		FACT(rounds_to_any_digits), FACT(multiplies_before_it_divides),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
