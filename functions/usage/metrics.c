/* GET /api/usage/metrics: what can be counted, and the caller's limits. */
#include "wire/fn.h"
#include "present/write.h"

static enum st metrics(struct request *rq, struct reply *rp)
{
	struct usage_state s;
	struct jwriter *w = &rp->json;
	enum st st = usage_state_at(&s, rq->store, rq->account, rq->now, rq->now, rq->arena);
	if (st)
		return st;
	jw_object(w, NULL);
	jw_array(w, "metrics");
	for (unsigned i = 0; i < s.count; i++) {
		const struct usage_line *l = &s.lines[i];
		jw_object(w, NULL);
		jw_string(w, "metric_name", l->metric->name);
		jw_string(w, "alias", l->metric->alias);
		jw_string(w, "label", l->metric->label);
		jw_string(w, "unit", l->metric->unit);
		jw_string(w, "aggregation", aggregation_name(l->metric->aggregation));
		jw_string(w, "field", l->metric->field);
		jw_string(w, "window", window_name(l->metric->window));
		jw_bool(w, "signed", l->metric->is_signed);
		jw_string(w, "policy", policy_name(l->entry->policy));
		write_standing(w, l->entry->policy, l->used, l->entry->included);
		if (l->entry->priced && l->entry->price.model == PRICE_PER_UNIT)
			write_rate(w, "overage_rate", l->entry->price.unit_amount);
		else
			jw_null(w, "overage_rate");
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	return ST_OK;
}

const struct fn fn_usage_metrics = {
	.on[M_GET] = {
		.summary = "The metrics and the caller's limits",
		.scope = SCOPE_USAGE_READ, .handle = metrics,
	},
};
