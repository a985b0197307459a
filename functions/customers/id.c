/* GET, PATCH, DELETE /api/customers/{id}: one customer. */
#include "api/resource.h"
#include "billing/customer.h"

static enum st get(struct request *rq, struct reply *rp) { return reply_one(rq, rp, &customers); }
static enum st change(struct request *rq, struct reply *rp) { return reply_changed(rq, rp, &customers); }
static enum st drop(struct request *rq, struct reply *rp) { return reply_removed(rq, rp, &customers); }

const struct fn fn_customers_id = {
	.takes_id = true,
	.on[M_GET] = { .summary = "Get a customer", .scope = SCOPE_CUSTOMERS_READ, .gives = customer_shape,
		.handle = get },
	.on[M_PATCH] = { .summary = "Change a customer", .scope = SCOPE_CUSTOMERS_WRITE, .kind = BODY_SHAPE,
		.body = customer_shape, .matches = true, .gives = customer_shape, .handle = change },
	.on[M_DELETE] = { .summary = "Remove a customer that nothing names", .scope = SCOPE_CUSTOMERS_WRITE,
		.matches = true, .handle = drop },
};
