/* Customers: whom a tenant quotes and invoices. */
#ifndef BILLING_CUSTOMER_H
#define BILLING_CUSTOMER_H

#include "account/resource.h"

struct customer {
	struct record record;
	const char *name, *code, *email, *phone, *legal_id, *contacts, *addresses, *tax_numbers, *currency, *locale,
		*prices, *taxes, *buyer_reference, *notes;
	int64_t terms_days, archived;
};

extern const struct resource customers;
extern const struct param customer_shape[], customer_query[];

#endif
