/* Cuts: how a range of time falls into buckets: part-hour, hours, whole days, hours, part-hour. */
#ifndef METER_CUT_H
#define METER_CUT_H

#include "meter/day.h"

struct cuts {
	instant first_hour, first_day, last_day, last_hour;
	struct period start_hour; /* the hour that holds the range's start */
	struct period end_hour;   /* the one that holds its end; it begins there where none reaches beyond */
};

/** Cut a range into buckets of a zone: events in [start, first_hour), hours in [first_hour, first_day), days in
 *  [first_day, last_day), hours in [last_day, last_hour), events in [last_hour, end).
 *  Returns: as day_at(). */
enum st cut(struct cuts *cuts, const char *zone, struct period range) MUST_USE;

#endif
