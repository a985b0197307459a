/* POST /api/usage/batch: up to 1,000 events in one durable transaction, each judged by itself. */
#include <string.h>

#include "wire/problem.h"
#include "wire/usage_event.h"

struct batch {
	struct request *rq;
	unsigned count;                          /* items that came */
	enum st read[BATCH_CAP];                 /* what reading each came to */
	struct faults faults[BATCH_CAP];         /* of those that could not be read */
	struct usage_event events[BATCH_CAP];    /* those that could, packed */
	struct usage_result results[BATCH_CAP];
	unsigned good;
};

static enum st too_many(struct batch *b)
{
	return fault_add(b->rq->faults, "", "a batch holds at most %d events", BATCH_CAP);
}

static enum st add(struct batch *b, const struct json *item)
{
	if (b->count == BATCH_CAP)
		return too_many(b);
	const unsigned i = b->count++;
	b->faults[i].arena = b->rq->arena;
	b->read[i] = item ? usage_event_read(&b->events[b->good], &b->faults[i], b->rq, item) : ST_INVALID;
	b->good += !b->read[i];
	return b->read[i] == ST_MEMORY ? ST_MEMORY : ST_OK;
}

static enum st read_array(struct batch *b)
{
	const struct json *root;
	enum st st = json_parse(&root, b->rq->faults, b->rq->arena, b->rq->raw, b->rq->raw_size);
	if (!st && json_kind(root) != JSON_ARRAY)
		st = fault_add(b->rq->faults, "", "must be an array of events, not %s", json_kind_name(root));
	if (!st && json_count(root) > BATCH_CAP)
		st = too_many(b);
	for (const struct json *item = st ? NULL : json_first(root); item && !st; item = json_next(item))
		st = add(b, item);
	return st;
}

/* A line that is no JSON is rejected by itself; the others count. */
static enum st read_lines(struct batch *b)
{
	const char *at = b->rq->raw, *end = at + b->rq->raw_size;
	enum st st = ST_OK;
	for (const char *stop; at < end && !st; at = stop + 1) {
		const struct json *item = NULL;
		struct faults why = { .arena = b->rq->arena };
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		size_t size = (size_t)(stop - at);
		if (strspn(at, " \t\r") >= size)
			continue;
		if (json_parse(&item, &why, b->rq->arena, at, size))
			item = NULL;
		st = add(b, item);
		if (!item && !st)
			b->faults[b->count - 1] = why;
	}
	return st;
}

static void write_rejected(struct jwriter *w, unsigned index, enum st why, const struct faults *faults)
{
	jw_object(w, NULL);
	jw_int(w, "index", index);
	jw_string(w, "code", problem_of(why)->slug);
	jw_array(w, "errors");
	for (unsigned i = 0; i < faults->count; i++) {
		jw_object(w, NULL);
		jw_string(w, "pointer", faults->item[i].pointer);
		jw_string(w, "detail", faults->item[i].detail);
		jw_end(w);
	}
	if (!faults->count) {
		jw_object(w, NULL);
		jw_string(w, "pointer", why == ST_KEY_REUSED ? "/idempotency_key" : "/quantity");
		jw_string(w, "detail", problem_of(why)->title);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

static void reply_batch(struct jwriter *w, const struct batch *b)
{
	unsigned inserted = 0, duplicates = 0;
	for (unsigned i = 0; i < b->good; i++) {
		inserted += !b->results[i].st && !b->results[i].duplicate;
		duplicates += !b->results[i].st && b->results[i].duplicate;
	}
	jw_object(w, NULL);
	jw_int(w, "inserted", inserted);
	jw_int(w, "duplicates", duplicates);
	jw_array(w, "rejected");
	for (unsigned i = 0, k = 0; i < b->count; i++) {
		if (b->read[i])
			write_rejected(w, i, b->read[i], &b->faults[i]);
		else if (b->results[k++].st)
			write_rejected(w, i, b->results[k - 1].st, &b->results[k - 1].faults);
	}
	jw_end(w);
	jw_end(w);
}

static enum st batch(struct request *rq, struct reply *rp)
{
	struct batch *b = arena_take(rq->arena, sizeof *b);
	if (!b)
		return ST_MEMORY;
	b->rq = rq;
	const bool lines = strstr(rq->content_type, "ndjson") || strstr(rq->content_type, "jsonl");
	enum st st = lines ? read_lines(b) : read_array(b);
	if (!st && !b->count)
		st = fault_add(rq->faults, "", "the batch is empty");
	if (!st && b->good)
		st = usage_record(b->results, rq->store, rq->conf, rq->account, b->events, b->good, false, rq->now, rq->arena);
	if (!st)
		reply_batch(&rp->json, b);
	return st;
}

const struct fn fn_usage_batch = {
	.on[M_POST] = {
		.summary = "Record up to 1,000 usage events",
		.doc = "A JSON array, or one JSON object a line, each as /api/usage/record takes it. Valid events are recorded, the others listed with their index.",
		.scope = SCOPE_USAGE_WRITE, .kind = BODY_RAW, .handle = batch, .body_cap = 4 << 20,
		.media = "application/json application/x-ndjson application/ndjson application/jsonl",
		.answers = "{\"inserted\":2,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"invalid-request\","
		           "\"errors\":[{\"pointer\":\"/quantity\",\"detail\":\"must be greater than 0\"}]}]}",
	},
};
