/* Days and hours. */
#include "meter/day.h"

#include <string.h>

#include "exact/zone.h"

instant floor_to(instant t, instant width)
{
	return floor_div(t, width) * width;
}

static bool is_utc(const char *zone)
{
	return !zone || !strcmp(zone, "UTC");
}

static struct period utc_day(instant at)
{
	const instant start = floor_to(at, DAY);
	return (struct period){ start, start + DAY };
}

/* The day that was found last: most of what a process is asked for lies in today. */
static struct {
	char zone[64]; /* "": none yet */
	struct period day;
} found;

static bool is_found(const char *zone, instant at)
{
	return at >= found.day.start && at < found.day.end && !strcmp(zone, found.zone);
}

static void keep(const char *zone, struct period day)
{
	const size_t size = strlen(zone) + 1;
	if (size > sizeof found.zone)
		return;
	memcpy(found.zone, zone, size);
	found.day = day;
}

enum st day_at(struct period *day, const char *zone, instant at)
{
	const struct cycle days = { .mode = PERIOD_CALENDAR, .unit = UNIT_DAY, .count = 1, .zone = zone };
	const bool plain = is_utc(zone) || !instant_fits(at);
	*day = plain ? utc_day(at) : found.day;
	if (plain || is_found(zone, at))
		return ST_OK;
	enum st st = period_at(day, &days, at);
	if (st == ST_RANGE)
		*day = utc_day(at);
	else if (!st)
		keep(zone, *day);
	return st == ST_RANGE ? ST_OK : st;
}

struct period hour_of(struct period day, instant at)
{
	const instant start = day.start + (at - day.start) / HOUR * HOUR;
	return (struct period){ start, start + HOUR < day.end ? start + HOUR : day.end };
}

enum st days_until(instant *starts, unsigned count, const char *zone, instant at)
{
	struct period day;
	enum st st = day_at(&day, zone, at);
	for (unsigned i = 0; is_utc(zone) && i <= count; i++)
		starts[i] = day.end - (count - i) * DAY;
	if (is_utc(zone))
		return ST_OK;
	starts[count] = day.end;
	while (!st && count--) {
		starts[count] = day.start;
		st = count ? day_at(&day, zone, day.start - 1) : ST_OK;
	}
	return st;
}

/* Found by length, and set right where days were longer or shorter. */
unsigned day_index(const instant *starts, unsigned count, instant at)
{
	if (at < starts[0] || at >= starts[count])
		return count;
	const instant guess = (at - starts[0]) / DAY;
	unsigned i = guess < count ? (unsigned)guess : count - 1;
	while (at < starts[i])
		i--;
	while (at >= starts[i + 1])
		i++;
	return i;
}

const char *day_print(char *out, const char *zone, instant start)
{
	wall clock;
	return instant_print_date(out, zone_wall(&clock, zone, start) ? start : clock);
}

/* ---- stretches ---- */

/* Only of whole days do the hours of one go on where those of the day before end. */
static enum st extend(struct stretch *s, const char *zone, instant last)
{
	struct period day;
	enum st st = ST_OK;
	while (s->width == DAY && s->last < last && !(st = day_at(&day, zone, s->last + 1)) && day.end - day.start == DAY)
		s->last = day.end - 1;
	if (s->last >= last)
		s->last = INT64_MAX;
	return st;
}

static instant in_calendar(instant at)
{
	return at < INSTANT_FIRST ? INSTANT_FIRST : at >= INSTANT_END ? INSTANT_END - 1 : at;
}

enum st stretch_next(struct stretch *s, const char *zone, instant first, instant last)
{
	const bool begins = !s->width;
	struct period day = { 0, DAY };
	if (!begins && s->last == INT64_MAX)
		return ST_DONE;
	const instant from = begins ? INT64_MIN : s->last + 1;
	enum st st = is_utc(zone) ? ST_OK : day_at(&day, zone, begins ? in_calendar(first) : from);
	*s = (struct stretch){ from, is_utc(zone) ? INT64_MAX : day.end - 1, day.start, day.end - day.start };
	return st || is_utc(zone) ? st : extend(s, zone, in_calendar(last));
}
