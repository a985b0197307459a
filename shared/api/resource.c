/* One resource: read, made, changed, removed. */
#include "api/resource.h"

#include <stdio.h>
#include <string.h>

#include "wire/etag.h"

struct work *work_of(const struct request *rq)
{
	struct work *w = arena_take(rq->arena, sizeof *w);
	const char *call = arena_format(rq->arena, "%s/%lld?%s", rq->path, (long long)rq->id, rq->query ? rq->query : "");
	if (w && call)
		*w = (struct work){
			.store = rq->store, .account = rq->account, .conf = rq->conf, .arena = rq->arena, .faults = rq->faults,
			.now = rq->now,
			.key = rq->idempotency_key, .call = call, .body = rq->raw ? rq->raw : "", .size = rq->raw_size,
			.address = rq->address, .user_agent = rq->user_agent,
		};
	return call ? w : NULL;
}

/* ---- answers ---- */

static enum st reply_object(struct reply *rp, const struct resource *resource, const void *object)
{
	rp->version = ((const struct record *)object)->version;
	shape_write(&rp->json, NULL, resource->shape, object);
	return ST_OK;
}

enum st reply_one(struct request *rq, struct reply *rp, const struct resource *resource)
{
	void *object;
	enum st st = resource_find(&object, resource, rq->store, rq->account->tenant_id, rq->id, rq->arena);
	return st ? st : reply_object(rp, resource, object);
}

enum st reply_added(struct request *rq, struct reply *rp, const struct resource *resource)
{
	struct work *work = work_of(rq);
	void *object;
	enum st st = work ? resource_add(&object, resource, work, rq->body) : ST_MEMORY;
	if (st)
		return st;
	rp->kind = work->repeated ? REPLY_OK : REPLY_CREATED;
	rp->replayed = work->repeated;
	rp->location = arena_format(rq->arena, "%s/%lld", resource->kind, (long long)work->id);
	return rp->location ? reply_object(rp, resource, object) : ST_MEMORY;
}

/* ---- changes of what was read ---- */

static bool is_named(const void *if_match, int64_t version)
{
	char tag[ETAG_ROOM];
	snprintf(tag, sizeof tag, "\"%lld\"", (long long)version);
	return !if_match || etag_matches(if_match, tag);
}

enum st reply_changed(struct request *rq, struct reply *rp, const struct resource *resource)
{
	const struct expected expected = { is_named, rq->if_match };
	struct work *work = work_of(rq);
	void *object;
	enum st st = work ? resource_change(&object, resource, work, rq->id, rq->body, &expected) : ST_MEMORY;
	return st ? st : reply_object(rp, resource, object);
}

enum st reply_removed(struct request *rq, struct reply *rp, const struct resource *resource)
{
	const struct expected expected = { is_named, rq->if_match };
	struct work *work = work_of(rq);
	rp->kind = REPLY_EMPTY;
	return work ? resource_remove(resource, work, rq->id, &expected) : ST_MEMORY;
}

static enum st reply_set(struct request *rq, struct reply *rp, const struct resource *resource, const char *act,
                         bool archived)
{
	const struct expected expected = { is_named, rq->if_match };
	struct work *work = work_of(rq);
	void *object;
	enum st st = work ? resource_set(&object, resource, work, rq->id, act, "archived", archived, &expected) : ST_MEMORY;
	if (st)
		return st;
	rp->replayed = work->repeated;
	return reply_object(rp, resource, object);
}

enum st reply_archived(struct request *rq, struct reply *rp, const struct resource *resource)
{
	return reply_set(rq, rp, resource, "archive", true);
}

enum st reply_restored(struct request *rq, struct reply *rp, const struct resource *resource)
{
	return reply_set(rq, rp, resource, "restore", false);
}
