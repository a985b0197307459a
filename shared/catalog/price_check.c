/* Checks of a plan's prices. */
#include "catalog/price_check.h"

/* ---- money ---- */

static exact minor_unit(const struct currency *currency)
{
	wide unit;
	return power_of_ten(&unit, EXACT_DIGITS - currency->digits) ? 1 : unit;
}

bool money_fits(exact amount, const struct currency *currency)
{
	minor rounded;
	return amount % minor_unit(currency) == 0 && !minor_round(&rounded, amount, currency, ROUND_DOWN);
}

/* Of a plan in no currency: what fits here fits in all. */
static const struct currency finest = { "", CURRENCY_DIGITS };

void money_check(const struct fields *f, const char *name, exact amount, const struct currency *currency)
{
	minor rounded;
	if (minor_round(&rounded, amount, currency ? currency : &finest, ROUND_DOWN))
		field_fault(f, name, "is more money than can be counted");
	else if (currency && amount % minor_unit(currency)) {
		const char *cause = arena_format(f->faults->arena, "has more decimals than %s has: %u", currency->code, currency->digits);
		field_fault(f, name, cause ? cause : "has more decimals than the currency");
	}
}

static void check_bounds(const struct fields *f, const struct price *p, const struct currency *currency)
{
	if (p->has_minimum)
		money_check(f, "minimum_amount", p->minimum, currency);
	if (p->has_maximum)
		money_check(f, "maximum_amount", p->maximum, currency);
}

bool price_fits(const struct price *p, const struct currency *currency)
{
	bool fits = money_fits(p->amount, currency) && money_fits(p->minimum, currency) && money_fits(p->maximum, currency);
	for (unsigned i = 0; i < p->tier_count; i++)
		fits &= money_fits(p->tiers[i].flat_amount, currency);
	return fits;
}

/* ---- models ---- */

/* Whether one whole unit can be charged at this price. */
static void check_rate(const struct fields *f, const char *name, unit_price rate, const struct currency *currency)
{
	exact amount;
	minor rounded;
	if (exact_multiply(&amount, 1000000, rate) || minor_round(&rounded, amount, currency ? currency : &finest, ROUND_DOWN))
		field_fault(f, name, "is so much that not even one could be charged");
}

static void check_tiers(const struct fields *f, const struct price *p, const struct currency *currency)
{
	const struct json *item = json_first(json_get(f->object, "tiers"));
	for (unsigned i = 0; i < p->tier_count && item; i++, item = json_next(item)) {
		const struct fields at = field_item(f, "tiers", i, item);
		check_rate(&at, "unit_amount", p->tiers[i].unit_amount, currency);
		money_check(&at, "flat_amount", p->tiers[i].flat_amount, currency);
		if (i + 1 == p->tier_count && !p->tiers[i].open)
			field_fault(&at, "up_to", "closes the last tier, so that a use past it has no price; leave it out, or write null");
	}
}

void price_check(const struct fields *f, const struct price *p, const struct currency *currency)
{
	switch (p->model) {
	case PRICE_FLAT: money_check(f, "amount", p->amount, currency); break;
	case PRICE_PER_UNIT: check_rate(f, "unit_amount", p->unit_amount, currency); break;
	case PRICE_PACKAGE: check_rate(f, "package_amount", p->package_amount, currency); break;
	case PRICE_PERCENTAGE: check_rate(f, "rate_percent", p->rate, currency); break;
	default: check_tiers(f, p, currency); break;
	}
	check_bounds(f, p, currency);
}
