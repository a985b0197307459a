/* Metrics: what can be counted, in which unit, and over which window its limit holds. */
#ifndef CATALOG_METRIC_H
#define CATALOG_METRIC_H

#include "base/json.h"
#include "rate/aggregation.h"
#include "store/store.h"

enum limit_window { WINDOW_PERIOD, WINDOW_MONTH, WINDOW_WEEK, WINDOW_DAY, WINDOW_HOUR, WINDOW__MAX };

struct metric {
	const char *name, *alias; /* alias: NULL if it has none */
	const char *label, *unit; /* "API calls", "call" */
	enum aggregation aggregation;
	const char *field; /* unique: the member of metadata whose values are counted; else NULL */
	enum limit_window window;
	bool is_signed; /* takes negative quantities */
};

struct catalog {
	int64_t generation;
	const struct metric *metrics; /* in the order of metrics.json */
	unsigned count;
	bool has_window[WINDOW__MAX]; /* a metric is limited by it */
};

/** The metrics, kept by the process until the catalogue's generation moves on.
 *  Returns: ST_OK; what the store returns. Out: catalog  not freed by the caller */
enum st catalog_load(const struct catalog **catalog, struct store *store, int64_t generation) MUST_USE;

/** The metric of a name or an alias, or NULL. */
const struct metric *metric_find(const struct catalog *catalog, const char *name);

/* What a fault says of a name that a request has and metric_find() does not know. */
#define NOT_A_METRIC "is not a metric; GET /api/usage/metrics lists them"

/** "period", "month", "day"; "sum", "count", … */
const char *window_name(enum limit_window window);
const char *aggregation_name(enum aggregation aggregation);

/** Read one metric's declaration.
 *  Returns: ST_OK; ST_INVALID with faults below `pointer`. Strings are those of `value`. */
enum st metric_read(struct metric *metric, struct faults *faults, const struct json *value, const char *pointer) MUST_USE;

#endif
