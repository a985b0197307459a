/* POST /api/widgets/restore/{id}: taken back. */
#include "api/resource.h"
#include "billing/widget.h"

static enum st restore(struct request *rq, struct reply *rp) { return reply_restored(rq, rp, &widgets); }

const struct fn fn_widgets_restore = {
	.takes_id = true,
	.on[M_POST] = { .summary = "Take a widget back that was put away", .scope = SCOPE_SETTINGS_WRITE,
		.idempotent = true, .gives = widget_shape, .handle = restore },
};
