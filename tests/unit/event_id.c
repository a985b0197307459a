/* Facts of event numbers: they rise within a request, and are read back as they were printed. */
#include "facts.h"

#include <stdio.h>

#include "meter/event_id.h"

static const instant now = 1769898123456789;

/* The later sent is the latest of one instant, whatever the dice show. */
static void numbers_of_a_request_rise(void **state)
{
	static const int64_t dice[] = { 0, 1, (1 << 23) - 1, (1 << 23) - 2, (1 << 23) - 500, (1 << 23) - 4097, INT64_MAX, INT64_MAX - 999 };
	(void)state;
	for (size_t d = 0; d < sizeof dice / sizeof *dice; d++)
		for (unsigned i = 1; i < 1000; i++)
			if (event_number(now, i, dice[d]) <= event_number(now, i - 1, dice[d]))
				fail_msg("number %u falls with %lld", i, (long long)dice[d]);
}

static void a_later_millisecond_has_greater_numbers(void **state)
{
	(void)state;
	assert_true(event_number(now + 1000, 0, 0) > event_number(now, 999, (1 << 23) - 1));
	assert_true(event_number(now, 0, 0) > 0);
}

static void is_read_back(void **state)
{
	char id[EVENT_ID_ROOM];
	instant at;
	int64_t number;
	(void)state;
	event_id_print(id, now, INT64_MAX - 7);
	assert_int_equal(event_id_read(&at, &number, id), ST_OK);
	assert_int_equal(at, now);
	assert_int_equal(number, INT64_MAX - 7);
}

static void what_is_no_id_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "evt_", "evt_0000000000000000000000000", "evt_000000000000000000000000000", "evx_00000000000000000000000000",
		"evt_0000000000000000000000000u", "evt_0000000000000g000000000000", "evt_g0000000000000000000000000", "evt_0000000000000zzzzzzzzzzzzz",
	};
	instant at;
	int64_t number;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (event_id_read(&at, &number, bad[i]) != ST_INVALID)
			fail_msg("\"%s\" is taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(numbers_of_a_request_rise),
		FACT(a_later_millisecond_has_greater_numbers),
		FACT(is_read_back),
		FACT(what_is_no_id_is_refused),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
