/* POST /api/taxes/archive/{id}: put away. */
#include "api/resource.h"
#include "billing/tax.h"

static enum st archive(struct request *rq, struct reply *rp) { return reply_archived(rq, rp, &taxes); }

const struct fn fn_taxes_archive = {
	.takes_id = true,
	.on[M_POST] = { .summary = "Put a tax away, no more to be used", .scope = SCOPE_SETTINGS_WRITE,
		.idempotent = true, .gives = tax_shape, .handle = archive },
};
