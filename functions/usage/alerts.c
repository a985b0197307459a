/* GET /api/usage/alerts: the highest threshold that each metric has reached. */
#include "wire/fn.h"
#include "api/usage_asked.h"
#include "present/write.h"

static const struct param query[] = {
	{ "at", P_INSTANT, OPTIONAL, "an instant in the billing period; now if absent" },
	{ 0 },
};

static void write_alert(struct jwriter *w, const struct usage_line *l, unsigned threshold, struct arena *arena)
{
	jw_object(w, NULL);
	jw_string(w, "metric_name", l->metric->name);
	jw_int(w, "threshold_percent", threshold);
	jw_int(w, "usage_percent", l->percent);
	write_qty(w, "used_quantity", l->used);
	write_qty(w, "included_quantity", l->entry->included);
	jw_string(w, "alert_level", threshold_level(threshold));
	jw_string(w, "message", usage_message(l, arena));
	write_instant(w, "window_start", l->window.start);
	write_instant(w, "window_end", l->window.end);
	jw_end(w);
}

static enum st alerts(struct request *rq, struct reply *rp)
{
	struct usage_state s;
	enum st st = usage_asked(&s, rq);
	if (st)
		return st;
	jw_object(&rp->json, NULL);
	jw_int(&rp->json, "subscription_id", rq->account->subscription_id);
	jw_array(&rp->json, "alerts");
	for (unsigned i = 0; i < s.count; i++) {
		unsigned threshold = usage_threshold(&s.lines[i]);
		if (threshold)
			write_alert(&rp->json, &s.lines[i], threshold, rq->arena);
	}
	jw_end(&rp->json);
	jw_end(&rp->json);
	return ST_OK;
}

const struct fn fn_usage_alerts = {
	.on[M_GET] = {
		.summary = "Alert thresholds reached",
		.doc = "Thresholds are 80 and 90 % (warning), 100 and 110 % (critical). Each is queued for e-mail once per metric "
		       "and window, in the transaction that reaches it.",
		.scope = SCOPE_USAGE_READ, .query = query, .handle = alerts,
		.answers = "{\"subscription_id\":1,\"alerts\":[{\"metric_name\":\"quotes_generated\",\"threshold_percent\":90,"
		           "\"usage_percent\":92,\"used_quantity\":92,\"included_quantity\":100,\"alert_level\":\"warning\","
		           "\"message\":\"quotes_generated usage at 92% of limit\"}]}",
	},
};
