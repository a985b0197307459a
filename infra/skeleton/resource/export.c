/* GET /api/widgets/export: all that match, as CSV. */
#include "api/resource.h"
#include "billing/widget.h"

static enum st export(struct request *rq, struct reply *rp) { return reply_export(rq, rp, &widgets); }

const struct fn fn_widgets_export = {
	.on[M_GET] = { .summary = "Export widgets as CSV", .scope = SCOPE_SETTINGS_READ, .query = widget_query,
		.lists = true, .handle = export },
};
