/* GET, POST /api/taxes: what products and customers name, and documents reckon by. */
#include "api/resource.h"
#include "billing/tax.h"

static enum st list(struct request *rq, struct reply *rp) { return reply_list(rq, rp, &taxes); }
static enum st add(struct request *rq, struct reply *rp) { return reply_added(rq, rp, &taxes); }

const struct fn fn_taxes = {
	.on[M_GET] = { .summary = "List taxes", .scope = SCOPE_SETTINGS_READ, .query = tax_query, .lists = true,
		.gives = tax_shape, .handle = list },
	.on[M_POST] = { .summary = "Add a tax", .scope = SCOPE_SETTINGS_WRITE, .kind = BODY_SHAPE, .body = tax_shape,
		.idempotent = true, .gives = tax_shape, .handle = add },
};
