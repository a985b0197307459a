/* Cuts: how a range of time falls into buckets: part-hour, hours, whole days, hours, part-hour. */
#ifndef METER_CUT_H
#define METER_CUT_H

#include "rate/period.h"

struct cuts {
	instant first_hour, first_day, last_day, last_hour;
	instant start_hour, end_hour; /* those that hold the range's start and its end */
};

/** The latest multiple of `width` that is not after `t`. */
instant floor_to(instant t, instant width);

/** Cut a range: events in [start, first_hour), hours in [first_hour, first_day), days in [first_day, last_day),
 *  hours in [last_day, last_hour), events in [last_hour, end). */
struct cuts cut(struct period range);

#endif
