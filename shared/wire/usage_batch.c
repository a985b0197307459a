/* Batches off the wire. */
#include "wire/usage_batch.h"

#include <string.h>

#include "wire/problem.h"

static enum st too_many(struct usage_batch *b)
{
	return fault_add(b->rq->faults, "", "a batch holds at most %d events", BATCH_CAP);
}

static enum st add(struct usage_batch *b, const struct json *item)
{
	if (b->count == BATCH_CAP)
		return too_many(b);
	const unsigned i = b->count++;
	b->faults[i].arena = b->rq->arena;
	b->read[i] = item ? usage_event_read(&b->events[b->good], &b->faults[i], b->rq, item) : ST_INVALID;
	b->good += !b->read[i];
	return b->read[i] == ST_MEMORY ? ST_MEMORY : ST_OK;
}

static enum st read_array(struct usage_batch *b)
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
static enum st read_lines(struct usage_batch *b)
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

enum st usage_batch_read(struct usage_batch *b)
{
	const bool lines = strstr(b->rq->content_type, "ndjson") || strstr(b->rq->content_type, "jsonl");
	enum st st = lines ? read_lines(b) : read_array(b);
	return !st && !b->count ? fault_add(b->rq->faults, "", "the batch is empty") : st;
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

void usage_batch_write(struct jwriter *w, const struct usage_batch *b)
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
