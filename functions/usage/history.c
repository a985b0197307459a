/* GET /api/usage/history: events newest first with a summary; as CSV all of them. */
#include "billing/event_id.h"
#include "document/csv.h"
#include "wire/fn.h"
#include "wire/write.h"

enum { EXPORT_PIECE = 500 };

static const struct param query[] = {
	{ "type", P_TEXT, OPTIONAL, "one metric or alias; all if absent", 1, 64, NULL },
	{ "days", P_CHOICE, OPTIONAL, "how many days, today included; 30 if absent", 0, 0, "7 30 90 365" },
	{ "page", P_INT, OPTIONAL, "from 1", 1, 1000000, NULL },
	{ "per_page", P_INT, OPTIONAL, "events a page; 25 if absent", 1, HISTORY_PAGE_CAP, NULL },
	{ "end", P_END, OPTIONAL, "only what lies before: give each page the `end` of the first, and they stay stable", 0, 0, NULL },
	{ 0 },
};

/* ---- CSV ---- */

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

static enum st reply_csv(struct request *rq, struct reply *rp, const struct history *h)
{
	static const char *const heads[] = { "id", "recorded_at", "metric_name", "quantity", "unit", "resource_id", "metadata" };
	struct history_export *x = arena_take(rq->arena, sizeof *x);
	if (!x)
		return ST_MEMORY;
	*x = (struct history_export){ .metric = h->metric, .range = h->range };
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		csv_cell(&rp->body, heads[i], false);
	csv_end(&rp->body);
	rp->content_type = "text/csv; charset=utf-8";
	rp->file_name = arena_format(rq->arena, "usage-%s.csv", h->metric ? h->metric->name : "all");
	rp->piece = csv_piece;
	rp->piece_context = x;
	return ST_OK;
}

/* ---- JSON ---- */

static void write_summary(struct jwriter *w, const struct history *h)
{
	char date[INSTANT_ROOM];
	jw_object(w, "summary");
	jw_string(w, "of", h->metric ? "quantity" : "events");
	jw_string(w, "unit", h->metric ? h->metric->unit : "event");
	write_qty(w, "total", h->summary.total);
	if (h->summary.has_mean)
		write_qty(w, "daily_mean", h->summary.daily_mean);
	else
		jw_null(w, "daily_mean");
	if (h->summary.peak_day < 0) {
		jw_null(w, "peak_day");
	} else {
		jw_object(w, "peak_day");
		jw_string(w, "date", instant_print_date(date, h->summary.peak_day));
		write_qty(w, "total", h->summary.peak_total);
		jw_end(w);
	}
	write_qty(w, "previous_total", h->summary.previous_total);
	jw_end(w);
}

static enum st reply_page(struct request *rq, struct reply *rp, struct history *h, int64_t days)
{
	struct jwriter *w = &rp->json;
	enum st st = history_read(h, rq->store, rq->account, rq->arena);
	if (st)
		return st;
	jw_object(w, NULL);
	jw_string(w, "type", h->metric ? h->metric->name : NULL);
	jw_int(w, "days", days);
	write_instant(w, "start", h->range.start);
	write_instant(w, "end", h->range.end);
	jw_int(w, "page", h->page);
	jw_int(w, "per_page", h->per_page);
	jw_int(w, "total", h->total);
	jw_int(w, "pages", (h->total + h->per_page - 1) / h->per_page);
	write_summary(w, h);
	write_events(w, "events", h->events, h->count);
	jw_end(w);
	return ST_OK;
}

static enum st history(struct request *rq, struct reply *rp)
{
	const struct catalog *catalog;
	const char *type = rq_text(rq, "type");
	const int64_t days = rq_int(rq, "days", 30);
	const instant end = rq_instant(rq, "end", rq->now);
	struct history h = { .page = rq_int(rq, "page", 1), .per_page = rq_int(rq, "per_page", 25) };
	enum st st = catalog_load(&catalog, rq->store, rq->account->generation);
	if (st)
		return st;
	h.metric = type ? metric_find(catalog, type) : NULL;
	if (type && !h.metric)
		return fault_add(rq->faults, "type", "\"%.64s\" is not a metric", type);
	h.range = (struct period){ floor_div(end - 1, DAY) * DAY - (days - 1) * DAY, end };
	return rq->wants_csv ? reply_csv(rq, rp, &h) : reply_page(rq, rp, &h, days);
}

const struct fn fn_usage_history = {
	.on[M_GET] = {
		.summary = "Usage events, newest first, with totals",
		.doc = "`Accept: text/csv` gives every event of the range as CSV.",
		.scope = SCOPE_USAGE_READ, .query = query, .handle = history,
	},
};
