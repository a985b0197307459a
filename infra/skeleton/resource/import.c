/* POST /api/widgets/import: many at once, from CSV. */
#include "api/resource.h"
#include "billing/widget.h"

static enum st import(struct request *rq, struct reply *rp) { return reply_imported(rq, rp, &widgets); }

const struct fn fn_widgets_import = {
	.on[M_POST] = { .summary = "Import widgets from CSV", .doc = IMPORT_DOC, .scope = SCOPE_SETTINGS_WRITE,
		.query = import_query, IMPORT_BODY, .idempotent = true, .gives = import_shape, .answers = IMPORT_EXAMPLE,
		.handle = import },
};
