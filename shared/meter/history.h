/* History: events newest first, page by page, with what they come to. */
#ifndef METER_HISTORY_H
#define METER_HISTORY_H

#include "meter/usage.h"

enum { HISTORY_DAYS_CAP = 366, HISTORY_PAGE_CAP = 100 };

struct history_event {
	instant recorded_at;
	int64_t event;
	const struct metric *metric;
	qty quantity;
	const char *resource_id, *metadata; /* NULL for none */
};

struct history {
	/* asked */
	const struct metric *metric; /* NULL: all, and the summary counts events */
	unsigned days;               /* at most HISTORY_DAYS_CAP; the tenant's; the range ends in the last one */
	struct period range;         /* up to its end; it starts with the first day */
	int64_t page, per_page;
	/* found */
	int64_t total; /* events */
	struct {
		qty total, previous_total; /* of the metric, or events × 1,000,000 */
		bool has_mean;             /* what does not add up has no daily mean */
		qty daily_mean;
		bool has_peak;             /* false: no events */
		instant peak_day;          /* where it begins */
		qty peak_total;
	} summary;
	struct history_event *events;
	unsigned count;
};

/** Fill a history whose first part is set, but for its range's start. Reads day roll-ups, the hours of the day in which
 *  the page begins, and the page. Where events lie past the range's end in its last hour, those on one side of it are counted. Returns: ST_OK; ST_RANGE; what the store returns. */
enum st history_read(struct history *history, struct store *store, const struct account *account, struct arena *arena) MUST_USE;

/** Find where the first day of a history's range begins, by its days and its range's end. Returns: as day_at(). */
enum st history_start(struct history *history, const struct account *account) MUST_USE;

/** The newest events of an account. Out: events  room for `most` */
enum st history_recent(struct history_event *events, unsigned *count, unsigned most, struct store *store,
                       const struct account *account, struct arena *arena) MUST_USE;

/** Every event of a range in pieces, for an export. Set metric and range, of HISTORY_DAYS_CAP days at the most;
 *  `before` begins as zero. */
struct history_export {
	const struct metric *metric;
	struct period range;
	bool started;
	instant before_at;
	int64_t before_event;
};

/** The next events, newest first. Returns: ST_OK with at least one; ST_DONE; what the store returns. */
enum st history_next(struct history_event *events, unsigned *count, unsigned most, struct history_export *export,
                     struct store *store, const struct account *account, struct arena *arena) MUST_USE;

/** What each of some days came to, by metric: for a chart.
 *  In:  starts  as days_until() tells them
 *  Out: values  [metric of the catalog × days + day], by the metric's aggregation; in the arena */
enum st history_series(qty **values, struct store *store, const struct account *account, const struct catalog *catalog,
                       const instant *starts, unsigned days, struct arena *arena) MUST_USE;

#endif
