/* POST /api/products/restore/{id}: taken back. */
#include "api/resource.h"
#include "billing/product.h"

static enum st restore(struct request *rq, struct reply *rp) { return reply_restored(rq, rp, &products); }

const struct fn fn_products_restore = {
	.takes_id = true,
	.on[M_POST] = { .summary = "Take a product back that was put away", .scope = SCOPE_PRODUCTS_WRITE,
		.idempotent = true, .gives = product_shape, .handle = restore },
};
