/* Periods: they tile the time line, month ends do not drift, cuts and counts hold. */
#include "exact.h"

#include "rate/period.h"

static const char *const zones[] = { "UTC", "America/New_York", "Europe/Paris", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia" };

enum { ZONES = sizeof zones / sizeof *zones };

/* From one end to the next start, without gap or overlap, and each instant in its period. */
static void assert_tiles(const struct cycle *c, instant from, instant to)
{
	struct period p, inner;
	assert_int_equal(period_at(&p, c, from), ST_OK);
	assert_true(p.start <= from && from < p.end);
	for (unsigned n = 0; p.end < to; n++) {
		instant edge = p.end;
		if (n % 8 == 0) {
			assert_int_equal(period_at(&inner, c, edge - 1), ST_OK);
			assert_true(inner.start == p.start && inner.end == edge);
		}
		assert_int_equal(period_at(&p, c, edge), ST_OK);
		assert_true(p.start == edge && p.end > edge);
	}
}

static void tile(enum period_mode mode, enum period_unit unit, unsigned count, bool granular, const char *from, const char *to)
{
	for (int z = 0; z < ZONES; z++) {
		struct cycle c = { mode, unit, count, at("2004-02-29T02:30:00Z"), zones[z], granular };
		assert_tiles(&c, at(from), at(to));
	}
}

static void days_and_longer_tile_200_years(void **state)
{
	static const struct { enum period_unit unit; unsigned count; } steps[] = {
		{ UNIT_DAY, 1 }, { UNIT_DAY, 30 }, { UNIT_WEEK, 1 }, { UNIT_MONTH, 1 }, { UNIT_MONTH, 5 }, { UNIT_QUARTER, 1 }, { UNIT_YEAR, 1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		for (int mode = PERIOD_ANNIVERSARY; mode <= PERIOD_CALENDAR; mode++)
			for (int granular = 0; granular < 2; granular++)
				tile((enum period_mode)mode, steps[i].unit, steps[i].count, granular, "1930-01-01T00:00:00Z", "2130-01-01T00:00:00Z");
}

static void hours_and_minutes_tile_too(void **state)
{
	(void)state;
	for (int mode = PERIOD_ANNIVERSARY; mode <= PERIOD_CALENDAR; mode++) {
		tile((enum period_mode)mode, UNIT_HOUR, 12, false, "1930-01-01T00:00:00Z", "2130-01-01T00:00:00Z");
		tile((enum period_mode)mode, UNIT_HOUR, 1, true, "2009-01-01T00:00:00Z", "2013-01-01T00:00:00Z");
		tile((enum period_mode)mode, UNIT_MINUTE, 10, false, "2011-09-01T00:00:00Z", "2012-05-01T00:00:00Z");
	}
}

static void month_ends_clamp_and_return(void **state)
{
	static const char *const starts[] = { "2024-01-31T00:00:00Z", "2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z", "2024-04-30T00:00:00Z" };
	const struct cycle c = { PERIOD_ANNIVERSARY, UNIT_MONTH, 1, at(starts[0]), NULL, false };
	struct period p = { .end = at(starts[0]) };
	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_instant(p.end, starts[i]);
		assert_int_equal(period_at(&p, &c, p.end), ST_OK);
	}
}

static void the_29th_of_february_comes_back_in_leap_years(void **state)
{
	static const char *const starts[] = { "2024-02-29T00:00:00Z", "2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z", "2027-02-28T00:00:00Z", "2028-02-29T00:00:00Z" };
	const struct cycle c = { PERIOD_ANNIVERSARY, UNIT_YEAR, 1, at(starts[0]), NULL, false };
	struct period p = { .end = at(starts[0]) };
	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_instant(p.end, starts[i]);
		assert_int_equal(period_at(&p, &c, p.end), ST_OK);
	}
}

static void days_of_23_and_25_hours_are_days(void **state)
{
	const struct cycle c = { PERIOD_CALENDAR, UNIT_DAY, 1, 0, "America/New_York", false };
	struct period p;
	int64_t days;
	(void)state;
	assert_int_equal(period_at(&p, &c, at("2024-03-10T12:00:00Z")), ST_OK);
	assert_true(p.end - p.start == 23 * HOUR);
	assert_int_equal(period_days(&days, c.zone, p), ST_OK);
	assert_int_equal(days, 1);
	assert_int_equal(period_at(&p, &c, at("2024-11-03T12:00:00Z")), ST_OK);
	assert_true(p.end - p.start == 25 * HOUR);
}

static void both_of_two_equal_hours_have_their_own(void **state)
{
	const struct cycle c = { PERIOD_CALENDAR, UNIT_HOUR, 1, 0, "America/New_York", false };
	struct period p;
	int64_t count;
	(void)state;
	assert_int_equal(period_at(&p, &c, at("2024-11-03T05:30:00Z")), ST_OK);
	assert_instant(p.start, "2024-11-03T05:00:00Z");
	assert_int_equal(period_at(&p, &c, at("2024-11-03T06:30:00Z")), ST_OK);
	assert_instant(p.start, "2024-11-03T06:00:00Z");
	assert_int_equal(period_elapsed(&count, &c, at("2024-11-03T04:10:00Z"), at("2024-11-03T08:10:00Z")), ST_OK);
	assert_int_equal(count, 4);
}

static void a_cut_period_counts_as_finished(void **state)
{
	const struct cycle c = { PERIOD_ANNIVERSARY, UNIT_MONTH, 1, at("2024-01-10T00:00:00Z"), NULL, true };
	const instant started = at("2024-01-01T09:00:00Z"), ended = at("2024-02-20T00:00:00Z");
	struct period p;
	int64_t count;
	(void)state;
	assert_int_equal(period_at(&p, &c, at("2024-01-05T00:00:00Z")), ST_OK);
	assert_int_equal(period_cut(&p, &c, &started, NULL), ST_OK);
	assert_instant(p.start, "2024-01-01T00:00:00Z"); /* a day's grain: its midnight */
	assert_int_equal(period_elapsed(&count, &c, started, at("2024-02-10T00:00:00Z")), ST_OK);
	assert_int_equal(count, 2);
	assert_int_equal(period_at(&p, &c, at("2024-02-15T00:00:00Z")), ST_OK);
	assert_int_equal(period_cut(&p, &c, &started, &ended), ST_OK);
	assert_instant(p.start, "2024-02-10T00:00:00Z");
	assert_instant(p.end, "2024-02-20T00:00:00Z");
}

static void refuses_what_has_no_period(void **state)
{
	struct cycle c = { PERIOD_ANNIVERSARY, UNIT_MONTH, 1, at("2024-01-10T00:00:00Z"), NULL, false };
	struct period p;
	(void)state;
	c.count = 0;
	assert_int_equal(period_at(&p, &c, c.anchor), ST_INVALID);
	c.count = 1;
	c.zone = "Mars/Olympus";
	assert_int_equal(period_at(&p, &c, c.anchor), ST_INVALID);
	c.zone = NULL;
	assert_int_equal(period_at(&p, &c, at("9999-12-31T00:00:00Z")), ST_RANGE);
	assert_int_equal(period_before(&p, &c, at("0001-01-05T00:00:00Z")), ST_RANGE);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(days_and_longer_tile_200_years), FACT(hours_and_minutes_tile_too), FACT(month_ends_clamp_and_return),
		FACT(the_29th_of_february_comes_back_in_leap_years), FACT(days_of_23_and_25_hours_are_days),
		FACT(both_of_two_equal_hours_have_their_own), FACT(a_cut_period_counts_as_finished), FACT(refuses_what_has_no_period),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
