/* Billing periods: the half-open span of a cycle that holds an instant. */
#ifndef RATE_PERIOD_H
#define RATE_PERIOD_H

#include <stdbool.h>

#include "base/instant.h"
#include "base/status.h"

enum period_unit { UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR, UNIT__MAX };
enum period_mode { PERIOD_ANNIVERSARY, PERIOD_CALENDAR };

struct cycle {
	enum period_mode mode;
	enum period_unit unit;
	unsigned count;   /* n units a period, from 1 */
	instant anchor;   /* boundaries count from it; period k starts at anchor + k × n units */
	const char *zone; /* IANA name; boundaries keep its wall time. NULL: UTC */
};

struct period {
	instant start, end; /* start <= t < end */
};

/** The period that holds `at`. Month ends are clamped and never drift: 31 Jan, 29 Feb, 31 Mar.
 *  Returns: ST_OK; ST_INVALID for an unknown zone or a count of 0; ST_RANGE outside years 1 to 9999. */
enum st period_at(struct period *out, const struct cycle *cycle, instant at) MUST_USE;

#endif
