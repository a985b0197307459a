/* POST /api/customers/archive/{id}: put away. */
#include "api/resource.h"
#include "billing/customer.h"

static enum st archive(struct request *rq, struct reply *rp) { return reply_archived(rq, rp, &customers); }

const struct fn fn_customers_archive = {
	.takes_id = true,
	.on[M_POST] = { .summary = "Put a customer away, no more to be used", .scope = SCOPE_CUSTOMERS_WRITE,
		.idempotent = true, .gives = customer_shape, .handle = archive },
};
