/* Usage events off the wire. */
#include "wire/usage_event.h"

#include <stdio.h>
#include <string.h>

#include "wire/params.h"
#include "wire/write.h"

const struct param usage_event_params[] = {
	{ "metric_name", P_TEXT, REQUIRED, "a metric or one of its aliases", 1, 64, NULL },
	{ "quantity", P_QUANTITY, REQUIRED, "a number or decimal string, greater than 0, at most 6 decimals", 0, 0, NULL },
	{ "metadata", P_OBJECT, OPTIONAL, "an object of at most 4 KiB, kept with the event", 0, METADATA_CAP, NULL },
	{ "recorded_at", P_INSTANT, OPTIONAL, "when it happened, up to 35 days back; now if absent", 0, 0, NULL },
	{ "resource_id", P_TEXT, OPTIONAL, "what it was used for, in your own terms", 1, 255, NULL },
	{ "enforce", P_BOOL, OPTIONAL, "refuse it past what the plan includes, whatever the policy", 0, 0, NULL },
	{ "idempotency_key", P_KEY, OPTIONAL, "counts once for ever; as the header Idempotency-Key", 0, 0, NULL },
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

enum st usage_event_read(struct usage_event *event, struct faults *faults, const struct request *rq, const struct json *item)
{
	struct request one = { .arena = rq->arena, .faults = faults, .now = rq->now };
	enum st st = params_body(&one, usage_event_params, item);
	if (!st)
		*event = usage_event_of(&one);
	return st;
}

/* ---- CloudEvents ---- */

static const struct param cloud_text[] = {
	{ "id", P_TEXT, REQUIRED, "", 1, 200, NULL },      { "source", P_TEXT, REQUIRED, "", 1, 300, NULL },
	{ "type", P_TEXT, REQUIRED, "", 1, 64, NULL },     { "specversion", P_CHOICE, REQUIRED, "", 0, 0, "1.0" },
	{ "subject", P_TEXT, OPTIONAL, "", 1, 255, NULL }, { "time", P_INSTANT, OPTIONAL, "", 0, 0, NULL },
	{ 0 },
};
static const struct param cloud_value = { "value", P_QUANTITY, OPTIONAL, "", 0, 0, NULL };
static const struct param cloud_data = { "data", P_OBJECT, OPTIONAL, "", 0, METADATA_CAP, NULL };

/* Attributes by name; extension attributes are anybody's and are passed over. */
static enum st read_attributes(struct request *one, const struct json *item, const char *pointer)
{
	char at[128];
	for (const struct param *p = cloud_text; p->name; p++) {
		const struct json *value = json_get(item, p->name);
		snprintf(at, sizeof at, "%s/%s", pointer, p->name);
		if (value && json_kind(value) == JSON_NULL && p->presence == OPTIONAL)
			continue;
		if (!value && p->presence == REQUIRED)
			fault_add(one->faults, at, "is required by CloudEvents 1.0");
		else if (value && !param_value(&one->args[one->arg_count], one, p, value, at))
			one->arg_count++;
	}
	return one->faults->count ? ST_INVALID : ST_OK;
}

static enum st read_data(struct usage_event *event, struct request *one, const struct json *item, const char *pointer)
{
	const struct json *data = json_get(item, "data"), *value = json_get(data, "value");
	struct arg arg;
	char at[128];
	event->quantity = 1000000;
	snprintf(at, sizeof at, "%s/data", pointer);
	if (json_get(item, "data_base64"))
		return fault_add(one->faults, pointer, "data_base64 cannot be read; send data as JSON");
	if (!data || json_kind(data) == JSON_NULL)
		return ST_OK;
	enum st st = param_value(&arg, one, &cloud_data, data, at);
	if (st)
		return st;
	event->metadata = arg.text;
	snprintf(at, sizeof at, "%s/data/value", pointer);
	if (value)
		st = param_value(&arg, one, &cloud_value, value, at);
	if (value && !st)
		event->quantity = arg.number;
	return st;
}

enum st cloud_event_read(struct usage_event *event, struct request *rq, const struct json *item, const char *pointer)
{
	struct request one = { .arena = rq->arena, .faults = rq->faults, .now = rq->now };
	if (json_kind(item) != JSON_OBJECT)
		return fault_add(rq->faults, pointer, "must be a CloudEvents object, not %s", json_kind_name(item));
	enum st st = read_attributes(&one, item, pointer);
	if (st)
		return st;
	*event = (struct usage_event){
		.metric = rq_text(&one, "type"),
		.resource_id = rq_text(&one, "subject"),
		.dated = rq_has(&one, "time"),
		.recorded_at = rq_instant(&one, "time", 0),
		/* A control character keeps these keys apart from any Idempotency-Key. */
		.key = arena_format(rq->arena, "%s\x1f%s", rq_text(&one, "source"), rq_text(&one, "id")),
	};
	return event->key ? read_data(event, &one, item, pointer) : ST_MEMORY;
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
