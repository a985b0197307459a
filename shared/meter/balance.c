/* Balances. */
#include "meter/balance.h"

#include <string.h>

#include "meter/summary.h"
#include "meter/unique.h"
#include "account/window.h"
#include "meter/aggregations.sql.h"
#include "meter/record.sql.h"
#include "meter/usage.sql.h"

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

enum st balances_span(struct period *span, struct store *store, const struct account *a)
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
	struct period w;
	(void)arena;
	enum st st = RUN(store, SQL_USAGE_BALANCE_FORGET, INT(a->tenant_id));
	if (!st)
		st = RUN(store, SQL_WINDOW_VALUE_FORGET, INT(a->tenant_id));
	if (!st)
		st = balances_span(&span, store, a);
	for (unsigned kind = 0; kind < WINDOW__MAX && !st && span.start; kind++) {
		st = window_at(&w, a, kind, span.start);
		while (!st && w.start <= span.end) {
			st = rebuild_window(store, a, kind, w);
			if (!st)
				st = window_at(&w, a, kind, w.end);
		}
	}
	return st;
}
