/* Billing periods: the half-open span of a cycle that holds an instant.
 *
 * Boundaries are counted in the wall time of a zone and always from the same
 * origin, so month ends clamp without drifting (31 Jan, 29 Feb, 31 Mar) and a
 * midnight stays a midnight when the clocks change. */
#ifndef RATE_PERIOD_H
#define RATE_PERIOD_H

#include <stdbool.h>

#include "exact/instant.h"
#include "base/status.h"

enum period_unit { UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR, UNIT__MAX };

/* anniversary: boundary k is the anchor + k × n units; minutes and hours are elapsed time.
 * calendar: local midnight of each day, Monday, 1st or 1 January, or the local minute or
 * hour; n units are aligned to January (months), to midnight (hours), else to the year 2000. Where
 * clocks jump by what n minutes do not divide, boundaries are what the clocks show after it. */
enum period_mode { PERIOD_ANNIVERSARY, PERIOD_CALENDAR };

struct cycle {
	enum period_mode mode;
	enum period_unit unit;
	unsigned count;    /* n units a period, 1 to PERIOD_COUNT_CAP */
	instant anchor;    /* where boundary 0 lies; of no matter to a calendar */
	const char *zone;  /* IANA name; boundaries keep its wall time. NULL: UTC */
	bool day_granular; /* of the anchor (and of a first cut) only the local date counts */
};

enum { PERIOD_COUNT_CAP = 1000000 };

struct period {
	instant start, end; /* start <= t < end */
};

/** The period that holds `at`. Month ends are clamped and never drift: 31 Jan, 29 Feb, 31 Mar.
 *  Returns: ST_OK; ST_INVALID for an unknown zone or a count of 0; ST_RANGE outside years 1 to 9999. */
enum st period_at(struct period *out, const struct cycle *cycle, instant at) MUST_USE;

/** The period before the one that holds `at`. As period_at(). */
enum st period_before(struct period *out, const struct cycle *cycle, instant at) MUST_USE;

/** Cut a period to the life of a subscription: [started, ended); NULL for an open end.
 *  A day-granular cycle starts at the local midnight of `started`. A period wholly
 *  outside comes back empty or reversed (end <= start).
 *  Returns: as period_at(). */
enum st period_cut(struct period *inout, const struct cycle *cycle, const instant *started,
                   const instant *ended) MUST_USE;

/** Local days from one instant's date to another's: 28 to 31 for a month, whatever the clocks do.
 *  Returns: as period_at(). */
enum st period_days(int64_t *days, const char *zone, struct period span) MUST_USE;

/** How many periods ended in (since, at], a first one cut by `since` included; never negative.
 *  Returns: as period_at(). */
enum st period_elapsed(int64_t *count, const struct cycle *cycle, instant since, instant at) MUST_USE;

/** The first boundary that is not before `from`. As period_at(). */
enum st period_next_start(instant *start, const struct cycle *cycle, instant from) MUST_USE;

#endif
