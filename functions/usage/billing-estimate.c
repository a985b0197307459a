/* GET /api/usage/billing-estimate: the bill so far, and what the period may end at. */
#include "wire/fn.h"
#include "api/usage_asked.h"
#include "present/write.h"

static const struct param query[] = {
	{ "at", P_INSTANT, OPTIONAL, "an instant in the billing period; now if absent" },
	{ 0 },
};

static void write_projection(struct jwriter *w, const struct usage_state *s)
{
	jw_object(w, "projected");
	write_reckoned(w, "base_price", s->base_price, s->currency);
	write_reckoned(w, "total_overage", s->projected_overage, s->currency);
	write_reckoned(w, "total", s->projected_total, s->currency);
	jw_end(w);
}

static enum st billing_estimate(struct request *rq, struct reply *rp)
{
	struct usage_state s;
	struct jwriter *w = &rp->json;
	enum st st = usage_asked(&s, rq);
	if (st)
		return st;
	jw_object(w, NULL);
	jw_int(w, "subscription_id", rq->account->subscription_id);
	write_plan(w, "plan", s.plan);
	write_billing_period(w, "billing_period", &s);
	write_cycle(w, "cycle", &s);
	jw_string(w, "currency", s.currency->code);
	write_reckoned(w, "base_price", s.base_price, s.currency);
	write_charges(w, "charges", &s);
	write_reckoned(w, "total_overage", s.total_overage, s.currency);
	write_reckoned(w, "subtotal", s.total, s.currency);
	jw_array(w, "discounts"); /* none before there are coupons */
	jw_end(w);
	write_money(w, "discount_total", 0, s.currency);
	jw_array(w, "taxes"); /* none before there are tax rates */
	jw_end(w);
	write_money(w, "tax_total", 0, s.currency);
	write_reckoned(w, "total", s.total, s.currency);
	write_projection(w, &s);
	jw_end(w);
	return ST_OK;
}

const struct fn fn_usage_billing_estimate = {
	.on[M_GET] = {
		.summary = "The bill of the period so far, and its projection",
		.doc = "The base price falls due in the period that begins the plan's cycle, and is 0 in the others.",
		.scope = SCOPE_USAGE_READ, .query = query, .handle = billing_estimate,
	},
};
