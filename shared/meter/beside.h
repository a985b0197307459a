/* Beside the roll-ups: what the aggregations unique and weighted_sum need of events, kept in
 * the transaction that records them, so that no request reads the history. */
#ifndef METER_BESIDE_H
#define METER_BESIDE_H

#include "catalog/metric.h"
#include "meter/day.h"

/** An event of such a metric. */
struct beside_event {
	int64_t tenant_id;
	const char *metric;
	int64_t user_id;
	instant recorded_at;
	instant hour, day; /* where those begin that it lies in */
	int64_t event;
	qty quantity;
	const char *value; /* of the metric's field; NULL for weighted_sum */
};

/** What is asked of a metric. */
struct beside_range {
	int64_t tenant_id;
	const char *zone; /* the tenant's */
	const char *metric;
	int64_t user; /* 0: all */
	struct period range;
};

/** Does this aggregation need more than roll-ups? */
bool beside_needed(enum aggregation kind);

/** Inside a write: keep what the metric's aggregation needs of an event; for others nothing.
 *  Returns: ST_OK; ST_RANGE; what the store returns. */
enum st beside_keep(struct store *store, enum aggregation kind, const struct beside_event *event) MUST_USE;

/** The same for an event that stands among the metric's samples already. */
enum st beside_roll_up(struct store *store, enum aggregation kind, const struct beside_event *event) MUST_USE;

/** What each of some days came to. Out: values  one a day. In: starts  as days_until() tells them */
enum st beside_days(qty *values, struct store *store, int64_t tenant_id, const struct metric *metric,
                    const instant *starts, unsigned count) MUST_USE;

/** The range from hour to hour where that adds no event of the metric: then buckets answer for its part-hours,
 *  however many events they hold. Returns: ST_OK; what the store returns. */
enum st beside_widen(struct period *hours, struct store *store, const struct beside_range *asked) MUST_USE;

/** Who is told of a difference: what differs, of which metric, where. */
struct beside_witness {
	void (*differ)(void *context, const char *what, const char *metric, instant at);
	void *context;
};

/** Whose proof it is, and from when to when its tenant's events go. */
struct beside_proof {
	struct store *store;
	int64_t tenant_id;
	const char *zone;
	struct period events; /* both ends included */
	const struct metric *metric;
	const struct beside_witness *witness;
};

/** Prove what is kept of a metric against its events. Returns: ST_OK, also where it differs; what the store returns. */
enum st beside_verify(const struct beside_proof *proof) MUST_USE;

/** Run a proof of buckets, stretch by stretch of their days: its statement takes tenant, metric, the width that their rows
 *  have, first and last of the stretch, where its buckets begin, and how long they are. Returns: as beside_verify(). */
enum st beside_verify_buckets(const struct beside_proof *proof, const union sql_7 *sql, const char *what,
                              instant width) MUST_USE;

/** Run a proof that answers with the instants of its differences. */
enum st beside_differences(struct rows *rows, const char *what, const struct metric *metric,
                           const struct beside_witness *witness) MUST_USE;

#endif
