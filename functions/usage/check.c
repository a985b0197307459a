/* GET /api/usage/check: would this much more be allowed? Nothing is recorded. */
#include "wire/fn.h"
#include "present/write.h"

static const struct param query[] = {
	{ "metric_name", P_TEXT, REQUIRED, "a metric or one of its aliases", 1, 64 },
	{ "quantity", P_QUANTITY, OPTIONAL, "how much more; 1 if absent" },
	{ 0 },
};

static const char *message(struct request *rq, const struct usage_line *l, const struct usage_state *s, enum st verdict)
{
	char used[DECIMAL_ROOM], included[DECIMAL_ROOM];
	const char *name = s->plan ? s->plan->name : "current";
	const bool fits = verdict == ST_OK;
	if (!s->begun)
		return arena_format(rq->arena, "%s counts from the start of the subscription on", l->metric->name);
	if (verdict == ST_RANGE)
		return arena_format(rq->arena, "%s would come to more than can be counted or charged", l->metric->name);
	if (l->entry->policy == POLICY_UNLIMITED)
		return arena_format(rq->arena, "%s is unlimited in the %s plan", l->metric->name, name);
	if (l->entry->policy == POLICY_NONE)
		return arena_format(rq->arena, "%s is not part of the %s plan", l->metric->name, name);
	const char *what = fits ? "fits the limit" : l->entry->policy == POLICY_SOFT ? "passes what is included and is charged"
	                                                                              : "would pass the limit";
	return arena_format(rq->arena, "%s %s: %s of %s used", l->metric->name, what, qty_print(used, l->used),
	                    qty_print(included, l->entry->included));
}

static enum st check(struct request *rq, struct reply *rp)
{
	const char *name = rq_text(rq, "metric_name");
	const qty quantity = rq_qty(rq, "quantity", 1000000);
	struct usage_state state;
	enum st st = usage_state_at(&state, rq->store, rq->account, rq->now, rq->now, rq->arena);
	if (st)
		return st;
	const struct usage_line *l = usage_line_of(&state, name);
	if (!l)
		return fault_add(rq->faults, "metric_name", "\"%.64s\" " NOT_A_METRIC, name);
	if (quantity <= 0 && !l->metric->is_signed)
		return fault_add(rq->faults, "quantity", "must be greater than 0");
	const enum st verdict = usage_would_fit(&state, l, quantity);
	jw_object(&rp->json, NULL);
	jw_bool(&rp->json, "can_proceed", !verdict || (verdict == ST_LIMIT_EXCEEDED && l->entry->policy == POLICY_SOFT));
	jw_string(&rp->json, "message", message(rq, l, &state, verdict));
	jw_string(&rp->json, "metric_name", l->metric->name);
	write_qty(&rp->json, "quantity", quantity);
	jw_string(&rp->json, "policy", policy_name(l->entry->policy));
	write_standing(&rp->json, l->entry->policy, l->used, l->entry->included);
	jw_string(&rp->json, "upgrade_url", verdict != ST_LIMIT_EXCEEDED ? NULL : upgrade_url(rq->conf, state.plan, rq->arena));
	jw_end(&rp->json);
	return ST_OK;
}

const struct fn fn_usage_check = {
	.on[M_GET] = {
		.summary = "Ask whether a use is allowed, without recording it",
		.scope = SCOPE_USAGE_READ, .query = query, .handle = check,
		.answers = "{\"can_proceed\":true,\"message\":\"quotes_generated fits the limit: 45 of 100 used\",\"used\":45,"
		           "\"included\":100,\"remaining\":55,\"policy\":\"soft\",\"upgrade_url\":null}",
	},
};
