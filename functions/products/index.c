/* GET, POST /api/products: what a tenant sells. */
#include "api/resource.h"
#include "billing/product.h"

static enum st list(struct request *rq, struct reply *rp) { return reply_list(rq, rp, &products); }
static enum st add(struct request *rq, struct reply *rp) { return reply_added(rq, rp, &products); }

const struct fn fn_products = {
	.on[M_GET] = { .summary = "List products", .scope = SCOPE_PRODUCTS_READ, .query = product_query,
		.lists = true, .gives = product_shape, .handle = list },
	.on[M_POST] = { .summary = "Add a product", .scope = SCOPE_PRODUCTS_WRITE, .kind = BODY_SHAPE,
		.body = product_shape, .idempotent = true, .gives = product_shape, .handle = add },
};
