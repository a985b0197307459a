/* POST /api/products/import: many at once, from CSV. */
#include "api/resource.h"
#include "billing/product.h"

static enum st import(struct request *rq, struct reply *rp) { return reply_imported(rq, rp, &products); }

const struct fn fn_products_import = {
	.on[M_POST] = { .summary = "Import products from CSV", .doc = IMPORT_DOC, .scope = SCOPE_PRODUCTS_WRITE,
		.query = import_query, IMPORT_BODY, .idempotent = true, .gives = import_shape, .answers = IMPORT_EXAMPLE,
		.handle = import },
};
