/* GET, POST /api/widgets: say here what widgets are. */
#include "api/resource.h"
#include "billing/widget.h"

static enum st list(struct request *rq, struct reply *rp) { return reply_list(rq, rp, &widgets); }
static enum st add(struct request *rq, struct reply *rp) { return reply_added(rq, rp, &widgets); }

const struct fn fn_widgets = {
	.on[M_GET] = { .summary = "List widgets", .scope = SCOPE_SETTINGS_READ, .query = widget_query,
		.lists = true, .gives = widget_shape, .handle = list },
	.on[M_POST] = { .summary = "Add a widget", .scope = SCOPE_SETTINGS_WRITE, .kind = BODY_SHAPE,
		.body = widget_shape, .idempotent = true, .gives = widget_shape, .handle = add },
};
