/* GET /api/usage/overage-charges: what use past the included quantities costs so far. */
#include "wire/fn.h"
#include "api/usage_asked.h"
#include "present/write.h"

static const struct param query[] = {
	{ "at", P_INSTANT, OPTIONAL, "an instant in the billing period; now if absent" },
	{ 0 },
};

static enum st overage_charges(struct request *rq, struct reply *rp)
{
	struct usage_state s;
	struct jwriter *w = &rp->json;
	enum st st = usage_asked(&s, rq);
	if (st)
		return st;
	jw_object(w, NULL);
	jw_int(w, "subscription_id", rq->account->subscription_id);
	write_billing_period(w, "billing_period", &s);
	jw_string(w, "currency", s.currency->code);
	write_charges(w, "charges", &s);
	write_reckoned(w, "total_overage", s.total_overage, s.currency);
	jw_end(w);
	return ST_OK;
}

const struct fn fn_usage_overage_charges = {
	.on[M_GET] = {
		.summary = "Overage charges of the billing period, line by line",
		.doc = "Each line is rounded once, half away from zero; the total is the sum of the rounded lines.",
		.scope = SCOPE_USAGE_READ, .query = query, .handle = overage_charges,
		.answers = "{\"subscription_id\":1,\"billing_period\":{\"start\":\"2026-01-01T00:00:00Z\","
		           "\"end\":\"2026-02-01T00:00:00Z\"},\"currency\":\"USD\",\"charges\":[{\"metric_name\":"
		           "\"quotes_generated\",\"included_quantity\":100,\"used_quantity\":150,\"overage_quantity\":50,"
		           "\"overage_rate\":0.30,\"overage_amount\":15.00}],\"total_overage\":15.00}",
	},
};
