/* Alerts: thresholds in a list, then at equal steps. */
#include "rate/alert.h"

/* The first of last + step, last + 2 step, … that is above `before`. One that does not
 * fit is above any `after` too. */
static enum st next_step(exact *next, const struct alert *a, exact before)
{
	exact last = a->count ? a->thresholds[a->count - 1] : 0;
	exact beyond = 0, steps = 1;
	if (before > last) {
		if (__builtin_sub_overflow(before, last, &beyond))
			return ST_RANGE;
		steps = beyond / a->step + 1;
	}
	bool above = __builtin_mul_overflow(steps, a->step, next) || __builtin_add_overflow(*next, last, next);
	return above ? ST_DONE : ST_OK;
}

enum st alert_next(exact *reached, const struct alert *a, exact before, exact after)
{
	if (a->step < 0)
		return ST_INVALID;
	for (unsigned i = 0; i < a->count; i++) {
		if (a->thresholds[i] <= before)
			continue;
		*reached = a->thresholds[i];
		return *reached <= after ? ST_OK : ST_DONE;
	}
	if (!a->step || after <= before)
		return ST_DONE;
	enum st st = next_step(reached, a, before);
	return !st && *reached > after ? ST_DONE : st;
}
