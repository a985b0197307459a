/* Time zones: gaps, hours that occur twice, and names that are none. */
#include "exact.h"

#include "exact/zone.h"

static void assert_wall(const char *zone, const char *clock, const char *utc)
{
	instant out;
	assert_int_equal(zone_instant(&out, zone, at(clock)), ST_OK); /* a wall time written as if it were UTC */
	assert_instant(out, utc);
}

static void a_skipped_time_moves_forward_by_the_gap(void **state)
{
	(void)state;
	assert_wall("America/New_York", "2024-03-10T02:30:00Z", "2024-03-10T07:30:00Z"); /* 03:30 summer time */
	assert_wall("Australia/Lord_Howe", "2024-10-06T02:15:00Z", "2024-10-05T15:45:00Z");
	assert_wall("America/Sao_Paulo", "2017-10-15T00:00:00Z", "2017-10-15T03:00:00Z"); /* no midnight that day */
	assert_wall("Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T22:00:00Z");      /* no such day */
}

static void of_a_time_that_occurs_twice_it_is_the_first(void **state)
{
	(void)state;
	assert_wall("America/New_York", "2024-11-03T01:30:00Z", "2024-11-03T05:30:00Z");
	assert_wall("Europe/Paris", "2024-10-27T02:30:00Z", "2024-10-27T00:30:00Z");
	assert_wall("Australia/Lord_Howe", "2024-04-07T01:45:00Z", "2024-04-06T14:45:00Z");
}

static void wall_time_and_back_is_the_same_where_it_is_unique(void **state)
{
	static const char *const zones[] = { "UTC", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca", "Europe/Paris" };
	uint64_t seed = 1;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		const char *zone = zones[i % 5];
		instant t = any(&seed, 4000000000) * SECOND, back;
		wall clock, again;
		assert_int_equal(zone_wall(&clock, zone, t), ST_OK);
		assert_int_equal(zone_instant(&back, zone, clock), ST_OK);
		assert_int_equal(zone_wall(&again, zone, back), ST_OK);
		assert_int_equal(again, clock);
		assert_true(back <= t); /* the first of two */
	}
}

/* The first fact, before any zone was set: what the process served before must not matter. */
static void an_empty_name_is_no_zone_from_the_first(void **state)
{
	wall clock;
	(void)state;
	assert_int_equal(zone_check(""), ST_INVALID);
	assert_int_equal(zone_wall(&clock, "", 0), ST_INVALID);
}

static void refuses_names_that_are_no_zone(void **state)
{
	static const char *const bad[] = { "", "Mars/Olympus", "../etc/passwd", "Europe/../Europe/Paris", "/usr/share/zoneinfo/UTC", "Europe", "zone.tab",
		"EST5EDT,M3.2.0", ":UTC", "right/UTC", "posix/UTC", "localtime", "posixrules", "Factory", "Europe/", "Europe//Paris", "Europe/Paris ", "utc",
		"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(zone_check(bad[i]), ST_INVALID);
	assert_int_equal(zone_check(NULL), ST_OK);
	assert_int_equal(zone_check("Europe/Paris"), ST_OK);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(an_empty_name_is_no_zone_from_the_first),
		FACT(a_skipped_time_moves_forward_by_the_gap), FACT(of_a_time_that_occurs_twice_it_is_the_first),
		FACT(wall_time_and_back_is_the_same_where_it_is_unique), FACT(refuses_names_that_are_no_zone),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
