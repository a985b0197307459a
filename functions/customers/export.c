/* GET /api/customers/export: all that match, as CSV. */
#include "api/resource.h"
#include "billing/customer.h"

static enum st export(struct request *rq, struct reply *rp) { return reply_export(rq, rp, &customers); }

const struct fn fn_customers_export = {
	.on[M_GET] = { .summary = "Export customers as CSV", .scope = SCOPE_CUSTOMERS_READ, .query = customer_query,
		.lists = true, .handle = export },
};
