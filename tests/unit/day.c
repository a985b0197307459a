/* Days and their hours: they cover time once, are those of limits, and stretches put them side by side. */
#include "exact.h"

#include "meter/cut.h"
#include "account/window.h"

static const char *const zones[] = {
	"UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca",
	"Pacific/Apia", "America/Havana", "Asia/Manila", "Pacific/Kwajalein", "Africa/Monrovia", "America/Sao_Paulo", "Asia/Kolkata",
};
enum { ZONES = sizeof zones / sizeof *zones };

/* From 1840 to 2100, from local mean times to rules without an end. */
static instant any_instant(uint64_t *seed)
{
	return at("1840-01-01T00:00:00Z") + any(seed, 260 * 365 * DAY);
}

static void days_cover_time_once(void **state)
{
	uint64_t seed = 1;
	(void)state;
	for (unsigned i = 0; i < 40000; i++) {
		const char *zone = zones[i % ZONES];
		const instant t = any_instant(&seed);
		struct period day, before, after;
		assert_int_equal(day_at(&day, zone, t), ST_OK);
		assert_true(day.start <= t && t < day.end && day.end - day.start < DAY_HOURS_CAP * HOUR);
		assert_int_equal(day_at(&before, zone, day.start - 1), ST_OK);
		assert_int_equal(day_at(&after, zone, day.end), ST_OK);
		assert_true(before.end == day.start && after.start == day.end);
	}
}

static void days_are_the_windows_of_limits(void **state)
{
	uint64_t seed = 2;
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		const struct account account = { .timezone = zones[i % ZONES] };
		const instant t = any_instant(&seed);
		struct period day, window;
		assert_int_equal(day_at(&day, account.timezone, t), ST_OK);
		assert_int_equal(window_at(&window, &account, WINDOW_DAY, t), ST_OK);
		assert_true(day.start == window.start && day.end == window.end);
	}
}

static void hours_cover_their_day_once(void **state)
{
	uint64_t seed = 3;
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		const instant t = any_instant(&seed);
		struct period day;
		assert_int_equal(day_at(&day, zones[i % ZONES], t), ST_OK);
		const struct period hour = hour_of(day, t);
		assert_true(day.start <= hour.start && hour.start <= t && t < hour.end && hour.end <= day.end);
		assert_true(hour.end - hour.start == HOUR || hour.end == day.end);
		assert_int_equal((hour.start - day.start) % HOUR, 0);
	}
}

static void assert_day(const char *zone, const char *t, const char *start, const char *end, const char *date)
{
	char text[INSTANT_ROOM];
	struct period day;
	assert_int_equal(day_at(&day, zone, at(t)), ST_OK);
	assert_instant(day.start, start);
	assert_instant(day.end, end);
	assert_string_equal(day_print(text, zone, day.start), date);
}

static void days_have_the_length_that_clocks_give_them(void **state)
{
	(void)state;
	assert_day("America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z",
	           "2026-03-08");
	assert_day("America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z",
	           "2026-11-01");
	assert_day("Australia/Lord_Howe", "2026-04-04T20:00:00Z", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z",
	           "2026-04-05");
	assert_day("Pacific/Apia", "2011-12-30T09:59:59.999999Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z",
	           "2011-12-29");
	assert_day("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z",
	           "2011-12-31");
	assert_day("America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z",
	           "2018-11-04");
	assert_day("Africa/Monrovia", "1950-06-15T12:00:00Z", "1950-06-15T00:44:30Z", "1950-06-16T00:44:30Z",
	           "1950-06-15");
	assert_day(NULL, "2026-01-01T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-01");
}

static void the_ends_of_the_calendar_have_days(void **state)
{
	(void)state;
	for (unsigned z = 0; z < ZONES; z++) {
		struct period day;
		assert_int_equal(day_at(&day, zones[z], INSTANT_FIRST), ST_OK);
		assert_true(day.start <= INSTANT_FIRST && INSTANT_FIRST < day.end);
		assert_int_equal(day_at(&day, zones[z], INSTANT_END - 1), ST_OK);
		assert_true(day.start < INSTANT_END && INSTANT_END - 1 < day.end);
	}
}

static void an_unknown_zone_has_no_days(void **state)
{
	struct period day;
	(void)state;
	assert_int_equal(day_at(&day, "Mars/Olympus", 0), ST_INVALID);
}

static void a_day_is_found_among_others(void **state)
{
	enum { COUNT = 400 };
	instant starts[COUNT + 1];
	uint64_t seed = 4;
	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		const char *zone = zones[i % ZONES];
		assert_int_equal(days_until(starts, COUNT, zone, any_instant(&seed)), ST_OK);
		assert_int_equal(day_index(starts, COUNT, starts[0] - 1), COUNT);
		assert_int_equal(day_index(starts, COUNT, starts[COUNT]), COUNT);
		for (unsigned k = 0; k < COUNT; k++) {
			assert_true(starts[k] < starts[k + 1]);
			assert_int_equal(day_index(starts, COUNT, starts[k]), k);
			assert_int_equal(day_index(starts, COUNT, starts[k + 1] - 1), k);
		}
	}
}

/* What statements compute of a stretch is what day_at() and hour_of() say. */
static void stretches_tell_the_same_hours_and_days(void **state)
{
	uint64_t seed = 5;
	(void)state;
	for (unsigned z = 0; z < ZONES; z++) {
		const instant first = at(z ? "1890-01-01T00:00:00Z" : "1970-01-01T00:00:00Z");
		const instant last = at("2040-01-01T00:00:00Z");
		struct stretch s = { 0 };
		instant next = INT64_MIN;
		enum st st;
		while (!(st = stretch_next(&s, zones[z], first, last))) {
			assert_true(s.first == next && s.last >= s.first);
			const instant from = s.first < first ? first : s.first, to = s.last > last ? last + 1 : s.last + 1;
			next = s.last == INT64_MAX ? s.last : s.last + 1;
			for (unsigned i = 0; i < 40; i++) {
				const instant t = i ? from + (instant)any(&seed, to - from) : to - 1;
				struct period day;
				assert_int_equal(day_at(&day, zones[z], t), ST_OK);
				assert_int_equal(s.origin + (t - s.origin) / s.width * s.width, day.start);
				assert_int_equal(s.origin + (t - s.origin) / HOUR * HOUR, hour_of(day, t).start);
			}
		}
		assert_int_equal(st, ST_DONE);
		assert_int_equal(next, INT64_MAX);
	}
}

static void assert_bucket_bound(const char *zone, instant t, bool of_day)
{
	struct period day;
	assert_int_equal(day_at(&day, zone, t), ST_OK);
	assert_true(of_day ? day.start == t : hour_of(day, t).start == t);
}

static void cuts_end_buckets_on_their_bounds_in_every_zone(void **state)
{
	uint64_t seed = 6;
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		const char *zone = zones[i % ZONES];
		const instant t = any_instant(&seed);
		const struct period r = { t, t + any(&seed, i % 3 ? 3 * HOUR : 5 * DAY) };
		struct cuts c;
		assert_int_equal(cut(&c, zone, r), ST_OK);
		assert_true(r.start <= c.first_hour && c.first_hour <= c.first_day && c.first_day <= c.last_day);
		assert_true(c.last_day <= c.last_hour && c.last_hour <= r.end);
		assert_true(c.start_hour.start <= r.start && r.start < c.start_hour.end);
		assert_true(c.end_hour.start <= r.end && r.end < c.end_hour.end);
		if (c.first_hour == c.last_hour)
			assert_true(c.end_hour.start <= c.start_hour.end || c.start_hour.start == r.start ||
			            r.end - r.start < 2 * HOUR);
		if (c.first_hour < c.last_hour) {
			assert_bucket_bound(zone, c.first_hour, false);
			assert_bucket_bound(zone, c.last_hour, false);
			assert_true(c.first_hour - r.start < HOUR && r.end - c.last_hour < HOUR);
		}
		if (c.first_day < c.last_day) {
			assert_bucket_bound(zone, c.first_day, true);
			assert_bucket_bound(zone, c.last_day, true);
		}
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(days_cover_time_once),
		FACT(days_are_the_windows_of_limits),
		FACT(hours_cover_their_day_once),
		FACT(days_have_the_length_that_clocks_give_them),
		FACT(the_ends_of_the_calendar_have_days),
		FACT(an_unknown_zone_has_no_days),
		FACT(a_day_is_found_among_others),
		FACT(stretches_tell_the_same_hours_and_days),
		FACT(cuts_end_buckets_on_their_bounds_in_every_zone),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
