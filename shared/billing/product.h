/* Products: what a tenant sells. */
#ifndef BILLING_PRODUCT_H
#define BILLING_PRODUCT_H

#include "account/resource.h"

struct product {
	struct record record;
	const char *name, *sku, *description, *unit, *currency, *unit_price, *taxes;
	int64_t archived;
};

extern const struct resource products;
extern const struct param product_shape[], product_query[];

#endif
