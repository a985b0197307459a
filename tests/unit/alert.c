/* Alerts: each threshold fires once, in the step that reaches it. */
#include "exact.h"

#include "rate/alert.h"

static const exact thresholds[] = { 10, 30, 50 };
static const struct alert stepped = { thresholds, 3, 35 }, steps_only = { NULL, 0, 100 };

static void assert_fires(const struct alert *a, exact before, exact after, const int *want)
{
	for (; *want; want++) {
		assert_int_equal(alert_next(&before, a, before, after), ST_OK);
		assert_true(before == *want);
	}
	assert_int_equal(alert_next(&before, a, before, after), ST_DONE);
}

static void fires_from_above_before_to_after(void **state)
{
	(void)state;
	assert_fires(&stepped, 0, 9, (int[]){ 0 });
	assert_fires(&stepped, 0, 10, (int[]){ 10, 0 });
	assert_fires(&stepped, 10, 30, (int[]){ 30, 0 });
	assert_fires(&stepped, 40, 200, (int[]){ 50, 85, 120, 155, 190, 0 });
	assert_fires(&stepped, 85, 85, (int[]){ 0 });
	assert_fires(&stepped, 200, 10, (int[]){ 0 });
	assert_fires(&steps_only, 0, 250, (int[]){ 100, 200, 0 });
	assert_fires(&steps_only, -50, 100, (int[]){ 100, 0 });
}

static void any_way_up_fires_the_same(void **state)
{
	uint64_t seed = 2;
	(void)state;
	for (int i = 0; i < 5000; i++) {
		int whole = 0, parts = 0;
		exact use = 0, t = 0;
		while (alert_next(&t, &stepped, t, 1000) == ST_OK)
			whole++;
		while (use < 1000) {
			exact next = use + any(&seed, 90) + 1;
			next = next > 1000 ? 1000 : next;
			for (t = use; alert_next(&t, &stepped, t, next) == ST_OK;)
				parts++;
			use = next;
		}
		assert_int_equal(parts, whole);
	}
}

static void a_step_past_the_largest_number_is_never_reached(void **state)
{
	const exact most = (exact)(~(unsigned __int128)0 >> 1), high[] = { most - 5 };
	const struct alert a = { high, 1, 10 };
	exact out;
	(void)state;
	assert_int_equal(alert_next(&out, &a, most - 5, most), ST_DONE);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(fires_from_above_before_to_after), FACT(any_way_up_fires_the_same), FACT(a_step_past_the_largest_number_is_never_reached),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
