/* GET, PATCH, DELETE /api/widgets/{id}: one widget. */
#include "api/resource.h"
#include "billing/widget.h"

static enum st get(struct request *rq, struct reply *rp) { return reply_one(rq, rp, &widgets); }
static enum st change(struct request *rq, struct reply *rp) { return reply_changed(rq, rp, &widgets); }
static enum st drop(struct request *rq, struct reply *rp) { return reply_removed(rq, rp, &widgets); }

const struct fn fn_widgets_id = {
	.takes_id = true,
	.on[M_GET] = { .summary = "Get a widget", .scope = SCOPE_SETTINGS_READ, .gives = widget_shape,
		.handle = get },
	.on[M_PATCH] = { .summary = "Change a widget", .scope = SCOPE_SETTINGS_WRITE, .kind = BODY_SHAPE,
		.body = widget_shape, .matches = true, .gives = widget_shape, .handle = change },
	.on[M_DELETE] = { .summary = "Remove a widget that nothing names", .scope = SCOPE_SETTINGS_WRITE,
		.matches = true, .handle = drop },
};
