/* Balances. */
#include "billing/balance.h"

#include <string.h>

#include "billing/summary.h"
#include "billing/unique.h"
#include "billing/window.h"

enum st balances_hold(struct store *store, int64_t tenant_id)
{
	return store_offers(store, SQL_TENANT_HOLD) ? RUN(store, SQL_TENANT_HOLD, INT(tenant_id)) : ST_OK;
}

/* ---- rebuilding ---- */

static enum st put(struct store *store, const struct account *a, const struct usage_total *t, struct period w)
{
	const struct rollup *b = &t->rollup;
	return RUN(store, SQL_USAGE_BALANCE_PUT, INT(a->tenant_id), INT(w.start), TEXT(t->metric->name), INT(w.end), INT(b->sum),
	           INT(b->count), INT(b->min), INT(b->max), INT(b->first_at), INT(b->last_at), INT(b->last_event), INT(b->last),
	           INT(b->distinct));
}

static enum st rebuild_window(struct store *store, const struct account *a, enum limit_window kind, struct period w)
{
	const struct period counted = window_counted(a, w);
	struct usage_total *totals;
	struct arena *arena;
	unsigned count;
	enum st st = counted.start < counted.end ? arena_open(&arena, 1 << 20) : ST_DONE;
	if (st)
		return st == ST_DONE ? ST_OK : st;
	st = usage_rolled_up(&totals, &count, store, a, NULL, counted, arena);
	for (unsigned i = 0; i < count && !st; i++) {
		if (totals[i].metric->window != kind || !totals[i].rollup.count)
			continue;
		st = usage_latest(&totals[i], store, a, 0, counted);
		if (!st)
			st = totals[i].rollup.beyond ? ST_RANGE : put(store, a, &totals[i], w);
		if (!st && totals[i].metric->aggregation == AGGREGATE_UNIQUE)
			st = unique_refill(store, a->tenant_id, totals[i].metric->name, w, counted.start);
	}
	arena_close(arena);
	return st;
}

static enum st used_span(struct period *span, struct store *store, const struct account *a)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_USAGE_FIRST_EVENT, INT(a->tenant_id));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*span = (struct period){ rows_int(&r, 0), rows_int(&r, 1) };
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

enum st balances_rebuild(struct store *store, const struct account *a, struct arena *arena)
{
	struct period span;
	struct windows w;
	(void)arena;
	enum st st = RUN(store, SQL_USAGE_BALANCE_FORGET, INT(a->tenant_id));
	if (!st)
		st = RUN(store, SQL_WINDOW_VALUE_FORGET, INT(a->tenant_id));
	if (!st)
		st = used_span(&span, store, a);
	for (unsigned kind = 0; kind < WINDOW__MAX && !st && span.start; kind++) {
		st = windows_at(&w, a, span.start);
		while (!st && w.of[kind].start <= span.end) {
			st = rebuild_window(store, a, kind, w.of[kind]);
			if (!st)
				st = windows_at(&w, a, w.of[kind].end);
		}
	}
	return st;
}

/* ---- proving ---- */

struct verifying {
	struct store *store;
	const struct account *account;
	struct arena *arena;
	unsigned differences;
	void (*report)(void *, const char *);
	void *context;
};

static void differ(void *context, const char *what, const char *metric, instant at)
{
	struct verifying *v = context;
	char when[INSTANT_ROOM];
	const char *text = arena_format(v->arena, "tenant %lld: %s of %s at %s differs from its events",
	                                (long long)v->account->tenant_id, what, metric, instant_print(when, at));
	v->differences++;
	v->report(v->context, text ? text : what);
}

static enum st verify_rollups(struct verifying *v, enum sql sql, const char *what)
{
	struct rows r = { 0 };
	enum st st = ROWS(v->store, &r, sql, INT(v->account->tenant_id));
	while (!st && !(st = rows_next(&r)))
		differ(v, what, rows_text(&r, 1), rows_int(&r, 0));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static bool same(const struct rollup *a, const struct rollup *b)
{
	return a->sum == b->sum && a->count == b->count && a->min == b->min && a->max == b->max &&
	       a->first_at == b->first_at && a->last_at == b->last_at && a->last_event == b->last_event && a->last == b->last &&
	       a->distinct == b->distinct && a->beyond == b->beyond;
}

static enum st verify_balance(struct verifying *v, const struct metric *m, struct period w, const struct rollup *have)
{
	struct usage_total *totals;
	unsigned count = 0;
	const struct rollup none = { 0 };
	const struct period counted = window_counted(v->account, w);
	enum st st = ST_OK;
	if (counted.start < counted.end)
		st = usage_rolled_up(&totals, &count, v->store, v->account, m, counted, v->arena);
	if (!st && count)
		st = usage_latest(&totals[0], v->store, v->account, 0, counted);
	if (!st && !same(have, count ? &totals[0].rollup : &none))
		differ(v, "the balance", m->name, w.start);
	return st;
}

/* Every stored balance is right; and the running windows, where usage stands, have theirs. */
static enum st verify_balances(struct verifying *v)
{
	const struct catalog *catalog;
	struct rows r = { 0 };
	enum st st = catalog_load(&catalog, v->store, v->account->generation);
	if (!st)
		st = ROWS(v->store, &r, SQL_USAGE_BALANCE_ALL, INT(v->account->tenant_id));
	while (!st && !(st = rows_next(&r))) {
		const struct metric *m = metric_find(catalog, rows_text(&r, 0));
		const struct rollup have = rollup_row(&r, 3);
		if (m)
			st = verify_balance(v, m, (struct period){ rows_int(&r, 1), rows_int(&r, 2) }, &have);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st verify_running(struct verifying *v)
{
	struct usage_state s;
	struct period span;
	enum st st = used_span(&span, v->store, v->account);
	if (st || !span.end)
		return st;
	st = usage_state_at(&s, v->store, v->account, span.end, span.end, v->arena);
	for (unsigned i = 0; i < s.count && s.begun && !st; i++)
		st = verify_balance(v, s.lines[i].metric, s.lines[i].window, &s.lines[i].rollup);
	return st;
}

static enum st verify_beside(struct verifying *v)
{
	const struct beside_witness witness = { differ, v };
	const struct catalog *catalog;
	enum st st = catalog_load(&catalog, v->store, v->account->generation);
	for (unsigned i = 0; !st && i < catalog->count; i++)
		st = beside_verify(v->store, v->account->tenant_id, &catalog->metrics[i], &witness);
	return st;
}

enum st usage_verify(unsigned *differences, struct store *store, const struct account *account, struct arena *arena,
                     void (*report)(void *, const char *), void *context)
{
	struct verifying v = { store, account, arena, 0, report, context };
	enum st st = verify_rollups(&v, SQL_USAGE_HOUR_DIFFERENCES, "the hour");
	if (!st)
		st = verify_rollups(&v, SQL_USAGE_DAY_DIFFERENCES, "the day");
	if (!st)
		st = verify_balances(&v);
	if (!st)
		st = verify_running(&v);
	if (!st)
		st = verify_beside(&v);
	*differences = v.differences;
	return st;
}
