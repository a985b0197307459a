/* Overage: a per-unit price with an allowance, rounded to money. */
#include "rate/overage.h"

enum st overage_line(struct overage *out, qty quantity, qty included, unit_price unit_amount,
                     const struct currency *currency, enum rounding how)
{
	if (quantity < 0 || included < 0)
		return ST_INVALID;
	out->quantity = quantity > included ? quantity - included : 0;
	enum st st = exact_multiply(&out->unrounded, out->quantity, unit_amount);
	return st ? st : minor_round(&out->amount, out->unrounded, currency, how);
}
