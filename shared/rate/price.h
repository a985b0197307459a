/* Price models: what a quantity costs. */
#ifndef RATE_PRICE_H
#define RATE_PRICE_H

#include "base/money.h"

enum price_model {
	PRICE_FLAT, PRICE_PER_UNIT, PRICE_GRADUATED, PRICE_VOLUME, PRICE_PACKAGE, PRICE_PERCENTAGE, PRICE__MAX
};

struct price {
	enum price_model model;
	qty included;           /* units free first */
	unit_price unit_amount; /* per_unit */
};

/** The exact price of a quantity, before rounding.
 *  Returns: ST_OK; ST_INVALID for a negative quantity; ST_RANGE on overflow. */
enum st price_amount(exact *amount, const struct price *price, qty quantity) MUST_USE;

#endif
