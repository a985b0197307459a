/* Price models: what a quantity costs. */
#include "rate/price.h"

enum st price_amount(exact *amount, const struct price *price, qty quantity)
{
	if (quantity < 0 || price->model != PRICE_PER_UNIT)
		return ST_INVALID;
	qty charged = quantity > price->included ? quantity - price->included : 0;
	return exact_multiply(amount, charged, price->unit_amount);
}
