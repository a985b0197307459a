/* Allocation: the parts always add up, and nobody is a whole unit off. */
#include "exact.h"

#include "rate/allocation.h"

enum { MANY = 9 };

static void ties_go_to_the_first_or_to_the_lowest_key(void **state)
{
	struct share by_place[] = { { .weight = 1 }, { .weight = 1 }, { .weight = 1 } };
	struct share by_key[] = { { .weight = 1, .key = "C" }, { .weight = 1, .key = "A" }, { .weight = 1, .key = "B" } };
	(void)state;
	assert_int_equal(allocate(by_place, 3, 5), ST_OK);
	assert_true(by_place[0].amount == 2 && by_place[1].amount == 2 && by_place[2].amount == 1);
	assert_int_equal(allocate(by_key, 3, 5), ST_OK);
	assert_true(by_key[0].amount == 1 && by_key[1].amount == 2 && by_key[2].amount == 2);
}

static void parts_add_up_and_lie_within_one_unit(void **state)
{
	uint64_t seed = 5;
	(void)state;
	for (int i = 0; i < 40000; i++) {
		struct share shares[MANY];
		const unsigned count = (unsigned)any(&seed, MANY) + 1;
		const wide total = any(&seed, 1000000) - 500000;
		wide weights = 0, sum = 0;
		for (unsigned k = 0; k < count; k++)
			weights += (shares[k] = (struct share){ .weight = any(&seed, 1000) + (k == 0) }).weight;
		assert_int_equal(allocate(shares, count, total), ST_OK);
		for (unsigned k = 0; k < count; k++) {
			wide off = shares[k].amount * weights - total * shares[k].weight; /* in 1/weights of a unit */
			assert_true(off < weights && off > -weights);
			sum += shares[k].amount;
		}
		assert_true(sum == total);
	}
}

static void a_cap_holds_on_either_side_of_zero(void **state)
{
	const struct share shares[] = { { .weight = 150 }, { .weight = 99 } };
	wide total = 500, credit = -500, small = 1;
	(void)state;
	assert_int_equal(allocation_cap(&total, shares, 2, 100), ST_OK);
	assert_int_equal(allocation_cap(&credit, shares, 2, 100), ST_OK);
	assert_int_equal(allocation_cap(&small, shares, 2, 100), ST_OK);
	assert_true(total == 2 && credit == -2 && small == 1);
}

static void refuses_a_total_that_nothing_carries(void **state)
{
	struct share none[] = { { .weight = 0 } }, negative[] = { { .weight = -1 } };
	(void)state;
	assert_int_equal(allocate(none, 1, 1), ST_INVALID);
	assert_int_equal(allocate(none, 1, 0), ST_OK);
	assert_int_equal(allocate(none, 0, 0), ST_OK);
	assert_int_equal(allocate(none, 0, 1), ST_INVALID);
	assert_int_equal(allocate(negative, 1, 0), ST_INVALID);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(ties_go_to_the_first_or_to_the_lowest_key), FACT(parts_add_up_and_lie_within_one_unit),
		FACT(a_cap_holds_on_either_side_of_zero), FACT(refuses_a_total_that_nothing_carries),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
