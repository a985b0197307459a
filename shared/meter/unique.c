/* unique. */
#include "meter/unique.h"

#include <string.h>

#include "shape/field.h"
#include "meter/cut.h"
#include "meter/aggregations.sql.h"

/* ---- values ---- */

/* NULL for what is no value: an object, an array, null. */
static const char *text_of(const struct json *value)
{
	switch (value ? json_kind(value) : JSON_NULL) {
	case JSON_STRING:
	case JSON_NUMBER: return json_text(value);
	case JSON_BOOL: return json_true(value) ? "true" : "false";
	default: return NULL;
	}
}

enum st unique_value(const char **out, struct faults *faults, const struct metric *m, const char *metadata)
{
	const struct json *root = NULL;
	const unsigned before = faults->count;
	enum st st = metadata ? json_parse(&root, faults, faults->arena, metadata, strlen(metadata)) : ST_OK;
	const struct fields f = { .object = root, .faults = faults, .pointer = "/metadata" };
	if (st)
		return st;
	*out = text_of(json_get(root, m->field));
	if (!*out)
		field_fault(&f, m->field, "must be a string, a number or a boolean: the metric counts its distinct values");
	else if (strlen(*out) > UNIQUE_VALUE_CAP)
		field_fault(&f, m->field, "must have at most 255 bytes: the metric counts its distinct values");
	return faults->count > before ? ST_INVALID : ST_OK;
}

/* ---- recording ---- */

enum st unique_enter(bool *fresh, struct store *store, int64_t tenant_id, const char *metric, struct period window,
                     const char *value)
{
	enum st st = PUT(store, SQL_WINDOW_VALUE_PUT, INT(tenant_id), TEXT(metric), INT(window.start), INT(window.end),
	                 TEXT(value));
	*fresh = !st;
	return st == ST_DONE ? ST_OK : st;
}

enum st unique_refill(struct store *store, int64_t tenant_id, const char *metric, struct period window, instant from)
{
	return RUN(store, SQL_WINDOW_VALUE_FILL, INT(tenant_id), TEXT(metric), INT(window.start), INT(window.end), INT(from));
}

static enum st put_value(struct store *store, const struct beside_event *e, instant width, instant start)
{
	return RUN(store, SQL_VALUE_PUT, INT(e->tenant_id), TEXT(e->metric), INT(width), INT(start), TEXT(e->value),
	           INT(e->user_id));
}

enum st unique_keep(struct store *store, const struct beside_event *e)
{
	enum st st = put_value(store, e, HOUR, e->hour);
	return st ? st : put_value(store, e, DAY, e->day);
}

/* ---- reading ---- */

enum st unique_count(int64_t *distinct, struct store *store, const struct beside_range *a)
{
	struct period range;
	struct rows r = { 0 };
	struct cuts c;
	enum st st = beside_widen(&range, store, a);
	if (!st)
		st = cut(&c, a->zone, range);
	if (!st)
		st = ROWS(store, &r, SQL_VALUE_COUNT, INT(a->tenant_id), INT(a->user), TEXT(a->metric), INT(HOUR), INT(DAY),
		          INT(range.start), INT(c.first_hour), INT(c.first_day), INT(c.last_day), INT(c.last_hour), INT(range.end));
	if (!st)
		st = rows_next(&r);
	*distinct = st ? 0 : rows_int(&r, 0);
	rows_end(&r);
	return st;
}

enum st unique_days(qty *values, struct store *store, int64_t tenant_id, const char *metric, const instant *starts,
                    unsigned count)
{
	struct rows r = { 0 };
	memset(values, 0, count * sizeof *values);
	enum st st = ROWS(store, &r, SQL_VALUE_DAYS, INT(tenant_id), TEXT(metric), INT(DAY), INT(starts[0]), INT(starts[count]));
	while (!st && !(st = rows_next(&r)))
		values[day_index(starts, count, rows_int(&r, 0))] = rows_int(&r, 1) * 1000000;
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- proving ---- */

/* The value beside an event is that of its metadata. */
static enum st verify_metadata(const struct beside_proof *p)
{
	struct rows r = { 0 };
	struct arena *arena;
	enum st st = arena_open(&arena, 1 << 20);
	if (st)
		return st;
	st = ROWS(p->store, &r, SQL_SAMPLE_METADATA, INT(p->tenant_id), TEXT(p->metric->name));
	while (!st && !(st = rows_next(&r))) {
		struct faults faults = { .arena = arena };
		const char *value = "", *have = rows_text(&r, 1);
		if (unique_value(&value, &faults, p->metric, rows_text(&r, 2)) || !have || strcmp(value, have))
			p->witness->differ(p->witness->context, "the value of an event", p->metric->name, rows_int(&r, 0));
		arena_reset(arena);
	}
	rows_end(&r);
	arena_close(arena);
	return st == ST_DONE ? ST_OK : st;
}

static enum st verify_window(const struct beside_proof *p, struct period window)
{
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_WINDOW_VALUE_DIFFERENCES, INT(p->tenant_id), TEXT(p->metric->name), INT(window.start),
	                  INT(window.end));
	while (!st && !(st = rows_next(&r)))
		p->witness->differ(p->witness->context, "a value in the window", p->metric->name, window.start);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st verify_windows(const struct beside_proof *p)
{
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_WINDOW_VALUE_WINDOWS, INT(p->tenant_id), TEXT(p->metric->name));
	while (!st && !(st = rows_next(&r)))
		st = verify_window(p, (struct period){ rows_int(&r, 0), rows_int(&r, 1) });
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st unique_verify(const struct beside_proof *p)
{
	enum st st = verify_metadata(p);
	if (!st)
		st = beside_verify_buckets(p, SQL_VALUE_DIFFERENCES, "the values of the hour", HOUR);
	if (!st)
		st = beside_verify_buckets(p, SQL_VALUE_DIFFERENCES, "the values of the day", DAY);
	return st ? st : verify_windows(p);
}
