/* GET, PATCH, DELETE /api/products/{id}: one product. */
#include "api/resource.h"
#include "billing/product.h"

static enum st get(struct request *rq, struct reply *rp) { return reply_one(rq, rp, &products); }
static enum st change(struct request *rq, struct reply *rp) { return reply_changed(rq, rp, &products); }
static enum st drop(struct request *rq, struct reply *rp) { return reply_removed(rq, rp, &products); }

const struct fn fn_products_id = {
	.takes_id = true,
	.on[M_GET] = { .summary = "Get a product", .scope = SCOPE_PRODUCTS_READ, .gives = product_shape,
		.handle = get },
	.on[M_PATCH] = { .summary = "Change a product", .scope = SCOPE_PRODUCTS_WRITE, .kind = BODY_SHAPE,
		.body = product_shape, .matches = true, .gives = product_shape, .handle = change },
	.on[M_DELETE] = { .summary = "Remove a product that nothing names", .scope = SCOPE_PRODUCTS_WRITE,
		.matches = true, .handle = drop },
};
