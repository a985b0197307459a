/* GET /api/products/export: all that match, as CSV. */
#include "api/resource.h"
#include "billing/product.h"

static enum st export(struct request *rq, struct reply *rp) { return reply_export(rq, rp, &products); }

const struct fn fn_products_export = {
	.on[M_GET] = { .summary = "Export products as CSV", .scope = SCOPE_PRODUCTS_READ, .query = product_query,
		.lists = true, .handle = export },
};
