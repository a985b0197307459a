/* Beside the roll-ups. */
#include "meter/beside.h"

#include "meter/aggregations.sql.h"
#include "meter/cut.h"
#include "meter/unique.h"
#include "meter/weighted.h"

static const struct {
	enum st (*keep)(struct store *store, const struct beside_event *event);
	enum st (*days)(qty *values, struct store *store, int64_t tenant_id, const char *metric, const instant *starts,
	                unsigned count);
	enum st (*verify)(const struct beside_proof *proof);
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

enum st beside_roll_up(struct store *store, enum aggregation kind, const struct beside_event *e)
{
	return kinds[kind].keep ? kinds[kind].keep(store, e) : ST_OK;
}

enum st beside_days(qty *values, struct store *store, int64_t tenant_id, const struct metric *m, const instant *starts,
                    unsigned count)
{
	return kinds[m->aggregation].days(values, store, tenant_id, m->name, starts, count);
}

enum st beside_widen(struct period *out, struct store *store, const struct beside_range *a)
{
	struct rows r = { 0 };
	struct cuts c;
	*out = a->range;
	enum st st = cut(&c, a->zone, a->range);
	if (st || a->range.start >= a->range.end)
		return st;
	const struct period hours = { c.start_hour.start, c.end_hour.start == a->range.end ? a->range.end : c.end_hour.end };
	if (hours.start == a->range.start && hours.end == a->range.end)
		return ST_OK;
	st = ROWS(store, &r, SQL_SAMPLE_BESIDE, INT(a->tenant_id), TEXT(a->metric), INT(hours.start), INT(a->range.start),
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

enum st beside_verify_buckets(const struct beside_proof *p, const union sql_7 *sql, const char *what, instant width)
{
	struct stretch s = { 0 };
	enum st st;
	while (!(st = stretch_next(&s, p->zone, p->events.start, p->events.end))) {
		struct rows r = { 0 };
		st = ROWS(p->store, &r, sql, INT(p->tenant_id), TEXT(p->metric->name), INT(width), INT(s.first), INT(s.last),
		          INT(s.origin), INT(width == DAY ? s.width : width));
		if (!st)
			st = beside_differences(&r, what, p->metric, p->witness);
		rows_end(&r);
		if (st)
			return st;
	}
	return st == ST_DONE ? ST_OK : st;
}

enum st beside_verify(const struct beside_proof *p)
{
	struct rows r = { 0 };
	if (!beside_needed(p->metric->aggregation))
		return ST_OK;
	enum st st = ROWS(p->store, &r, SQL_SAMPLE_DIFFERENCES, INT(p->tenant_id), TEXT(p->metric->name));
	if (!st)
		st = beside_differences(&r, "a sample", p->metric, p->witness);
	rows_end(&r);
	return st ? st : kinds[p->metric->aggregation].verify(p);
}
