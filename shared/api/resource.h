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

/** POST /api/KIND/import of CSV, as /export writes it: what was made, changed and rejected. Wants import_query as
 *  `.query`, IMPORT_BODY, and a resource that has a unique member. */
enum st reply_imported(struct request *rq, struct reply *rp, const struct resource *resource) MUST_USE;

extern const struct param import_query[], import_shape[];

#define IMPORT_BODY .kind = BODY_RAW, .media = "text/csv", .body_cap = 4 << 20
#define IMPORT_DOC \
	"The first row names the columns, those of /export or some of them; at most 5,000 rows follow, in UTF-8. An " \
	"empty cell is no value, and clears one that is there; what no column names stays. A row that is wrong is " \
	"rejected by itself, and the others count."
#define IMPORT_EXAMPLE \
	"{\"created\":2,\"updated\":1,\"unchanged\":0,\"dry_run\":false,\"rejected\":[{\"row\":3,\"errors\":" \
	"[{\"pointer\":\"/name\",\"detail\":\"is required: a name\"}]}]}"

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
