/* Metrics, and the process's copy of them. */
#include "catalog/metric.h"

#include <string.h>

#include "shape/field.h"
#include "base/log.h"
#include "catalog/plans.sql.h"

enum { CATALOG_CAP = 1 << 20, METRICS_CAP = 500, FIELD_CAP = 64 };

static const char *const window_names[WINDOW__MAX] = {
	[WINDOW_PERIOD] = "period", [WINDOW_MONTH] = "month", [WINDOW_WEEK] = "week", [WINDOW_DAY] = "day",
	[WINDOW_HOUR] = "hour",
};

static const char *const aggregation_names[AGGREGATE__MAX] = {
	[AGGREGATE_SUM] = "sum", [AGGREGATE_COUNT] = "count", [AGGREGATE_MAX] = "max", [AGGREGATE_MIN] = "min",
	[AGGREGATE_LATEST] = "latest", [AGGREGATE_UNIQUE] = "unique", [AGGREGATE_WEIGHTED_SUM] = "weighted_sum",
};

const char *window_name(enum limit_window window)
{
	return window_names[window];
}

const char *aggregation_name(enum aggregation aggregation)
{
	return aggregation_names[aggregation];
}

static bool good_name(const char *name)
{
	return *name >= 'a' && *name <= 'z' && strlen(name) <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == strlen(name);
}

enum st metric_read(struct metric *m, struct faults *faults, const struct json *value, const char *pointer)
{
	const struct fields f = { .object = value, .faults = faults, .pointer = pointer };
	const unsigned before = faults->count;
	unsigned aggregation = AGGREGATE_SUM, window = WINDOW_PERIOD;
	*m = (struct metric){ .unit = "unit" };
	field_only(&f, "name alias label unit aggregation field window signed description");
	field_string(&m->name, &f, "name", NEEDED);
	field_string(&m->alias, &f, "alias", DEFAULTED);
	m->label = m->name;
	field_string(&m->label, &f, "label", DEFAULTED);
	field_string(&m->unit, &f, "unit", DEFAULTED);
	field_choice(&aggregation, &f, "aggregation", aggregation_names, AGGREGATE__MAX, DEFAULTED);
	field_string(&m->field, &f, "field", aggregation == AGGREGATE_UNIQUE ? NEEDED : DEFAULTED);
	field_choice(&window, &f, "window", window_names, WINDOW__MAX, DEFAULTED);
	field_bool(&m->is_signed, &f, "signed");
	m->aggregation = aggregation;
	m->window = window;
	if (m->name && !good_name(m->name))
		field_fault(&f, "name", "must be lower-case letters, digits, \"_\", \".\" and \"-\", a letter first");
	if (m->is_signed && (m->aggregation == AGGREGATE_COUNT || m->aggregation == AGGREGATE_UNIQUE))
		field_fault(&f, "signed", "goes with the aggregations sum, weighted_sum, max, min and latest only");
	if (m->field && m->aggregation != AGGREGATE_UNIQUE)
		field_fault(&f, "field", "goes with the aggregation unique only");
	else if (m->field && (!*m->field || strlen(m->field) > FIELD_CAP))
		field_fault(&f, "field", "must have 1 to 64 bytes");
	return faults->count > before ? ST_INVALID : ST_OK;
}

/* ---- the process's copy ---- */

static struct {
	struct arena *arena;
	struct catalog catalog;
	uint64_t connection; /* of the store it was read from */
} kept;

static enum st read_rows(struct metric *metrics, unsigned *count, struct store *store, struct arena *arena)
{
	struct rows r = { 0 };
	struct faults faults = { .arena = arena };
	const struct json *document;
	enum st st = ROWS(store, &r, SQL_METRIC_LIST);
	while (!st && !(st = rows_next(&r))) {
		const char *text = rows_text(&r, 1);
		if (*count == METRICS_CAP || json_parse(&document, &faults, arena, text, strlen(text)) ||
		    metric_read(&metrics[*count], &faults, document, ""))
			log_error("the stored metric %s is damaged; apply plans/ again", rows_text(&r, 0));
		else
			++*count;
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st catalog_load(const struct catalog **out, struct store *store, int64_t generation)
{
	*out = &kept.catalog;
	if (kept.catalog.generation == generation && kept.catalog.metrics && kept.connection == store_connection(store))
		return ST_OK;
	if (!kept.arena && arena_open(&kept.arena, CATALOG_CAP))
		return ST_MEMORY;
	arena_reset(kept.arena);
	unsigned count = 0;
	struct metric *metrics = arena_take(kept.arena, METRICS_CAP * sizeof *metrics);
	kept.catalog = (struct catalog){ 0 };
	enum st st = metrics ? read_rows(metrics, &count, store, kept.arena) : ST_MEMORY;
	if (!st)
		kept.catalog = (struct catalog){ generation, metrics, count };
	for (unsigned i = 0; i < kept.catalog.count; i++)
		kept.catalog.has_window[metrics[i].window] = true;
	kept.connection = store_connection(store);
	return st;
}

const struct metric *metric_find(const struct catalog *catalog, const char *name)
{
	for (unsigned i = 0; i < catalog->count; i++) {
		const struct metric *m = &catalog->metrics[i];
		if (!strcmp(m->name, name) || (m->alias && !strcmp(m->alias, name)))
			return m;
	}
	return NULL;
}
