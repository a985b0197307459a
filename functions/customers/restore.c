/* POST /api/customers/restore/{id}: taken back. */
#include "api/resource.h"
#include "billing/customer.h"

static enum st restore(struct request *rq, struct reply *rp) { return reply_restored(rq, rp, &customers); }

const struct fn fn_customers_restore = {
	.takes_id = true,
	.on[M_POST] = { .summary = "Take a customer back that was put away", .scope = SCOPE_CUSTOMERS_WRITE,
		.idempotent = true, .gives = customer_shape, .handle = restore },
};
