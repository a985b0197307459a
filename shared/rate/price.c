/* Price models: what a quantity costs, a function for each model. */
#include "rate/price.h"

#define UNIT ((qty)1000000) /* one, in millionths */

/* Where lines go: counted and summed, and kept if there is room. */
struct sheet {
	struct price_line *lines; /* NULL: only the sum is wanted */
	unsigned count;
	exact sum;
};

static enum st put(struct sheet *s, qty quantity, unit_price unit_amount, exact flat_amount)
{
	exact amount;
	enum st st = exact_multiply(&amount, quantity, unit_amount);
	if (st)
		return st;
	if (__builtin_add_overflow(amount, flat_amount, &amount) || __builtin_add_overflow(s->sum, amount, &s->sum))
		return ST_RANGE;
	if (s->lines)
		s->lines[s->count] = (struct price_line){ quantity, unit_amount, flat_amount, amount };
	s->count++;
	return ST_OK;
}

static enum st price_flat(struct sheet *s, const struct price *p, qty quantity)
{
	return put(s, quantity, 0, p->amount);
}

static enum st price_per_unit(struct sheet *s, const struct price *p, qty quantity)
{
	return put(s, quantity, p->unit_amount, 0);
}

static enum st price_graduated(struct sheet *s, const struct price *p, qty quantity)
{
	qty below = 0; /* the tier's lower bound */
	for (unsigned i = 0; i < p->tier_count; i++) {
		const struct tier *t = &p->tiers[i];
		bool last = t->open || quantity <= t->up_to;
		enum st st = put(s, (last ? quantity : t->up_to) - below, t->unit_amount, t->flat_amount);
		if (st || last)
			return st;
		below = t->up_to;
	}
	return ST_INVALID; /* above the last tier */
}

static enum st price_volume(struct sheet *s, const struct price *p, qty quantity)
{
	for (unsigned i = 0; i < p->tier_count; i++) {
		const struct tier *t = &p->tiers[i];
		if (t->open || quantity <= t->up_to)
			return put(s, quantity, t->unit_amount, t->flat_amount);
	}
	return ST_INVALID;
}

static enum st price_package(struct sheet *s, const struct price *p, qty quantity)
{
	if (p->package_size <= 0)
		return ST_INVALID;
	qty packages = quantity / p->package_size;
	if (quantity % p->package_size && !p->package_down)
		packages++;
	if (__builtin_mul_overflow(packages, UNIT, &packages))
		return ST_RANGE;
	return put(s, packages, p->package_amount, 0);
}

static enum st price_percentage(struct sheet *s, const struct price *p, qty quantity)
{
	return put(s, quantity, p->rate, 0); /* percents in 1e-10 are fractions in 1e-12 */
}

static const struct model {
	const char *name;
	enum st (*rate)(struct sheet *s, const struct price *p, qty quantity);
} models[PRICE__MAX] = {
	[PRICE_FLAT] = { "flat", price_flat },
	[PRICE_PER_UNIT] = { "per_unit", price_per_unit },
	[PRICE_GRADUATED] = { "graduated", price_graduated },
	[PRICE_VOLUME] = { "volume", price_volume },
	[PRICE_PACKAGE] = { "package", price_package },
	[PRICE_PERCENTAGE] = { "percentage", price_percentage },
};

const char *price_model_name(enum price_model model)
{
	return model < PRICE__MAX ? models[model].name : "";
}

unsigned price_line_room(const struct price *price)
{
	return price->model == PRICE_GRADUATED && price->tier_count ? price->tier_count : 1;
}

static exact bounded(const struct price *p, exact amount)
{
	if (p->has_minimum && amount < p->minimum)
		amount = p->minimum;
	return p->has_maximum && amount > p->maximum ? p->maximum : amount;
}

enum st price_lines(exact *amount, struct price_line *lines, unsigned *count, const struct price *price, qty quantity)
{
	if (quantity < 0 || price->included < 0 || price->model >= PRICE__MAX)
		return ST_INVALID;
	qty charged = quantity > price->included ? quantity - price->included : 0;
	struct sheet sheet = { .lines = lines };
	enum st st = models[price->model].rate(&sheet, price, charged);
	if (st)
		return st;
	*amount = bounded(price, sheet.sum);
	if (count)
		*count = sheet.count;
	return ST_OK;
}

enum st price_amount(exact *amount, const struct price *price, qty quantity)
{
	enum st st = price_lines(amount, NULL, NULL, price, quantity);
	if (st != ST_RANGE || !price->has_maximum)
		return st;
	*amount = price->maximum; /* what does not fit is above it */
	return ST_OK;
}
