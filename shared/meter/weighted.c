/* weighted_sum. */
#include "meter/weighted.h"

#include <string.h>

#include "meter/aggregations.sql.h"
#include "meter/cut.h"

enum { LEVEL_OF_ALL = -1 }; /* the user of the levels of all users together */

/* ---- moments ---- */

static enum st read_moment(wide *moment, const char *text)
{
	return text && !decimal_read(moment, text, strlen(text), 0) ? ST_OK : ST_STORE;
}

/* The bucket's sum and moment; zero where there is none yet. */
static enum st find_moment(qty *sum, wide *moment, struct store *store, const struct beside_event *e, instant width,
                           instant start)
{
	struct rows r = { 0 };
	*sum = 0;
	*moment = 0;
	enum st st = ROWS(store, &r, SQL_MOMENT_FIND, INT(e->tenant_id), TEXT(e->metric), INT(width), INT(start),
	                  INT(e->user_id));
	if (!st)
		st = rows_next(&r);
	if (!st) {
		*sum = rows_int(&r, 0);
		st = read_moment(moment, rows_text(&r, 1));
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st keep_moment(struct store *store, const struct beside_event *e, instant width, instant start)
{
	char text[DECIMAL_ROOM];
	wide moment;
	qty sum;
	enum st st = find_moment(&sum, &moment, store, e, width, start);
	if (!st)
		st = moment_add(&moment, start, e->recorded_at, e->quantity);
	if (!st && __builtin_add_overflow(sum, e->quantity, &sum))
		st = ST_RANGE;
	if (st)
		return st;
	decimal_print(text, moment, 0, 0);
	return RUN(store, SQL_MOMENT_PUT, INT(e->tenant_id), TEXT(e->metric), INT(width), INT(start), INT(e->user_id), INT(sum),
	           TEXT(text));
}

/* ---- levels ---- */

static enum st keep_level(struct store *store, const struct beside_event *e)
{
	enum st st = RUN(store, SQL_LEVEL_OPEN, INT(e->tenant_id), TEXT(e->metric), INT(e->user_id), INT(e->day));
	if (!st)
		st = RUN(store, SQL_LEVEL_OPEN, INT(e->tenant_id), TEXT(e->metric), INT(LEVEL_OF_ALL), INT(e->day));
	return st ? st : RUN(store, SQL_LEVEL_MOVE, INT(e->tenant_id), TEXT(e->metric), INT(e->user_id), INT(LEVEL_OF_ALL),
	                     INT(e->day), INT(e->quantity));
}

static enum st level_before(qty *level, struct store *store, int64_t tenant_id, const char *metric, int64_t user, instant day)
{
	struct rows r = { 0 };
	*level = 0;
	enum st st = ROWS(store, &r, SQL_LEVEL_BEFORE, INT(tenant_id), TEXT(metric), INT(user ? user : LEVEL_OF_ALL), INT(day));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*level = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st weighted_keep(struct store *store, const struct beside_event *e)
{
	enum st st = keep_moment(store, e, HOUR, e->hour);
	if (!st)
		st = keep_moment(store, e, DAY, e->day);
	return st ? st : keep_level(store, e);
}

/* ---- reading ---- */

/* A row of moment_list or moment_days. */
static enum st add_row(struct weight *w, const struct rows *r)
{
	wide moment;
	enum st st = read_moment(&moment, rows_text(r, 2));
	return st ? st : weight_add(w, rows_int(r, 0), rows_int(r, 1), moment);
}

/* From the start of the range's first day, of which the level is known. */
static enum st list_moments(struct rows *r, struct store *store, const struct beside_range *a, instant day, instant end)
{
	const struct period range = { a->range.start, end }; /* a bucket must not begin before it */
	struct cuts c;
	enum st st = cut(&c, a->zone, range);
	return st ? st : ROWS(store, r, SQL_MOMENT_LIST, INT(a->tenant_id), INT(a->user), TEXT(a->metric), INT(HOUR),
	                      INT(DAY), INT(day), INT(c.start_hour.start), INT(c.first_hour), INT(c.first_day),
	                      INT(c.last_day), INT(c.last_hour), INT(range.end));
}

enum st weighted_over(struct weight *w, struct store *store, const struct beside_range *a)
{
	struct period day, hours;
	struct rows r = { 0 };
	qty level;
	enum st st = beside_widen(&hours, store, a);
	if (!st)
		st = day_at(&day, a->zone, a->range.start);
	if (!st)
		st = level_before(&level, store, a->tenant_id, a->metric, a->user, day.start);
	if (!st)
		st = weight_begin(w, a->range, level);
	if (!st)
		st = list_moments(&r, store, a, day.start, hours.end);
	while (!st && !(st = rows_next(&r)))
		st = add_row(w, &r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* Each day's average; the rows of the days stand in their order. */
enum st weighted_days(qty *values, struct store *store, int64_t tenant_id, const char *metric, const instant *starts,
                      unsigned count)
{
	struct rows r = { 0 };
	struct weight w;
	qty level;
	enum st st = level_before(&level, store, tenant_id, metric, 0, starts[0]);
	w.total = level;
	if (!st)
		st = ROWS(store, &r, SQL_MOMENT_DAYS, INT(tenant_id), TEXT(metric), INT(DAY), INT(starts[0]), INT(starts[count]));
	enum st row = st ? st : rows_next(&r);
	for (unsigned d = 0; d < count && !st; d++) {
		st = weight_begin(&w, (struct period){ starts[d], starts[d + 1] }, w.total);
		for (; !st && !row && rows_int(&r, 0) < starts[d + 1]; row = rows_next(&r))
			st = add_row(&w, &r);
		if (!st && weight_average(&values[d], &w, starts[d + 1] - starts[d]))
			values[d] = QTY_UNKNOWN;
	}
	rows_end(&r);
	return st ? st : row == ST_DONE ? ST_OK : row;
}

/* ---- proving ---- */

struct bucket {
	instant start;
	int64_t user;
	wide stored, counted;
	bool any, damaged;
};

static void judge(const struct bucket *b, const struct metric *m, const struct beside_witness *w)
{
	if (b->any && (b->damaged || b->stored != b->counted))
		w->differ(w->context, "the moment of the bucket", m->name, b->start);
}

/* Rows of one bucket stand together: add up their moments, and judge where the next begins. */
static enum st add_sample(struct bucket *b, const struct beside_proof *p, const struct rows *r)
{
	const instant start = rows_int(r, 0);
	const int64_t user = rows_int(r, 1);
	if (!b->any || b->start != start || b->user != user) {
		judge(b, p->metric, p->witness);
		*b = (struct bucket){ .start = start, .user = user, .any = true };
		b->damaged = read_moment(&b->stored, rows_text(r, 2));
	}
	return moment_add(&b->counted, start, rows_int(r, 3), rows_int(r, 4));
}

static enum st verify_stretch(const struct beside_proof *p, const struct stretch *s, instant width)
{
	struct rows r = { 0 };
	struct bucket b = { 0 };
	enum st st = ROWS(p->store, &r, SQL_MOMENT_SAMPLES, INT(p->tenant_id), TEXT(p->metric->name), INT(width), INT(s->first),
	                  INT(s->last), INT(width == DAY ? s->width : width));
	while (!st && !(st = rows_next(&r)))
		st = add_sample(&b, p, &r);
	judge(&b, p->metric, p->witness);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st verify_moments(const struct beside_proof *p, instant width)
{
	struct stretch s = { 0 };
	enum st st;
	while (!(st = stretch_next(&s, p->zone, p->events.start, p->events.end)))
		if ((st = verify_stretch(p, &s, width)))
			return st;
	return st == ST_DONE ? ST_OK : st;
}

static enum st verify_buckets(const struct beside_proof *p, const char *what, instant width)
{
	enum st st = beside_verify_buckets(p, SQL_MOMENT_DIFFERENCES, what, width);
	return st ? st : verify_moments(p, width);
}

enum st weighted_verify(const struct beside_proof *p)
{
	struct rows r = { 0 };
	enum st st = verify_buckets(p, "the weight of the hour", HOUR);
	if (!st)
		st = verify_buckets(p, "the weight of the day", DAY);
	if (!st)
		st = ROWS(p->store, &r, SQL_LEVEL_DIFFERENCES, INT(p->tenant_id), TEXT(p->metric->name), INT(DAY),
		          INT(LEVEL_OF_ALL));
	if (!st)
		st = beside_differences(&r, "the level of the day", p->metric, p->witness);
	rows_end(&r);
	return st;
}
