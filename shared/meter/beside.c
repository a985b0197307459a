/* Beside the roll-ups. */
#include "meter/beside.h"

#include "meter/aggregations.sql.h"
#include "meter/cut.h"
#include "meter/unique.h"
#include "meter/weighted.h"

static const struct {
	enum st (*keep)(struct store *store, const struct beside_event *event);
	enum st (*days)(qty *values, struct store *store, int64_t tenant_id, const char *metric, instant first, instant last);
	enum st (*verify)(struct store *store, int64_t tenant_id, const struct metric *metric, const struct beside_witness *witness);
} kinds[AGGREGATE__MAX] = {
	[AGGREGATE_UNIQUE] = { unique_keep, unique_days, unique_verify },
	[AGGREGATE_WEIGHTED_SUM] = { weighted_keep, weighted_days, weighted_verify },
};

bool beside_needed(enum aggregation kind)
{
	return kinds[kind].keep;
}

enum st beside_keep(struct store *store, enum aggregation kind, const struct beside_event *e)
{
	if (!kinds[kind].keep)
		return ST_OK;
	enum st st = RUN(store, SQL_SAMPLE_INSERT, INT(e->tenant_id), TEXT(e->metric), INT(e->recorded_at), INT(e->event),
	                 INT(e->user_id), INT(e->quantity), OPT(e->value));
	return st ? st : kinds[kind].keep(store, e);
}

enum st beside_days(qty *values, struct store *store, int64_t tenant_id, const struct metric *m, instant first, instant last)
{
	return kinds[m->aggregation].days(values, store, tenant_id, m->name, first, last);
}

enum st beside_widen(struct period *out, struct store *store, const struct beside_range *a)
{
	const struct period hours = { floor_to(a->range.start, HOUR), floor_to(a->range.end + HOUR - 1, HOUR) };
	struct rows r = { 0 };
	*out = a->range;
	if (a->range.start >= a->range.end || (hours.start == a->range.start && hours.end == a->range.end))
		return ST_OK;
	enum st st = ROWS(store, &r, SQL_SAMPLE_BESIDE, INT(a->tenant_id), TEXT(a->metric), INT(hours.start), INT(a->range.start),
	                  INT(a->range.end), INT(hours.end));
	if (!st)
		st = rows_next(&r);
	if (!st && !rows_int(&r, 0))
		out->start = hours.start;
	if (!st && !rows_int(&r, 1))
		out->end = hours.end;
	rows_end(&r);
	return st;
}

enum st beside_differences(struct rows *r, const char *what, const struct metric *m, const struct beside_witness *w)
{
	enum st st;
	while (!(st = rows_next(r)))
		w->differ(w->context, what, m->name, rows_int(r, 0));
	return st == ST_DONE ? ST_OK : st;
}

enum st beside_verify(struct store *store, int64_t tenant_id, const struct metric *m, const struct beside_witness *w)
{
	struct rows r = { 0 };
	if (!beside_needed(m->aggregation))
		return ST_OK;
	enum st st = ROWS(store, &r, SQL_SAMPLE_DIFFERENCES, INT(tenant_id), TEXT(m->name));
	if (!st)
		st = beside_differences(&r, "a sample", m, w);
	rows_end(&r);
	return st ? st : kinds[m->aggregation].verify(store, tenant_id, m, w);
}
