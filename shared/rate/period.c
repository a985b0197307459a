/* Billing periods: boundaries counted from an origin, in wall time or in elapsed time. */
#include "rate/period.h"

#include "exact/zone.h"

/* ---- units ---- */

/* A unit is so many months, or so much time; only one of the two is set. */
static const struct unit {
	unsigned months;
	instant time;
	bool by_clock; /* shorter than a day: elapsed time, not wall time */
} units[UNIT__MAX] = {
	[UNIT_MINUTE] = { .time = MINUTE, .by_clock = true },
	[UNIT_HOUR] = { .time = HOUR, .by_clock = true },
	[UNIT_DAY] = { .time = DAY },
	[UNIT_WEEK] = { .time = 7 * DAY },
	[UNIT_MONTH] = { .months = 1 },
	[UNIT_QUARTER] = { .months = 3 },
	[UNIT_YEAR] = { .months = 12 },
};

/* Where calendar periods are counted from: 1 January 2000, or its first Monday. */
#define YEAR_2000 (10957 * DAY)
#define MONDAY_2000 (10959 * DAY)

/* ---- grids: boundary k in the wall time of a zone ---- */

struct grid {
	wall origin;     /* where boundary 0 lies */
	unsigned months; /* a step; or */
	instant time;
	const char *zone; /* that the grid is laid in; NULL for elapsed time */
};

static wall midnight(wall clock)
{
	return floor_div(clock, DAY) * DAY;
}

static enum st grid_of(struct grid *g, const struct cycle *c)
{
	if (c->unit >= UNIT__MAX || c->count == 0 || c->count > PERIOD_COUNT_CAP)
		return ST_INVALID;
	const struct unit *unit = &units[c->unit];
	*g = (struct grid){ .months = unit->months * c->count, .time = unit->time * c->count, .zone = c->zone };
	if (c->mode == PERIOD_CALENDAR) {
		g->origin = c->unit == UNIT_WEEK ? MONDAY_2000 : YEAR_2000;
		return zone_check(c->zone);
	}
	enum st st = zone_wall(&g->origin, c->zone, c->anchor);
	if (st)
		return st;
	if (c->day_granular)
		g->origin = midnight(g->origin);
	if (unit->by_clock) { /* only the origin is wall time */
		g->zone = NULL;
		st = zone_instant(&g->origin, c->zone, g->origin);
		if (!c->day_granular)
			g->origin = c->anchor; /* as given, even in an hour that occurs twice */
	}
	return st;
}

/* Months since year 0, for counting them. */
static int64_t month_number(wall clock)
{
	struct civil date = civil_from_days(floor_div(clock, DAY));
	return (int64_t)date.year * 12 + (int64_t)date.month - 1;
}

/* The same day and time of day `months` later, or the last day of a shorter month. */
static wall add_months(wall clock, int64_t months)
{
	struct civil date = civil_from_days(floor_div(clock, DAY));
	int64_t number = month_number(clock) + months;
	int year = (int)floor_div(number, 12);
	unsigned month = (unsigned)(number - (int64_t)year * 12) + 1;
	unsigned last = month_days(year, month);
	int64_t days = civil_to_days((struct civil){ year, month, date.day < last ? date.day : last });
	return days * DAY + (clock - midnight(clock));
}

enum { MONTHS_CAP = 12 * 10000 };

static enum st boundary(instant *out, const struct grid *g, int64_t k)
{
	int64_t step;
	if (g->months) {
		if (__builtin_mul_overflow(k, (int64_t)g->months, &step) || step > MONTHS_CAP || step < -MONTHS_CAP)
			return ST_RANGE;
		return zone_instant(out, g->zone, add_months(g->origin, step));
	}
	if (__builtin_mul_overflow(k, g->time, &step) || __builtin_add_overflow(g->origin, step, &step))
		return ST_RANGE;
	return zone_instant(out, g->zone, step);
}

/* The k with boundary(k) <= at < boundary(k + 1): a guess in wall time, which clamping
 * and skipped hours can make wrong by one either way, set right by trial. */
static enum st locate(int64_t *k, struct period *out, const struct grid *g, instant at)
{
	wall clock;
	enum st st = zone_wall(&clock, g->zone, at);
	if (st)
		return st;
	*k = g->months ? floor_div(month_number(clock) - month_number(g->origin), (int64_t)g->months)
	               : floor_div(clock - g->origin, g->time);
	while (!(st = boundary(&out->start, g, *k)) && out->start > at)
		--*k;
	while (!st && !(st = boundary(&out->end, g, *k + 1)) && out->end <= at) {
		++*k;
		out->start = out->end;
	}
	return st;
}

/* ---- calendar hours and minutes: the marks a local clock passes ---- */

static bool by_marks(const struct cycle *c)
{
	return c->mode == PERIOD_CALENDAR && c->unit < UNIT__MAX && units[c->unit].by_clock;
}

static wall mark_before(const struct grid *g, wall clock)
{
	return g->origin + floor_div(clock - g->origin, g->time) * g->time;
}

/* The last mark at or before `at` on clocks that changed since: marks are those that the old
 * offset reached, and those that a gap swallowed and so moved on by it. */
static enum st mark_by_old(instant *out, const struct grid *g, instant at, instant old)
{
	wall mark = mark_before(g, at + old);
	enum st st = zone_instant(out, g->zone, mark);
	for (; !st && *out != mark - old; st = zone_instant(out, g->zone, mark)) {
		mark -= g->time; /* the clocks went back before they reached it */
		if (at - mark > 3 * (g->time + DAY))
			return ST_RANGE;
	}
	return st;
}

/* The last mark at or before an instant: by elapsed time, so that both of two equal hours
 * have their own, unless the clocks changed since. */
static enum st mark_at(instant *out, const struct grid *g, instant at)
{
	wall clock, again;
	enum st st = zone_wall(&clock, g->zone, at);
	if (st)
		return st;
	wall mark = mark_before(g, clock);
	*out = at - (clock - mark);
	st = zone_wall(&again, g->zone, *out);
	if (!st && again != mark)
		return mark_by_old(out, g, at, again - *out);
	return st ? st : instant_fits(*out) ? ST_OK : ST_RANGE;
}

static enum st mark_after(instant *out, const struct grid *g, instant mark)
{
	enum st st = ST_OK;
	instant probe = mark;
	do {
		if (__builtin_add_overflow(probe, g->time, &probe) || !instant_fits(probe))
			return ST_RANGE;
		st = mark_at(out, g, probe);
	} while (!st && *out <= mark);
	return st;
}

/* A span in which clocks change at most once: no zone has put two changes nearer to each other. */
enum { CHANGE_DAYS = 10 };

static enum st offset_at(instant *offset, const struct grid *g, instant at)
{
	wall clock = at;
	enum st st = zone_wall(&clock, g->zone, at);
	*offset = clock - at;
	return st;
}

/* The first instant of a new offset in (from, to], where the offsets of both differ. */
static enum st change_between(instant *change, const struct grid *g, instant from, instant to)
{
	instant old, here;
	enum st st = offset_at(&old, g, from);
	while (!st && to - from > 1) {
		instant middle = from + (to - from) / 2;
		st = offset_at(&here, g, middle);
		*(here == old ? &from : &to) = middle;
	}
	*change = to;
	return st;
}

/* Marks in (from, to] under one offset. */
static int64_t passed(const struct grid *g, instant from, instant to, instant offset)
{
	return floor_div(to + offset - g->origin, g->time) - floor_div(from + offset - g->origin, g->time);
}

/* Marks in (from, to] across a change: around it one by one, since clocks pass some twice and leave out others. */
static enum st count_across(int64_t *count, const struct grid *g, instant from, instant to, instant old, instant new)
{
	instant change, mark, settled;
	enum st st = change_between(&change, g, from, to);
	if (st)
		return st;
	settled = change + (new > old ? new - old : 0) + g->time;
	settled = settled < to ? settled : to;
	*count += passed(g, from, change - 1, old);
	st = mark_at(&mark, g, change - 1);
	while (!st && !(st = mark_after(&mark, g, mark)) && mark <= settled)
		++*count;
	*count += passed(g, settled, to, new);
	return st;
}

/* How many marks lie in (from, to]. */
static enum st count_marks(int64_t *count, const struct grid *g, instant from, instant to)
{
	instant old, new;
	*count = 0;
	enum st st = offset_at(&old, g, from);
	for (instant next; from < to && !st; from = next, old = new) {
		next = to - from > CHANGE_DAYS * DAY ? from + CHANGE_DAYS * DAY : to;
		st = offset_at(&new, g, next);
		if (!st && old == new)
			*count += passed(g, from, next, old);
		else if (!st)
			st = count_across(count, g, from, next, old, new);
	}
	return st;
}

/* ---- what a cycle says ---- */

/* The period that holds `at`, and its number where periods have one. */
static enum st find(struct period *out, struct grid *g, int64_t *k, const struct cycle *c, instant at)
{
	enum st st = grid_of(g, c);
	if (st)
		return st;
	if (!by_marks(c))
		return locate(k, out, g, at);
	st = mark_at(&out->start, g, at);
	return st ? st : mark_after(&out->end, g, out->start);
}

enum st period_at(struct period *out, const struct cycle *cycle, instant at)
{
	struct grid g;
	int64_t k;
	return find(out, &g, &k, cycle, at);
}

enum st period_before(struct period *out, const struct cycle *cycle, instant at)
{
	struct period now;
	enum st st = period_at(&now, cycle, at);
	return st ? st : period_at(out, cycle, now.start - 1);
}

enum st period_cut(struct period *inout, const struct cycle *cycle, const instant *started, const instant *ended)
{
	if (started) {
		instant first = *started;
		wall clock;
		enum st st = ST_OK;
		if (cycle->day_granular && !(st = zone_wall(&clock, cycle->zone, first)))
			st = zone_instant(&first, cycle->zone, midnight(clock));
		if (st)
			return st;
		if (inout->start < first)
			inout->start = first;
	}
	if (ended && inout->end > *ended)
		inout->end = *ended;
	return ST_OK;
}

enum st period_days(int64_t *days, const char *zone, struct period span)
{
	wall first, last;
	enum st st = zone_wall(&first, zone, span.start);
	if (!st)
		st = zone_wall(&last, zone, span.end);
	if (!st)
		*days = floor_div(last, DAY) - floor_div(first, DAY);
	return st;
}

enum st period_elapsed(int64_t *count, const struct cycle *cycle, instant since, instant at)
{
	struct grid g;
	struct period first, now;
	int64_t k = 0, then = 0;
	enum st st = find(&first, &g, &then, cycle, since);
	if (!st)
		st = find(&now, &g, &k, cycle, at);
	if (st)
		return st;
	*count = k - then;
	if (by_marks(cycle))
		st = count_marks(count, &g, first.start, now.start);
	if (*count < 0)
		*count = 0;
	return st;
}

enum st period_next_start(instant *start, const struct cycle *cycle, instant from)
{
	struct period holds;
	enum st st = period_at(&holds, cycle, from);
	if (!st)
		*start = holds.start == from ? from : holds.end;
	return st;
}
