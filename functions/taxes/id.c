/* GET, PATCH, DELETE /api/taxes/{id}: one tax. */
#include "api/resource.h"
#include "billing/tax.h"

static enum st get(struct request *rq, struct reply *rp) { return reply_one(rq, rp, &taxes); }
static enum st change(struct request *rq, struct reply *rp) { return reply_changed(rq, rp, &taxes); }
static enum st drop(struct request *rq, struct reply *rp) { return reply_removed(rq, rp, &taxes); }

const struct fn fn_taxes_id = {
	.takes_id = true,
	.on[M_GET] = { .summary = "Get a tax", .scope = SCOPE_SETTINGS_READ, .gives = tax_shape, .handle = get },
	.on[M_PATCH] = { .summary = "Change a tax", .scope = SCOPE_SETTINGS_WRITE, .kind = BODY_SHAPE,
		.body = tax_shape, .matches = true, .gives = tax_shape, .handle = change },
	.on[M_DELETE] = { .summary = "Remove a tax that nothing names", .scope = SCOPE_SETTINGS_WRITE,
		.matches = true, .handle = drop },
};
