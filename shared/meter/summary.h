/* Summaries: what any range of time comes to, metric by metric. */
#ifndef METER_SUMMARY_H
#define METER_SUMMARY_H

#include "meter/rollup.h"
#include "account/window.h"

struct usage_total {
	const struct metric *metric;
	struct rollup rollup;
	qty total; /* by the metric's aggregation; what is signed may be below 0 here */
};

/** The totals of [start, end), exact to the microsecond. Where every limit window's events lie all inside or all
 *  outside, as of a period that runs, from their balances: a row a metric and window, however much they hold. Else
 *  from roll-ups and part-hours. In one query, two where a window turns out to be cut by the range, and one or two
 *  more for each metric of latest, unique and weighted_sum.
 *  Returns: ST_OK; ST_RANGE if a sum does not fit; what the store returns.
 *  Out: totals  one a metric with events, or of which something was held; by name, in the arena
 *  In:  metric  NULL: all. user: 0: all */
enum st usage_summary(struct usage_total **totals, unsigned *count, struct store *store, const struct account *account,
                      const struct metric *metric, int64_t user, struct period range, struct arena *arena) MUST_USE;

/** The same of every user from roll-ups alone: what balances are made of, and proved against. */
enum st usage_rolled_up(struct usage_total **totals, unsigned *count, struct store *store, const struct account *account,
                        const struct metric *metric, struct period range, struct arena *arena) MUST_USE;

/** Fill in the newest event of a total: last, last_at and last_event of its roll-up, which a
 *  summary knows only where the metric's aggregation asks for them. */
enum st usage_latest(struct usage_total *total, struct store *store, const struct account *account, int64_t user,
                     struct period range) MUST_USE;

#endif
