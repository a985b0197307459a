/* Limit windows. */
#include "billing/window.h"

enum st windows_at(struct windows *w, const struct account *a, instant at)
{
	const struct cycle month = { .mode = PERIOD_CALENDAR, .unit = UNIT_MONTH, .count = 1, .zone = a->timezone };
	const struct cycle day = { .mode = PERIOD_CALENDAR, .unit = UNIT_DAY, .count = 1, .zone = a->timezone };
	struct cycle billing = {
		.mode = PERIOD_ANNIVERSARY, .unit = a->yearly ? UNIT_YEAR : UNIT_MONTH, .count = 1,
		.anchor = a->anchor, .zone = a->timezone,
	};
	enum st st = period_at(&w->of[WINDOW_MONTH], &month, at);
	if (!st)
		st = period_at(&w->of[WINDOW_DAY], &day, at);
	/* What starts with a day keeps to midnights, also where that day began at 01:00. */
	struct period first_day = { 0 };
	if (!st && a->subscription_id)
		st = period_at(&first_day, &day, a->anchor);
	billing.day_granular = first_day.start == a->anchor;
	if (!st && a->subscription_id)
		st = period_at(&w->of[WINDOW_PERIOD], &billing, at);
	else
		w->of[WINDOW_PERIOD] = w->of[WINDOW_MONTH];
	return st;
}
