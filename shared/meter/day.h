/* Days and hours: the buckets that usage is rolled up in, which are those of the tenant's time zone.
 *
 * A day goes from one local midnight to the next, as the limit window of a day does. Its hours are counted from its
 * start, not from the clock's marks: so each lies in one day, in every zone, and of a day with half an hour more or less
 * the last one is shorter. In UTC both are what division gives. */
#ifndef METER_DAY_H
#define METER_DAY_H

#include "rate/period.h"

enum { DAY_HOURS_CAP = 50 }; /* where clocks were put back across the date line a day had 47 */

/** The latest multiple of `width` that is not after `t`. */
instant floor_to(instant t, instant width);

/** The day that holds an instant. At the ends of the calendar, where a zone has none, it is that of UTC.
 *  Returns: ST_OK; ST_INVALID for a zone that the system does not know; ST_MEMORY. In: zone  NULL: UTC */
enum st day_at(struct period *day, const char *zone, instant at) MUST_USE;

/** The hour of a day that holds an instant of it. */
struct period hour_of(struct period day, instant at);

/** The last days up to the one that holds an instant; a date that never was is none of them.
 *  Returns: as day_at(). Out: starts  count + 1: where each begins, and where the last one ends */
enum st days_until(instant *starts, unsigned count, const char *zone, instant at) MUST_USE;

/** Which of the days holds an instant. Returns: from 0; `count` where none does. */
unsigned day_index(const instant *starts, unsigned count, instant at);

/** Print the local date of a day by its start: "2026-01-15". Returns `out`. */
const char *day_print(char *out, const char *zone, instant start);

/** Days of equal length side by side, for a statement that puts what it reads into buckets: from `origin` on a day
 *  each `width`. */
struct stretch {
	instant first, last; /* both included; the first one reaches back, the last one on, to the end of all numbers */
	instant origin, width;
};

/** The stretches that hold what lies from `first` to `last`; in UTC there is one.
 *  Returns: ST_OK; ST_DONE behind the last one; as day_at(). In/Out: stretch  zeroed before the first */
enum st stretch_next(struct stretch *stretch, const char *zone, instant first, instant last) MUST_USE;

#endif
