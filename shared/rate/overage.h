/* Overage: what use above a plan's included quantity costs, line by line. */
#ifndef RATE_OVERAGE_H
#define RATE_OVERAGE_H

#include "exact/money.h"

struct overage {
	qty quantity;     /* above the included one; 0 below it */
	exact unrounded;
	minor amount;     /* rounded once, here */
};

/** The overage of one metric: max(0, quantity - included) × unit_amount.
 *  Returns: ST_OK; ST_INVALID for a negative quantity or allowance; ST_RANGE on overflow. */
enum st overage_line(struct overage *out, qty quantity, qty included, unit_price unit_amount,
                     const struct currency *currency, enum rounding how) MUST_USE;

#endif
