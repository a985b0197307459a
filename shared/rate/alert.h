/* Alerts: the thresholds that a change of usage reaches. */
#ifndef RATE_ALERT_H
#define RATE_ALERT_H

#include <stdbool.h>

#include "exact/money.h"

struct alert {
	const exact *thresholds; /* ascending, each once */
	unsigned count;
	exact step;              /* > 0: further ones at equal steps beyond the last (from zero if
	                          * there is none); 0 for none */
};

/** The lowest threshold t with after `before` and at or below `after`: before < t <= after.
 *  Call it again with `before` = t for the next; so each fires once, in the step that
 *  reaches it, and moving back fires nothing.
 *  Returns: ST_OK; ST_DONE if there is none; ST_INVALID for a negative step; ST_RANGE.
 *  Out: reached  the threshold */
enum st alert_next(exact *reached, const struct alert *alert, exact before, exact after) MUST_USE;

#endif
