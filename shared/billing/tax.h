/* Taxes: what products and customers name, and documents reckon by. */
#ifndef BILLING_TAX_H
#define BILLING_TAX_H

#include "account/resource.h"

enum { TAXES_CAP = 5 };

struct tax {
	struct record record;
	const char *name, *rate, *category, *reason;
	int64_t archived;
};

extern const struct resource taxes;
extern const struct param tax_shape[], tax_query[], tax_id[];

/** Note at /taxes/N which of a list of ids is no tax of the tenant, or one that was put away.
 *  Returns: ST_OK; ST_INVALID; what the store returns. In: list  kept text; before  what it was, whose archived ones
 *  may stay */
enum st taxes_check(struct work *work, const char *list, const char *before) MUST_USE;

#endif
