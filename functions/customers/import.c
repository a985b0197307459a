/* POST /api/customers/import: many at once, from CSV. */
#include "api/resource.h"
#include "billing/customer.h"

static enum st import(struct request *rq, struct reply *rp) { return reply_imported(rq, rp, &customers); }

const struct fn fn_customers_import = {
	.on[M_POST] = { .summary = "Import customers from CSV", .doc = IMPORT_DOC, .scope = SCOPE_CUSTOMERS_WRITE,
		.query = import_query, IMPORT_BODY, .idempotent = true, .gives = import_shape, .answers = IMPORT_EXAMPLE,
		.handle = import },
};
