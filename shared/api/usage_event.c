/* Usage events off the wire. */
#include "api/usage_event.h"

#include <stdio.h>
#include <string.h>

#include "wire/params.h"
#include "present/write.h"

const struct param usage_event_params[] = {
	{ "metric_name", P_TEXT, REQUIRED, "a metric or one of its aliases", 1, 64 },
	{ "quantity", P_QUANTITY, REQUIRED, "a number or decimal string, greater than 0, at most 6 decimals" },
	{ "metadata", P_OBJECT, OPTIONAL, "an object of at most 4 KiB, kept with the event", 0, METADATA_CAP },
	{ "recorded_at", P_INSTANT, OPTIONAL, "when it happened, up to 35 days back; now if absent" },
	{ "resource_id", P_TEXT, OPTIONAL, "what it was used for, in your own terms", 1, 255 },
	{ "enforce", P_BOOL, OPTIONAL, "refuse it past what the plan includes, whatever the policy" },
	{ "idempotency_key", P_KEY, OPTIONAL, "counts once for ever; as the header Idempotency-Key" },
	{ 0 },
};

struct usage_event usage_event_of(const struct request *rq)
{
	const bool has_metadata = rq_object(rq, "metadata") != NULL;
	return (struct usage_event){
		.metric = rq_text(rq, "metric_name"),
		.quantity = rq_qty(rq, "quantity", 0),
		.dated = rq_has(rq, "recorded_at"),
		.recorded_at = rq_instant(rq, "recorded_at", 0),
		.resource_id = rq_text(rq, "resource_id"),
		.metadata = has_metadata ? rq_text(rq, "metadata") : NULL,
		.enforce = rq_bool(rq, "enforce"),
		.key = rq->idempotency_key ? rq->idempotency_key : rq_text(rq, "idempotency_key"),
	};
}

enum st usage_event_keep(struct usage_event *event, struct arena *arena)
{
	const char **const texts[] = { &event->metric, &event->resource_id, &event->metadata, &event->key };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!*texts[i])
			continue;
		*texts[i] = arena_copy(arena, *texts[i], strlen(*texts[i]));
		if (!*texts[i])
			return ST_MEMORY;
	}
	return ST_OK;
}

enum st usage_event_read(struct usage_event *event, struct faults *faults, const struct request *rq, const struct json *item,
                         struct arena *room)
{
	struct request one = { .arena = room, .faults = faults, .account = rq->account, .now = rq->now };
	enum st st = params_body(&one, usage_event_params, item);
	if (st)
		return st;
	*event = usage_event_of(&one);
	return usage_event_keep(event, rq->arena);
}

void usage_refusal(struct request *rq, struct reply *rp, const struct usage_result *r)
{
	const struct plan *plan = NULL;
	if (r->st != ST_LIMIT_EXCEEDED)
		return;
	if (rq->account->plan_version_id && plan_load(&plan, rq->store, rq->account->plan_version_id))
		plan = NULL;
	jw_string(&rp->more, "metric_name", r->standing.metric->name);
	jw_string(&rp->more, "upgrade_url", upgrade_url(rq->conf, plan, rq->arena));
	jw_object(&rp->more, "usage");
	write_standing(&rp->more, r->standing.policy, r->standing.used, r->standing.included);
	jw_end(&rp->more);
	fault_add(rq->faults, "/quantity", "would pass the limit of %s", r->standing.metric->name);
}

enum st usage_named(struct request *rq, enum st st)
{
	if (st == ST_KEY_REUSED)
		fault_add(rq->faults, "Idempotency-Key", "was sent with another body before");
	return st;
}
