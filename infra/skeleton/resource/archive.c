/* POST /api/widgets/archive/{id}: put away. */
#include "api/resource.h"
#include "billing/widget.h"

static enum st archive(struct request *rq, struct reply *rp) { return reply_archived(rq, rp, &widgets); }

const struct fn fn_widgets_archive = {
	.takes_id = true,
	.on[M_POST] = { .summary = "Put a widget away, no more to be used", .scope = SCOPE_SETTINGS_WRITE,
		.idempotent = true, .gives = widget_shape, .handle = archive },
};
