/* What functions answer with resources: lists, one, made, changed, removed. */
#ifndef API_RESOURCE_H
#define API_RESOURCE_H

#include "account/resource.h"
#include "wire/fn.h"

/** The work of a request: its store, account, key and body. Lives in the request's arena; NULL: no memory. */
struct work *work_of(const struct request *rq);

/** GET /api/KIND: {"KIND": […], "next"}, or as CSV all that match. Wants `.lists`, and the resource's filters
 *  as `.query`.
 *  All of these return what resource_…() of account/resource.h do. */
enum st reply_list(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

/** GET /api/KIND/export: all that match as CSV. */
enum st reply_export(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

/** GET /api/KIND/{id}. */
enum st reply_one(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

/** POST /api/KIND of rq->body: 201, Location, ETag; a repeat 200. */
enum st reply_added(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

/** PATCH /api/KIND/{id} by rq->body, if it is the version that If-Match names. */
enum st reply_changed(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

/** DELETE /api/KIND/{id}: 204; 409 where others refer to it. */
enum st reply_removed(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

/** POST /api/KIND/archive/{id}, and /restore/{id}. */
enum st reply_archived(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;
enum st reply_restored(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

#endif
