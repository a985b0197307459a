/* Summaries. */
#include "meter/summary.h"

#include <stdlib.h>
#include <string.h>

#include "meter/cut.h"
#include "meter/unique.h"
#include "meter/usage.sql.h"
#include "meter/weighted.h"

/* ---- what roll-ups do not add up to ---- */

enum st usage_latest(struct usage_total *t, struct store *store, const struct account *account, int64_t user, struct period range)
{
	struct rows r = { 0 };
	struct cuts c;
	enum st st = cut(&c, account->timezone, range);
	if (!st)
		st = ROWS(store, &r, SQL_USAGE_LATEST, INT(account->tenant_id), INT(user), TEXT(t->metric->name),
		          INT(range.start), INT(c.start_hour.start), INT(c.first_day), INT(c.last_day), INT(c.end_hour.start), INT(range.end));
	if (!st)
		st = rows_next(&r);
	if (!st) {
		t->rollup.last = rows_int(&r, 0);
		t->rollup.last_at = rows_int(&r, 1);
		t->rollup.last_event = rows_int(&r, 2);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st find_latest(struct usage_total *t, struct store *store, const struct account *account, int64_t user,
                           struct period range)
{
	enum st st = usage_latest(t, store, account, user, range);
	t->total = t->rollup.last;
	return st;
}

static enum st find_distinct(struct usage_total *t, struct store *store, const struct account *account, int64_t user,
                             struct period range)
{
	const struct beside_range asked = { account->tenant_id, account->timezone, t->metric->name, user, range };
	enum st st = unique_count(&t->rollup.distinct, store, &asked);
	t->total = rollup_used(&t->rollup, t->metric);
	return st;
}

static enum st find_average(struct usage_total *t, struct store *store, const struct account *account, int64_t user,
                            struct period range)
{
	const struct beside_range asked = { account->tenant_id, account->timezone, t->metric->name, user, range };
	struct weight weight;
	enum st st = weighted_over(&weight, store, &asked);
	if (!st)
		st = weight_average(&t->total, &weight, range.end - range.start);
	if (st == ST_RANGE)
		t->total = QTY_UNKNOWN;
	return st == ST_RANGE ? ST_OK : st;
}

/* Aggregations that sums of roll-ups do not answer. */
static enum st (*const finders[AGGREGATE__MAX])(struct usage_total *, struct store *, const struct account *, int64_t,
                                                struct period) = {
	[AGGREGATE_LATEST] = find_latest, [AGGREGATE_UNIQUE] = find_distinct, [AGGREGATE_WEIGHTED_SUM] = find_average,
};

/* ---- adding up ---- */

/* Where a metric is added up; one that the catalogue has lost is passed over (NULL). */
static struct usage_total *total_of(struct usage_total *totals, unsigned *count, const struct catalog *catalog, const char *name)
{
	for (unsigned i = 0; i < *count; i++)
		if (!strcmp(totals[i].metric->name, name))
			return &totals[i];
	const struct metric *m = metric_find(catalog, name);
	if (m)
		totals[(*count)++] = (struct usage_total){ .metric = m };
	return m ? &totals[*count - 1] : NULL;
}

/* Rows of (metric, sum, count, min, max, first_at, last_at), whatever they have been read from. */
static void add_row(struct usage_total *t, const struct rows *r)
{
	struct rollup part = rollup_sums(r, 1, true);
	part.first_at = rows_int(r, 5);
	part.last_at = rows_int(r, 6);
	rollup_gather(&t->rollup, &part);
}

static bool is_among(const struct usage_total *totals, unsigned count, const struct metric *m)
{
	for (unsigned i = 0; i < count; i++)
		if (totals[i].metric == m)
			return true;
	return false;
}

/* What is held weighs on in a range without events. */
static void add_held(struct usage_total *totals, unsigned *count, const struct catalog *catalog, const struct metric *only)
{
	for (unsigned i = 0; i < catalog->count; i++) {
		const struct metric *m = &catalog->metrics[i];
		if (m->aggregation == AGGREGATE_WEIGHTED_SUM && (!only || only == m) && !is_among(totals, *count, m))
			totals[(*count)++] = (struct usage_total){ .metric = m };
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct usage_total *)a)->metric->name, ((const struct usage_total *)b)->metric->name);
}

/* Leave out what neither happened nor was held; in the order of names. */
static unsigned tidy(struct usage_total *totals, unsigned count)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++)
		if (totals[i].rollup.count || totals[i].total)
			totals[kept++] = totals[i];
	qsort(totals, kept, sizeof *totals, by_name);
	return kept;
}

/* One summary on its way. */
struct summing {
	struct store *store;
	const struct account *account;
	const struct catalog *catalog;
	const struct metric *metric; /* NULL: all */
	int64_t user;                /* 0: all */
	struct period range;
	struct usage_total *totals;
	unsigned count;
};

static enum st begin(struct summing *s, struct arena *arena)
{
	enum st st = catalog_load(&s->catalog, s->store, s->account->catalog);
	s->totals = st ? NULL : arena_take(arena, (s->catalog->count + 1) * sizeof *s->totals);
	return s->totals ? ST_OK : st ? st : ST_MEMORY;
}

static enum st add_rollups(struct summing *s)
{
	struct rows r = { 0 };
	struct cuts c;
	enum st st = cut(&c, s->account->timezone, s->range);
	if (!st)
		st = ROWS(s->store, &r, SQL_USAGE_SUMMARY, INT(s->account->tenant_id), INT(s->user),
		          TEXT(s->metric ? s->metric->name : ""), INT(s->range.start), INT(c.start_hour.start),
		          INT(c.start_hour.end), INT(c.first_hour), INT(c.first_day), INT(c.last_day), INT(c.last_hour), INT(s->range.end));
	while (!st && !(st = rows_next(&r))) {
		struct usage_total *t = total_of(s->totals, &s->count, s->catalog, rows_text(&r, 0));
		if (t)
			add_row(t, &r);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st finish(struct usage_total **out, unsigned *count, struct summing *s)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < s->count; i++)
		s->totals[i].total = rollup_total(&s->totals[i].rollup, s->totals[i].metric);
	add_held(s->totals, &s->count, s->catalog, s->metric);
	for (unsigned i = 0; i < s->count && !st; i++)
		if (finders[s->totals[i].metric->aggregation])
			st = finders[s->totals[i].metric->aggregation](&s->totals[i], s->store, s->account, s->user, s->range);
	*count = tidy(s->totals, s->count);
	*out = s->totals;
	return st;
}

enum st usage_rolled_up(struct usage_total **out, unsigned *count, struct store *store, const struct account *account,
                        const struct metric *metric, struct period range, struct arena *arena)
{
	struct summing s = { .store = store, .account = account, .metric = metric, .range = range };
	enum st st = begin(&s, arena);
	if (!st)
		st = add_rollups(&s);
	return st ? st : finish(out, count, &s);
}

/* ---- from balances: a window whose events all lie in the range is as good as its roll-ups ---- */

/* Worth a look where a window begins with the range, as of a running period or a month. Others seldom fit.
 * Out: first  the earliest start of a window that may hold something of the range */
static enum st find_first_window(bool *worth, instant *first, const struct summing *s)
{
	struct windows w;
	const bool counts = window_counts(s->account, s->range.start); /* or the windows lack what came before the start */
	enum st st = s->user || !counts ? ST_RANGE : windows_at(&w, s->account, s->catalog, s->range.start);
	*first = s->range.start;
	for (unsigned i = 0; !st && i < s->catalog->count; i++) {
		const struct metric *m = &s->catalog->metrics[i];
		if (s->metric && s->metric != m)
			continue;
		if (m->window == WINDOW_HOUR) { /* which are many more than the days that the roll-ups have */
			*worth = false;
			break;
		}
		*worth |= w.of[m->window].start == s->range.start;
		*first = w.of[m->window].start < *first ? w.of[m->window].start : *first;
	}
	return st == ST_RANGE ? ST_OK : st; /* past the calendar, and for one user, there are none */
}

/* Out: whole  false where a window has events on both sides of the range's start or end */
static void add_balance(bool *whole, struct summing *s, const struct rows *r)
{
	const instant first_at = rows_int(r, 5), last_at = rows_int(r, 6);
	if (last_at < s->range.start || first_at >= s->range.end)
		return;
	*whole = first_at >= s->range.start && last_at < s->range.end;
	struct usage_total *t = *whole ? total_of(s->totals, &s->count, s->catalog, rows_text(r, 0)) : NULL;
	if (t)
		add_row(t, r);
}

static enum st add_balances(bool *whole, struct summing *s)
{
	struct rows r = { 0 };
	instant first;
	enum st st = find_first_window(whole, &first, s);
	if (st || !*whole)
		return st;
	st = ROWS(s->store, &r, SQL_USAGE_BALANCE_SUMMARY, INT(s->account->tenant_id), TEXT(s->metric ? s->metric->name : ""),
	          INT(first), INT(s->range.end));
	while (!st && *whole && !(st = rows_next(&r)))
		add_balance(whole, s, &r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st usage_summary(struct usage_total **out, unsigned *count, struct store *store, const struct account *account,
                      const struct metric *metric, int64_t user, struct period range, struct arena *arena)
{
	struct summing s = { .store = store, .account = account, .metric = metric, .user = user, .range = range };
	bool whole = false;
	enum st st = begin(&s, arena);
	if (!st)
		st = add_balances(&whole, &s);
	if (!st && !whole) {
		s.count = 0;
		st = add_rollups(&s);
	}
	return st ? st : finish(out, count, &s);
}
