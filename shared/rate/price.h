/* Price models: what a quantity costs, and why.
 *
 *   flat        amount, whatever the quantity
 *   per_unit    quantity × unit_amount
 *   graduated   each tier prices the units that lie in it; bounds are inclusive. A tier's flat
 *               amount falls due once the quantity is above its lower bound, the first's at once
 *   volume      the first tier with quantity <= up_to prices all units, plus its flat amount
 *   package     started (or whole: package_down) packages × package_amount
 *   percentage  quantity × rate
 *
 * `included` units are taken off before the model; `minimum` and `maximum` bound the amount after it.
 * The result is exact; minor_round() makes it money, once. */
#ifndef RATE_PRICE_H
#define RATE_PRICE_H

#include "exact/money.h"

enum price_model {
	PRICE_FLAT, PRICE_PER_UNIT, PRICE_GRADUATED, PRICE_VOLUME, PRICE_PACKAGE, PRICE_PERCENTAGE, PRICE__MAX
};

struct tier {
	bool open;              /* no upper bound; only the last may be */
	qty up_to;              /* inclusive */
	unit_price unit_amount;
	exact flat_amount;
};

struct price {
	enum price_model model;
	qty included;           /* units free first */
	unit_price unit_amount; /* per_unit */
	exact amount;           /* flat */
	const struct tier *tiers; /* graduated, volume: bounds rise */
	unsigned tier_count;
	qty package_size; /* > 0 */
	unit_price package_amount;
	bool package_down;
	percent rate; /* percentage */
	bool has_minimum, has_maximum;
	exact minimum, maximum;
};

/* One step of the calculation: quantity × unit_amount + flat_amount = amount. A package
 * counts packages; a percentage's unit amount is its rate as a fraction. */
struct price_line {
	qty quantity;
	unit_price unit_amount;
	exact flat_amount, amount;
};

/** How many lines a price can come to, at most. */
unsigned price_line_room(const struct price *price);

/** The exact price of a quantity, before rounding, with a line for each tier touched.
 *  Returns: ST_OK; ST_INVALID for a negative quantity, one above the last tier, or a price that
 *  is not whole (no tiers, no package size); ST_RANGE on overflow.
 *  Out: amount  the lines' sum, bounded by minimum and maximum
 *  Out: lines   price_line_room(price) of them, NULL if not wanted
 *  Out: count   how many were filled, NULL if not wanted */
enum st price_lines(exact *amount, struct price_line *lines, unsigned *count, const struct price *price,
                    qty quantity) MUST_USE;

/** The exact price of a quantity, before rounding. As price_lines(), but where there is a maximum no sum is too large. */
enum st price_amount(exact *amount, const struct price *price, qty quantity) MUST_USE;

/** "per_unit" of PRICE_PER_UNIT, …; never NULL. */
const char *price_model_name(enum price_model model);

#endif
