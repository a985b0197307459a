/* POST /api/usage/batch: up to 1,000 events in one durable transaction, each judged by itself. */
#include "api/usage_batch.h"

static const char *keep_rejected(void *batch)
{
	return usage_batch_rejected(batch);
}

static enum st batch(struct request *rq, struct reply *rp)
{
	struct usage_batch *b = arena_take(rq->arena, sizeof *b);
	struct usage_once once = { .key = rq->idempotency_key, .body = rq->raw, .size = rq->raw_size, .keep = keep_rejected, .context = b };
	struct usage_once *named = once.key ? &once : NULL;
	if (!b)
		return ST_MEMORY;
	b->rq = rq;
	enum st st = usage_batch_read(b);
	if (!st)
		st = usage_record(b->results, rq->store, rq->conf, rq->account, b->events, b->good, false, named, rq->now, rq->arena);
	return st ? usage_named(rq, st) : usage_batch_write(&rp->json, b, named);
}

const struct fn fn_usage_batch = {
	.alone = true,
	.on[M_POST] = {
		.summary = "Record up to 1,000 usage events",
		.doc = "A JSON array, or one JSON object a line, each as /api/usage/record takes it. Valid events are recorded, the others "
		       "listed with their index. The header Idempotency-Key names the whole, byte for byte: a repeat counts nothing and says "
		       "inserted 0, as duplicates what was taken, and rejected as at first; with another body it is 422.",
		.scope = SCOPE_USAGE_WRITE, .proves_account = true, .kind = BODY_RAW, .idempotent = true, .handle = batch, .body_cap = 4 << 20,
		.media = "application/json application/x-ndjson application/ndjson application/jsonl",
		.answers = "{\"inserted\":2,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"invalid-request\","
		           "\"errors\":[{\"pointer\":\"/quantity\",\"detail\":\"must be greater than 0\"}]}]}",
	},
};
