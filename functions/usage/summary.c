/* GET /api/usage/summary: totals of any range, exact to the microsecond. */
#include "api/usage_asked.h"
#include "meter/summary.h"
#include "wire/fn.h"
#include "present/write.h"

static const struct param query[] = {
	{ "start", P_INSTANT, OPTIONAL, "from here on; the current period's start if absent" },
	{ "end", P_END, OPTIONAL, "up to here, not included; a date means its end; the period's end if absent" },
	{ "metric_name", P_TEXT, OPTIONAL, "one metric or alias; all if absent", 1, 64 },
	{ "user_id", P_INT, OPTIONAL, "what one user recorded; all if absent", 1, INT64_MAX },
	{ 0 },
};

/* Before the subscription's start there is no period: the calendar's month stands for it. */
static enum st find_range(struct request *rq, struct period *range)
{
	const enum limit_window kind = window_counts(rq->account, rq->now) ? WINDOW_PERIOD : WINDOW_MONTH;
	struct period running = { 0 };
	enum st st = rq_has(rq, "start") && rq_has(rq, "end") ? ST_OK : window_at(&running, rq->account, kind, rq->now);
	if (st == ST_RANGE)
		st = window_at(&running, rq->account, WINDOW_MONTH, rq->now);
	if (st)
		return st;
	range->start = rq_has(rq, "start") ? rq_instant(rq, "start", 0) : running.start;
	range->end = rq_has(rq, "end") ? rq_instant(rq, "end", 0) : running.end;
	if (range->start > range->end)
		return fault_add(rq->faults, "start", "must not lie after `end`");
	return ST_OK;
}

static void write_total(struct jwriter *w, const struct usage_total *t)
{
	jw_object(w, NULL);
	jw_string(w, "metric_name", t->metric->name);
	write_qty(w, "total_quantity", t->total);
	jw_int(w, "event_count", t->rollup.count);
	if (t->rollup.count) {
		write_instant(w, "first_usage", t->rollup.first_at);
		write_instant(w, "last_usage", t->rollup.last_at);
	} else { /* what was held before weighs on */
		jw_null(w, "first_usage");
		jw_null(w, "last_usage");
	}
	jw_end(w);
}

static enum st summary(struct request *rq, struct reply *rp)
{
	const struct metric *metric = NULL;
	const int64_t user = rq_int(rq, "user_id", 0);
	struct usage_total *totals;
	struct period range;
	unsigned count;
	enum st st = find_range(rq, &range);
	if (!st)
		st = usage_asked_metric(&metric, rq, "metric_name");
	if (!st)
		st = usage_summary(&totals, &count, rq->store, rq->account, metric, user, range, rq->arena);
	if (st)
		return st;
	jw_object(&rp->json, NULL);
	jw_int(&rp->json, "tenant_id", rq->account->tenant_id);
	if (user)
		jw_int(&rp->json, "user_id", user);
	else
		jw_null(&rp->json, "user_id");
	write_period(&rp->json, "period", range);
	jw_array(&rp->json, "metrics");
	for (unsigned i = 0; i < count; i++)
		write_total(&rp->json, &totals[i]);
	jw_end(&rp->json);
	jw_end(&rp->json);
	return ST_OK;
}

const struct fn fn_usage_summary = {
	.on[M_GET] = {
		.summary = "Total usage of any range",
		.doc = "The cost does not grow with history: days and hours are summed from roll-ups, and raw events only where "
		       "`start` or `end` lies between events of one hour.",
		.scope = SCOPE_USAGE_READ, .query = query, .handle = summary,
		.answers = "{\"tenant_id\":1,\"user_id\":null,\"period\":{\"start\":\"2026-01-01T00:00:00Z\","
		           "\"end\":\"2026-02-01T00:00:00Z\"},\"metrics\":[{\"metric_name\":\"quotes_generated\","
		           "\"total_quantity\":45,\"event_count\":45,\"first_usage\":\"2026-01-02T09:00:00Z\","
		           "\"last_usage\":\"2026-01-30T17:12:03Z\"}]}",
	},
};
