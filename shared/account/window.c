/* Limit windows. */
#include "account/window.h"

static enum st in_calendar(struct period *out, const struct account *a, enum period_unit unit, instant at)
{
	const struct cycle calendar = { .mode = PERIOD_CALENDAR, .unit = unit, .count = 1, .zone = a->timezone };
	return period_at(out, &calendar, at);
}

/* What starts with a day keeps to midnights, also where that day began at 01:00. */
static enum st since_anchor(struct period *out, const struct account *a, enum billing_cycle cycle, instant at)
{
	struct period first_day;
	struct cycle billing = cycle_from(cycle, a->anchor, a->timezone);
	enum st st = in_calendar(&first_day, a, UNIT_DAY, a->anchor);
	if (st)
		return st;
	billing.day_granular = first_day.start == a->anchor;
	return period_at(out, &billing, at);
}

enum st window_at(struct period *out, const struct account *a, enum limit_window kind, instant at)
{
	static const enum period_unit units[WINDOW__MAX] = {
		[WINDOW_PERIOD] = UNIT_MONTH, [WINDOW_MONTH] = UNIT_MONTH, [WINDOW_WEEK] = UNIT_WEEK, [WINDOW_DAY] = UNIT_DAY,
		[WINDOW_HOUR] = UNIT_HOUR,
	};
	return kind == WINDOW_PERIOD && a->subscription_id ? since_anchor(out, a, a->usage_cycle, at)
	                                                   : in_calendar(out, a, units[kind], at);
}

enum st windows_at(struct windows *w, const struct account *a, const struct catalog *catalog, instant at)
{
	enum st st = ST_OK;
	*w = (struct windows){ 0 };
	for (unsigned kind = 0; kind < WINDOW__MAX && !st; kind++)
		if (kind == WINDOW_PERIOD || catalog->has_window[kind])
			st = window_at(&w->of[kind], a, kind, at);
	return st;
}

enum st window_of_cycle(struct period *out, const struct account *a, instant at)
{
	return a->subscription_id ? since_anchor(out, a, a->cycle, at) : in_calendar(out, a, UNIT_MONTH, at);
}

bool window_counts(const struct account *a, instant at)
{
	return !a->subscription_id || at >= a->anchor;
}

struct period window_counted(const struct account *a, struct period window)
{
	if (a->subscription_id && window.start < a->anchor)
		window.start = window.end < a->anchor ? window.end : a->anchor;
	return window;
}
