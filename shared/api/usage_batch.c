/* Batches off the wire. */
#include "api/usage_batch.h"

#include <string.h>

#include "present/write.h"
#include "wire/problem.h"

enum { REJECTED_CAP = 8 << 20 };

static enum st too_many(struct usage_batch *b)
{
	return fault_add(b->rq->faults, "", "a batch holds at most %d events", BATCH_CAP);
}

/* In: item  NULL: it could not be read, `why` says so */
static enum st add(struct usage_batch *b, const struct json *item, const struct faults *why, struct arena *room)
{
	if (b->count == BATCH_CAP)
		return too_many(b);
	const unsigned i = b->count++;
	b->faults[i].arena = b->rq->faults->arena;
	b->read[i] = item ? usage_event_read(&b->events[b->good], &b->faults[i], b->rq, item, room) : ST_INVALID;
	b->good += !b->read[i];
	if (!item)
		b->faults[i] = *why;
	return b->read[i] == ST_MEMORY ? ST_MEMORY : ST_OK;
}

static enum st too_large(struct faults *why)
{
	return fault_add(why, "", "must be at most %d bytes of JSON", JSON_ITEM_CAP);
}

static enum st no_array(struct usage_batch *b, struct arena *room)
{
	const struct json *root;
	enum st st = json_parse(&root, b->rq->faults, room, b->rq->raw, b->rq->raw_size);
	return st ? st : fault_add(b->rq->faults, "", "must be an array of events, not %s", json_kind_name(root));
}

static enum st read_array(struct usage_batch *b, struct arena *room)
{
	struct json_items items;
	enum st st = json_items_open(&items, b->rq->faults, b->rq->raw, b->rq->raw_size);
	if (st)
		return no_array(b, room);
	while (!st) {
		const struct json *item = NULL;
		struct faults why = { .arena = b->rq->faults->arena };
		arena_reset(room);
		st = json_items_next(&item, &items, room);
		if (st == ST_TOO_LARGE)
			too_large(&why);
		if (!st || st == ST_TOO_LARGE)
			st = add(b, item, &why, room);
	}
	return st == ST_DONE ? ST_OK : st;
}

/* A line that is no JSON is rejected by itself; the others count. */
static enum st read_line(struct usage_batch *b, const char *line, size_t size, struct arena *room)
{
	const struct json *item = NULL;
	struct faults why = { .arena = b->rq->faults->arena };
	arena_reset(room);
	enum st st = size > JSON_ITEM_CAP ? too_large(&why) : json_parse(&item, &why, room, line, size);
	return st == ST_MEMORY ? st : add(b, item, &why, room);
}

static enum st read_lines(struct usage_batch *b, struct arena *room)
{
	const char *at = b->rq->raw, *end = at + b->rq->raw_size;
	enum st st = ST_OK;
	for (const char *stop; at < end && !st; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		size_t size = (size_t)(stop - at);
		if (strspn(at, " \t\r") < size)
			st = read_line(b, at, size, room);
	}
	return st;
}

enum st usage_batch_read(struct usage_batch *b)
{
	const bool lines = strstr(b->rq->content_type, "ndjson") || strstr(b->rq->content_type, "jsonl");
	struct arena *room;
	enum st st = arena_open(&room, EVENT_ROOM);
	if (st)
		return st;
	st = lines ? read_lines(b, room) : read_array(b, room);
	arena_close(room);
	return !st && !b->count ? fault_add(b->rq->faults, "", "the batch is empty") : st;
}

static void write_rejected(struct jwriter *w, unsigned index, enum st why, const struct faults *faults)
{
	jw_object(w, NULL);
	jw_int(w, "index", index);
	jw_string(w, "code", problem_of(why)->code);
	jw_array(w, "errors");
	write_faults(w, faults);
	if (!faults->count) {
		jw_object(w, NULL);
		jw_string(w, "pointer", why == ST_KEY_REUSED ? "/idempotency_key" : "/quantity");
		jw_string(w, "detail", problem_of(why)->title);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

const char *usage_batch_rejected(const struct usage_batch *b)
{
	struct text t = text_new(b->rq->arena, REJECTED_CAP);
	struct jwriter w = jw_new(&t);
	jw_array(&w, NULL);
	for (unsigned i = 0, k = 0; i < b->count; i++) {
		if (b->read[i])
			write_rejected(&w, i, b->read[i], &b->faults[i]);
		else if (b->results[k++].st)
			write_rejected(&w, i, b->results[k - 1].st, &b->results[k - 1].faults);
	}
	jw_end(&w);
	return t.failed ? NULL : t.bytes;
}

static void write_answer(struct jwriter *w, int64_t inserted, int64_t duplicates, const char *rejected)
{
	jw_object(w, NULL);
	jw_int(w, "inserted", inserted);
	jw_int(w, "duplicates", duplicates);
	jw_raw(w, "rejected", rejected);
	jw_end(w);
}

enum st usage_batch_write(struct jwriter *w, const struct usage_batch *b, const struct usage_once *once)
{
	int64_t inserted = 0, duplicates = 0;
	if (once && once->repeated) {
		write_answer(w, 0, once->taken, once->kept);
		return ST_OK;
	}
	for (unsigned i = 0; i < b->good; i++) {
		inserted += !b->results[i].st && !b->results[i].duplicate;
		duplicates += !b->results[i].st && b->results[i].duplicate;
	}
	const char *rejected = usage_batch_rejected(b);
	if (!rejected)
		return ST_MEMORY;
	write_answer(w, inserted, duplicates, rejected);
	return ST_OK;
}
