/* POST /api/v1/events: CloudEvents 1.0, as OpenMeter's clients send them. */
#include <stdio.h>
#include <string.h>

#include "wire/usage_event.h"

struct intake {
	struct usage_event events[BATCH_CAP];
	struct usage_result results[BATCH_CAP];
	unsigned count;
	bool many; /* an array came: pointers begin with the index */
};

static enum st read_events(struct intake *in, struct request *rq)
{
	const struct json *root;
	char at[32];
	enum st st = json_parse(&root, rq->faults, rq->arena, rq->raw, rq->raw_size);
	if (st)
		return st;
	in->many = json_kind(root) == JSON_ARRAY;
	if (in->many && json_count(root) > BATCH_CAP)
		return fault_add(rq->faults, "", "a batch holds at most %d events", BATCH_CAP);
	for (const struct json *item = in->many ? json_first(root) : root; item; item = in->many ? json_next(item) : NULL) {
		snprintf(at, sizeof at, in->many ? "/%u" : "", in->count);
		if (cloud_event_read(&in->events[in->count++], rq, item, at) == ST_MEMORY)
			return ST_MEMORY;
	}
	return rq->faults->count ? ST_INVALID : ST_OK;
}

/* A fault of an event by its CloudEvents name, below the event's own pointer. */
static void report(struct request *rq, const struct intake *in, unsigned i)
{
	static const char *const names[][2] = {
		{ "/metric_name", "/type" }, { "/quantity", "/data/value" }, { "/recorded_at", "/time" }, { "/metadata", "/data" },
	};
	const struct usage_result *r = &in->results[i];
	for (unsigned f = 0; f < r->faults.count; f++) {
		char at[256], lead[32] = "";
		const char *name = r->faults.item[f].pointer, *below = "";
		for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
			const size_t size = strlen(names[n][0]);
			if (!strncmp(name, names[n][0], size) && (!name[size] || name[size] == '/')) {
				below = name + size;
				name = names[n][1];
				break;
			}
		}
		if (in->many)
			snprintf(lead, sizeof lead, "/%u", i);
		snprintf(at, sizeof at, "%s%.64s%s", lead, name, below);
		fault_add(rq->faults, at, "%s", r->faults.item[f].detail);
	}
	if (r->st == ST_KEY_REUSED)
		fault_add(rq->faults, in->many ? arena_format(rq->arena, "/%u/id", i) : "/id",
		          "this id and source came before with another payload");
}

static enum st take(struct request *rq, struct reply *rp)
{
	struct intake *in = arena_take(rq->arena, sizeof *in);
	if (!in)
		return ST_MEMORY;
	enum st st = read_events(in, rq), refused = ST_OK;
	if (!st && in->count)
		st = usage_record(in->results, rq->store, rq->conf, rq->account, in->events, in->count, true, rq->now, rq->arena);
	if (st && st != ST_INVALID)
		return st;
	for (unsigned i = 0; i < in->count; i++) {
		if (!in->results[i].st)
			continue;
		report(rq, in, i);
		if (!refused)
			usage_refusal(rq, rp, &in->results[i]);
		refused = refused ? refused : in->results[i].st;
	}
	rp->kind = REPLY_EMPTY;
	return st ? st : refused;
}

const struct fn fn_events = {
	.on[M_POST] = {
		.summary = "Ingest CloudEvents",
		.doc = "One event, or an array of up to 1,000. `id` and `source` are the key, `type` the metric, `subject` the "
		       "resource, `time` the instant, `data.value` the quantity (1 if absent). 204 once all are on disk. An event "
		       "that is not valid refuses the whole; one past a limit, or a reused id, is refused alone.",
		.scope = SCOPE_USAGE_WRITE, .proves_account = true, .kind = BODY_RAW, .handle = take, .body_cap = 4 << 20,
		.media = "application/cloudevents+json application/cloudevents-batch+json application/json",
	},
};
