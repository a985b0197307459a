/* Aggregation: what the events of a window come to.
 *
 *   sum, count, max, min, latest   of the values; a count needs none
 *   unique                         distinct values that were added and not removed since
 *   weighted_sum                   the running total averaged over the window's time: a value held
 *                                  for half of the window counts half (GB-months from GB)
 * Without events each is 0. */
#ifndef RATE_AGGREGATION_H
#define RATE_AGGREGATION_H

#include "exact/money.h"
#include "rate/period.h"

enum aggregation {
	AGGREGATE_SUM, AGGREGATE_COUNT, AGGREGATE_MAX, AGGREGATE_MIN, AGGREGATE_LATEST, AGGREGATE_UNIQUE,
	AGGREGATE_WEIGHTED_SUM, AGGREGATE__MAX
};

/* ---- of roll-ups: what can be kept beside a bucket and merged ---- */

struct tally {
	bool any;
	int64_t count;
	exact sum, min, max, latest;
	instant latest_at;
};

/** Take one value in, at its instant; of equal instants the last one taken is the latest.
 *  Returns: ST_OK; ST_RANGE when the sum does not fit (the tally is as before). */
enum st tally_add(struct tally *tally, instant at, exact value) MUST_USE;

/** Take a bucket's tally in. As tally_add(). */
enum st tally_merge(struct tally *tally, const struct tally *other) MUST_USE;

/** What a tally comes to. Returns: ST_OK; ST_INVALID for unique and weighted_sum, which need events. */
enum st tally_value(exact *value, const struct tally *tally, enum aggregation kind) MUST_USE;

/* ---- of events ---- */

struct sample {
	instant at;
	bool numeric;     /* `value` is one; others are passed over, save by count and unique */
	exact value;
	const char *text; /* what unique compares; NULL: none */
	bool removes;     /* unique: takes the value out again */
	const char *id;   /* events of one id count once; NULL: none */
	unsigned order;   /* scratch */
};

struct aggregation_rule {
	enum aggregation kind;
	bool recurring;      /* earlier events, and `initial`, are carried into the window */
	bool has_initial;
	exact initial;
	bool negative_is_zero; /* a result below zero is zero */
	int digits;            /* of the result, at most 18: rounded once */
	enum rounding how;
};

/** Drop repeated ids (the first in the list stays) and put samples in the order of time.
 *  Returns: how many are left. */
unsigned samples_order(struct sample *samples, unsigned count);

/** Aggregate the samples of a window, ordered by samples_order().
 *  Returns: ST_OK; ST_INVALID for an empty window; ST_RANGE when a total does not fit. */
enum st aggregate(exact *value, const struct aggregation_rule *rule, struct sample *samples, unsigned count,
                  struct period window) MUST_USE;

/** The next calendar window that has events: from sample `*next` on, which is moved behind it.
 *  Its events are cut to `whole`, its bounds are the calendar's.
 *  In:  cycle  PERIOD_CALENDAR, of the windows' size
 *  Returns: ST_OK; ST_DONE behind the last; as aggregate() and period_at(). */
enum st aggregate_next(exact *value, struct period *window, unsigned *next, const struct aggregation_rule *rule,
                       const struct cycle *cycle, struct sample *samples, unsigned count,
                       struct period whole) MUST_USE;

#endif
