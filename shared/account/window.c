/* Limit windows. */
#include "account/window.h"

/* What starts with a day keeps to midnights, also where that day began at 01:00. */
static enum st billing_at(struct period *out, const struct account *a, const struct cycle *day, instant at)
{
	struct period first_day;
	struct cycle billing = {
		.mode = PERIOD_ANNIVERSARY, .unit = a->yearly ? UNIT_YEAR : UNIT_MONTH, .count = 1,
		.anchor = a->anchor, .zone = a->timezone,
	};
	enum st st = period_at(&first_day, day, a->anchor);
	if (st)
		return st;
	billing.day_granular = first_day.start == a->anchor;
	return period_at(out, &billing, at);
}

enum st window_at(struct period *out, const struct account *a, enum limit_window kind, instant at)
{
	const struct cycle month = { .mode = PERIOD_CALENDAR, .unit = UNIT_MONTH, .count = 1, .zone = a->timezone };
	const struct cycle day = { .mode = PERIOD_CALENDAR, .unit = UNIT_DAY, .count = 1, .zone = a->timezone };
	if (kind == WINDOW_DAY)
		return period_at(out, &day, at);
	return kind == WINDOW_PERIOD && a->subscription_id ? billing_at(out, a, &day, at) : period_at(out, &month, at);
}

enum st windows_at(struct windows *w, const struct account *a, instant at)
{
	enum st st = ST_OK;
	for (unsigned kind = 0; kind < WINDOW__MAX && !st; kind++)
		st = window_at(&w->of[kind], a, kind, at);
	return st;
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
