/* POST /api/v1/events: CloudEvents 1.0, as OpenMeter's clients send them. */
#include "api/cloud_event.h"

/* What is refused takes no key. */
static const char *keep_nothing(void *events)
{
	const struct cloud_events *in = events;
	for (unsigned i = 0; i < in->count; i++)
		if (in->results[i].st)
			return NULL;
	return "";
}

static enum st take(struct request *rq, struct reply *rp)
{
	struct cloud_events *in = arena_take(rq->arena, sizeof *in);
	struct usage_once once = { .key = rq->idempotency_key, .body = rq->raw, .size = rq->raw_size, .keep = keep_nothing, .context = in };
	if (!in)
		return ST_MEMORY;
	rp->kind = REPLY_EMPTY;
	enum st st = cloud_events_read(in, rq);
	if (!st && in->count)
		st = usage_record(in->results, rq->store, rq->conf, rq->account, in->events, in->count, true, once.key ? &once : NULL,
		                  rq->now, rq->arena);
	if ((st && st != ST_INVALID) || once.repeated)
		return usage_named(rq, st);
	const enum st refused = cloud_events_refuse(in, rq, rp);
	return st ? st : refused;
}

const struct fn fn_events = {
	.on[M_POST] = {
		.summary = "Ingest CloudEvents",
		.doc = "One event, or an array of up to 1,000. `id` and `source` are the key, `type` the metric, `subject` the "
		       "resource, `time` the instant, `data.value` the quantity (1 if absent). 204 once all are on disk. An event "
		       "that is not valid refuses the whole; one past a limit is refused alone. What came before with the same id and "
		       "source counts once, whatever else it carries. The header Idempotency-Key names the whole, byte for byte.",
		.scope = SCOPE_USAGE_WRITE, .proves_account = true, .kind = BODY_RAW, .idempotent = true, .handle = take, .body_cap = 4 << 20,
		.media = "application/cloudevents+json application/cloudevents-batch+json application/json",
	},
};
