/* POST /api/usage/record: store one usage event, durably and once. */
#include "meter/event_id.h"
#include "api/usage_event.h"
#include "present/write.h"

static void reply_event(struct reply *rp, const struct usage_event *e, const struct usage_result *r)
{
	char id[EVENT_ID_ROOM];
	rp->kind = r->duplicate ? REPLY_OK : REPLY_CREATED;
	jw_object(&rp->json, NULL);
	jw_string(&rp->json, "id", event_id_print(id, r->recorded_at, r->event));
	jw_string(&rp->json, "metric_name", r->standing.metric->name);
	write_qty(&rp->json, "quantity", e->quantity);
	write_instant(&rp->json, "recorded_at", r->recorded_at);
	jw_bool(&rp->json, "duplicate", r->duplicate);
	if (r->standing.counted) {
		jw_object(&rp->json, "usage");
		write_standing(&rp->json, r->standing.policy, r->standing.used, r->standing.included);
		jw_end(&rp->json);
	} else {
		jw_null(&rp->json, "usage");
	}
	jw_end(&rp->json);
}

static enum st record(struct request *rq, struct reply *rp)
{
	const struct usage_event event = usage_event_of(rq);
	struct usage_result result;
	enum st st = usage_record(&result, rq->store, rq->conf, rq->account, &event, 1, false, NULL, rq->now, rq->arena);
	if (st)
		return st;
	if (result.st) {
		for (unsigned i = 0; i < result.faults.count; i++)
			fault_add(rq->faults, result.faults.item[i].pointer, "%s", result.faults.item[i].detail);
		usage_refusal(rq, rp, &result);
		return result.st;
	}
	reply_event(rp, &event, &result);
	return ST_OK;
}

const struct fn fn_usage_record = {
	.alone = true,
	.on[M_POST] = {
		.summary = "Record one usage event",
		.doc = "201 once the event, its roll-ups, the limit decision and any alert are on disk. An exact repeat of an "
		       "idempotency key answers 200 with duplicate true and counts nothing; with another payload 422. Before the "
		       "subscription's start nothing counts: usage is null.",
		.scope = SCOPE_USAGE_WRITE, .proves_account = true, .kind = BODY_OBJECT, .body = usage_event_params, .idempotent = true, .handle = record,
		.answers = "{\"id\":\"evt_01k…\",\"metric_name\":\"quotes_generated\",\"quantity\":1,"
		           "\"recorded_at\":\"2026-01-15T16:45:00Z\",\"duplicate\":false,"
		           "\"usage\":{\"used\":45,\"included\":100,\"remaining\":55,\"percent\":45,\"level\":\"ok\"}}",
	},
};
