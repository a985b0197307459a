/* GET /api/usage/current-period: the billing period that holds an instant, metric by metric. */
#include "wire/fn.h"
#include "api/usage_asked.h"
#include "present/write.h"

static const struct param query[] = {
	{ "at", P_INSTANT, OPTIONAL, "an instant in the period; now if absent" },
	{ 0 },
};

static enum st current_period(struct request *rq, struct reply *rp)
{
	struct usage_state s;
	struct jwriter *w = &rp->json;
	enum st st = usage_asked(&s, rq);
	if (st)
		return st;
	jw_object(w, NULL);
	jw_int(w, "tenant_id", rq->account->tenant_id);
	jw_int(w, "subscription_id", rq->account->subscription_id);
	write_plan(w, "plan", s.plan);
	write_billing_period(w, "period", &s);
	jw_string(w, "timezone", rq->account->timezone);
	jw_string(w, "currency", s.currency->code);
	jw_array(w, "metrics");
	for (unsigned i = 0; i < s.count; i++)
		write_usage_line(w, &s.lines[i], s.currency);
	jw_end(w);
	jw_end(w);
	return ST_OK;
}

const struct fn fn_usage_current_period = {
	.on[M_GET] = {
		.summary = "Usage of the current billing period against the plan",
		.scope = SCOPE_USAGE_READ, .query = query, .handle = current_period,
	},
};
