/* Roll-ups: what is kept of the events of an hour, a day or a limit window. */
#ifndef METER_ROLLUP_H
#define METER_ROLLUP_H

#include "catalog/metric.h"

/** The same columns in usage_hours, usage_days and usage_balances. Zeroed: no events. */
struct rollup {
	qty sum, min, max, last; /* last: the quantity of the newest event */
	int64_t count;
	instant first_at, last_at;
	int64_t last_event; /* of events at one instant the larger id is the newer */
	bool beyond;        /* the sum is more than can be counted, and is not told */
	int64_t distinct;   /* unique: values. Kept with balances only; one event adds 1 if its value is new there */
};

/** The roll-up of one event. */
struct rollup rollup_of(qty quantity, instant recorded_at, int64_t event_id);

/** Take another in. Returns: ST_OK; ST_RANGE when the sum does not fit (`into` is unchanged). */
enum st rollup_merge(struct rollup *into, const struct rollup *other) MUST_USE;

/** Take another in, for reading: a sum that does not fit is `beyond`, the rest is told all the same. */
void rollup_gather(struct rollup *into, const struct rollup *other);

/** The total of a range or a day: the sum of a metric of sum, which may be negative; else what is used. */
qty rollup_total(const struct rollup *rollup, const struct metric *metric);

/** What counts as used, by the metric's aggregation: a sum below 0 counts as 0, a max, min or latest stays what it is.
 *  Not of weighted_sum, which needs time: 0. */
qty rollup_used(const struct rollup *rollup, const struct metric *metric);

/** Read the nine columns of a balance that begin at `column`: sum, count, min, max, first_at,
 *  last_at, last_event_id, last_quantity, distinct_values. */
struct rollup rollup_row(const struct rows *rows, unsigned column);

/** Read the four of a sum of roll-ups: sum (NULL where it is beyond), count, min, max.
 *  In: summed  false: of all metrics, where the sum is 0 and means nothing */
struct rollup rollup_sums(const struct rows *rows, unsigned column, bool summed);

#endif
