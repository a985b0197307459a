/* POST /api/products/archive/{id}: put away. */
#include "api/resource.h"
#include "billing/product.h"

static enum st archive(struct request *rq, struct reply *rp) { return reply_archived(rq, rp, &products); }

const struct fn fn_products_archive = {
	.takes_id = true,
	.on[M_POST] = { .summary = "Put a product away, no more to be used", .scope = SCOPE_PRODUCTS_WRITE,
		.idempotent = true, .gives = product_shape, .handle = archive },
};
