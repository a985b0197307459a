/* GET, POST /api/customers: whom a tenant quotes and invoices. */
#include "api/resource.h"
#include "billing/customer.h"

static enum st list(struct request *rq, struct reply *rp) { return reply_list(rq, rp, &customers); }
static enum st add(struct request *rq, struct reply *rp) { return reply_added(rq, rp, &customers); }

const struct fn fn_customers = {
	.on[M_GET] = { .summary = "List customers", .scope = SCOPE_CUSTOMERS_READ, .query = customer_query,
		.lists = true, .gives = customer_shape, .handle = list },
	.on[M_POST] = { .summary = "Add a customer", .scope = SCOPE_CUSTOMERS_WRITE, .kind = BODY_SHAPE,
		.body = customer_shape, .idempotent = true, .gives = customer_shape, .handle = add },
};
