/* Exports. */
#include "api/usage_export.h"

#include "meter/event_id.h"
#include "document/csv.h"

enum { EXPORT_PIECE = 500 };

static void csv_event(struct text *t, const struct history_event *e)
{
	char id[EVENT_ID_ROOM], at[INSTANT_ROOM], quantity[DECIMAL_ROOM];
	csv_cell(t, event_id_print(id, e->recorded_at, e->event), false);
	csv_cell(t, instant_print(at, e->recorded_at), false);
	csv_cell(t, e->metric->name, false);
	csv_cell(t, qty_print(quantity, e->quantity), true);
	csv_cell(t, e->metric->unit, false);
	csv_cell(t, e->resource_id, false);
	csv_cell(t, e->metadata, false);
	csv_end(t);
}

/* By key, and each piece in a read of its own, so that a long export never holds the log. */
static enum st csv_piece(struct request *rq, struct reply *rp, void *context)
{
	struct history_event events[EXPORT_PIECE];
	struct arena *arena;
	unsigned count = 0;
	enum st st = arena_open(&arena, 16 << 20);
	if (st)
		return st;
	store_read_end(rq->store);
	st = history_next(events, &count, EXPORT_PIECE, context, rq->store, rq->account, arena);
	for (unsigned i = 0; i < count && !st; i++)
		csv_event(&rp->body, &events[i]);
	arena_close(arena);
	return st;
}

/* A download that begins with the names of its columns. */
static enum st begin_csv(struct request *rq, struct reply *rp, const struct metric *metric)
{
	static const char *const heads[] = { "id", "recorded_at", "metric_name", "quantity", "unit", "resource_id", "metadata" };
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		csv_cell(&rp->body, heads[i], false);
	csv_end(&rp->body);
	rp->content_type = "text/csv; charset=utf-8";
	rp->file_name = arena_format(rq->arena, "usage-%s.csv", metric ? metric->name : "all");
	return rp->file_name ? ST_OK : ST_MEMORY;
}

enum st usage_export(struct request *rq, struct reply *rp, const struct metric *metric, struct period range)
{
	struct history_export *x = arena_take(rq->arena, sizeof *x);
	if (!x)
		return ST_MEMORY;
	*x = (struct history_export){ .metric = metric, .range = range };
	rp->piece = csv_piece;
	rp->piece_context = x;
	return begin_csv(rq, rp, metric);
}

enum st usage_export_some(struct request *rq, struct reply *rp, const struct metric *metric, const struct history_event *events,
                          unsigned count)
{
	enum st st = begin_csv(rq, rp, metric);
	for (unsigned i = 0; i < count && !st; i++)
		csv_event(&rp->body, &events[i]);
	return st;
}
