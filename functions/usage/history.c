/* GET /api/usage/history: events newest first with a summary; as CSV all of them. */
#include "meter/event_id.h"
#include "wire/fn.h"
#include "api/usage_asked.h"
#include "api/usage_export.h"
#include "present/write.h"

static const struct param query[] = {
	{ "type", P_TEXT, OPTIONAL, "one metric or alias; all if absent", 1, 64 },
	{ "days", P_CHOICE, OPTIONAL, "how many days, today included; 30 if absent", 0, 0, "7 30 90 365" },
	{ "page", P_INT, OPTIONAL, "from 1", 1, 1000000 },
	{ "per_page", P_INT, OPTIONAL, "events a page; 25 if absent", 1, HISTORY_PAGE_CAP },
	{ "limit", P_INT, OPTIONAL, "a list by cursor in place of pages: how many events", 1, HISTORY_PAGE_CAP },
	{ "after", P_TEXT, OPTIONAL, "the `next` of the answer before; with `limit` or alone", 1, 64 },
	{ "end", P_END, OPTIONAL, "only what lies before: give each page the `end` of the first, and they stay stable" },
	{ 0 },
};

static enum st reply_page(struct request *rq, struct reply *rp, struct history *h)
{
	struct jwriter *w = &rp->json;
	enum st st = history_read(h, rq->store, rq->account, rq->arena);
	if (st)
		return st;
	jw_object(w, NULL);
	jw_string(w, "type", h->metric ? h->metric->name : NULL);
	jw_int(w, "days", h->days);
	write_instant(w, "start", h->range.start);
	write_instant(w, "end", h->range.end);
	jw_string(w, "timezone", rq->account->timezone);
	jw_int(w, "page", h->page);
	jw_int(w, "per_page", h->per_page);
	jw_int(w, "total", h->total);
	jw_int(w, "pages", (h->total + h->per_page - 1) / h->per_page);
	write_history_summary(w, "summary", h, rq->account->timezone);
	write_events(w, "events", h->events, h->count);
	jw_end(w);
	return ST_OK;
}

static void reply_list(struct reply *rp, const struct history_event *events, unsigned count, bool more)
{
	char id[EVENT_ID_ROOM];
	const struct history_event *last = count ? &events[count - 1] : NULL;
	jw_object(&rp->json, NULL);
	write_events(&rp->json, "events", events, count);
	jw_string(&rp->json, "next", more ? event_id_print(id, last->recorded_at, last->event) : NULL);
	jw_end(&rp->json);
}

/* By cursor: what comes after one event, for programs; stable whatever is recorded meanwhile. One more is read than
 * is wanted, which tells whether there is a next. */
static enum st list(struct request *rq, struct reply *rp, const struct history *h)
{
	const unsigned limit = (unsigned)rq_int(rq, "limit", 25);
	const char *after = rq_text(rq, "after");
	struct history_event events[HISTORY_PAGE_CAP + 1];
	struct history_export x = { .metric = h->metric, .range = h->range, .started = after != NULL };
	unsigned count = 0;
	if (after && event_id_read(&x.before_at, &x.before_event, after))
		return fault_add(rq->faults, "after", "is not the `next` of an answer");
	enum st st = history_next(events, &count, limit + 1, &x, rq->store, rq->account, rq->arena);
	if (st && st != ST_DONE)
		return st;
	const bool more = count > limit;
	count -= more;
	if (rq->wants_csv)
		return usage_export_some(rq, rp, h->metric, events, count);
	reply_list(rp, events, count, more);
	return ST_OK;
}

static enum st history(struct request *rq, struct reply *rp)
{
	struct history h = { .days = (unsigned)rq_int(rq, "days", 30), .range.end = rq_instant(rq, "end", rq->now),
	                     .page = rq_int(rq, "page", 1), .per_page = rq_int(rq, "per_page", 25) };
	enum st st = usage_asked_metric(&h.metric, rq, "type");
	if (st)
		return st;
	const bool by_cursor = rq_has(rq, "limit") || rq_has(rq, "after"), by_page = rq_has(rq, "page") || rq_has(rq, "per_page");
	if (by_page && (by_cursor || rq->wants_csv))
		return fault_add(rq->faults, rq_has(rq, "page") ? "page" : "per_page", "does not go with `limit`, `after` or text/csv");
	if (!by_cursor && !rq->wants_csv)
		return reply_page(rq, rp, &h);
	if ((st = history_start(&h, rq->account)))
		return st;
	return by_cursor ? list(rq, rp, &h) : usage_export(rq, rp, h.metric, h.range);
}

const struct fn fn_usage_history = {
	.on[M_GET] = {
		.summary = "Usage events, newest first, with totals",
		.doc = "`Accept: text/csv` gives every event of the range; with `limit` so many, and the last id is the next `after`.",
		.scope = SCOPE_USAGE_READ, .query = query, .csv = true, .handle = history,
	},
};
