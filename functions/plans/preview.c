/* POST /api/plans/preview: what quantities would cost, on a plan or by a price; nothing is stored. */
#include "catalog/preview.h"
#include "wire/fn.h"
#include "present/write.h"

static const struct param body[] = {
	{ "plan", P_TEXT, OPTIONAL, "a plan's code; with `quantities`", 1, 64 },
	{ "quantities", P_OBJECT, OPTIONAL, "a quantity for each metric: {\"api_calls\": 12000}", 0, 8192 },
	{ "cycle", P_CHOICE, OPTIONAL, "which base price; monthly, or the shortest that the plan offers, if absent", 0, 0,
	  CYCLE_NAMES },
	{ "price", P_OBJECT, OPTIONAL, "a price instead of a plan, as plans write it; with `quantity`", 0, 16384 },
	{ "quantity", P_QUANTITY, OPTIONAL, "what the price is for" },
	{ "currency", P_TEXT, OPTIONAL, "ISO 4217; the configured one if absent", 3, 3 },
	{ 0 },
};

static enum st reply_price(struct request *rq, struct reply *rp)
{
	struct preview_amount p;
	enum st st = preview_price(&p, rq->conf, rq_object(rq, "price"), rq_qty(rq, "quantity", -1), rq_text(rq, "currency"), rq->faults);
	if (st)
		return st;
	jw_object(&rp->json, NULL);
	jw_string(&rp->json, "currency", p.currency->code);
	write_money(&rp->json, "amount", p.amount, p.currency);
	write_exact(&rp->json, "amount_exact", p.unrounded);
	write_breakdown(&rp->json, "breakdown", &p.price, p.quantity);
	jw_end(&rp->json);
	return ST_OK;
}

static void write_line(struct jwriter *w, const struct preview_line *l, const struct currency *currency)
{
	jw_object(w, NULL);
	jw_string(w, "metric_name", l->metric->name);
	jw_string(w, "policy", policy_name(l->entry->policy));
	write_qty(w, "quantity", l->quantity);
	write_qty(w, "included_quantity", l->entry->included);
	write_qty(w, "overage_quantity", l->overage);
	jw_bool(w, "refused", l->refused);
	write_money(w, "amount", l->amount, currency);
	write_exact(w, "amount_exact", l->unrounded);
	if (l->entry->priced)
		write_breakdown(w, "breakdown", &l->entry->price, l->quantity);
	jw_end(w);
}

static enum st preview(struct request *rq, struct reply *rp)
{
	const char *plan = rq_text(rq, "plan");
	struct preview p;
	if (!plan == !rq_has(rq, "price"))
		return fault_add(rq->faults, "/plan", "give either `plan` with `quantities`, or `price` with `quantity`");
	if (!plan)
		return reply_price(rq, rp);
	enum st st = preview_plan(&p, rq->store, rq->conf, plan, rq_text(rq, "cycle"),
	                          rq_text(rq, "currency"), rq_object(rq, "quantities"), rq->faults, rq->arena);
	if (st)
		return st;
	jw_object(&rp->json, NULL);
	write_plan(&rp->json, "plan", p.plan);
	jw_string(&rp->json, "currency", p.currency->code);
	write_money(&rp->json, "base_price", p.base_price, p.currency);
	jw_array(&rp->json, "lines");
	for (unsigned i = 0; i < p.count; i++)
		write_line(&rp->json, &p.lines[i], p.currency);
	jw_end(&rp->json);
	write_money(&rp->json, "total_overage", p.total_overage, p.currency);
	write_money(&rp->json, "total", p.total, p.currency);
	jw_end(&rp->json);
	return ST_OK;
}

const struct fn fn_plans_preview = {
	.on[M_POST] = {
		.summary = "Calculate what quantities would cost",
		.doc = "For a pricing page's calculator: by a plan's latest version, or by any price written as plans write it.",
		.scope = SCOPE_PUBLIC, .pure = true, .kind = BODY_OBJECT, .body = body, .handle = preview,
		.answers = "{\"plan\":{\"code\":\"starter\",\"name\":\"Starter\",\"version\":1},\"currency\":\"USD\","
		           "\"base_price\":19.00,\"lines\":[{\"metric_name\":\"quotes_generated\",\"policy\":\"soft\","
		           "\"quantity\":150,\"included_quantity\":100,\"overage_quantity\":50,\"refused\":false,"
		           "\"amount\":15.00,\"amount_exact\":15}],\"total_overage\":15.00,\"total\":34.00}",
	},
};
