/* POST /api/usage/batch: up to 1,000 events in one durable transaction, each judged by itself. */
#include "wire/usage_batch.h"

static enum st batch(struct request *rq, struct reply *rp)
{
	struct usage_batch *b = arena_take(rq->arena, sizeof *b);
	if (!b)
		return ST_MEMORY;
	b->rq = rq;
	enum st st = usage_batch_read(b);
	if (!st && b->good)
		st = usage_record(b->results, rq->store, rq->conf, rq->account, b->events, b->good, false, rq->now, rq->arena);
	if (!st)
		usage_batch_write(&rp->json, b);
	return st;
}

const struct fn fn_usage_batch = {
	.on[M_POST] = {
		.summary = "Record up to 1,000 usage events",
		.doc = "A JSON array, or one JSON object a line, each as /api/usage/record takes it. Valid events are recorded, the others listed with their index.",
		.scope = SCOPE_USAGE_WRITE, .proves_account = true, .kind = BODY_RAW, .handle = batch, .body_cap = 4 << 20,
		.media = "application/json application/x-ndjson application/ndjson application/jsonl",
		.answers = "{\"inserted\":2,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"invalid-request\","
		           "\"errors\":[{\"pointer\":\"/quantity\",\"detail\":\"must be greater than 0\"}]}]}",
	},
};
