/* Tax numbers: by which scheme a company is known to those who tax it. */
#ifndef BILLING_TAX_NUMBER_H
#define BILLING_TAX_NUMBER_H

#include "shape/shape.h"

struct tax_number {
	const char *scheme, *value;
};

extern const struct param tax_number_shape[];

/** The check of a list of them: a VAT number is a country and 2 to 12 letters or digits, a GSTIN has its form and
 * check digit. */
void tax_number_check(const void *item, const char *pointer, struct faults *faults);

#endif
