/* Prices as plans and products write them: one reader for each model, in a table. */
#include "catalog/price_read.h"

static void read_flat(struct price *p, const struct fields *f)
{
	field_amount(&p->amount, f, "amount", EXACT_DIGITS, NEEDED);
}

static void read_per_unit(struct price *p, const struct fields *f)
{
	field_amount(&p->unit_amount, f, "unit_amount", PRICE_DIGITS, NEEDED);
}

static void read_tier(struct tier *tier, const struct fields *f, const struct tier *before, bool last)
{
	tier->open = !field_get(f, "up_to", last ? DEFAULTED : NEEDED);
	field_qty(&tier->up_to, f, "up_to", DEFAULTED);
	field_amount(&tier->unit_amount, f, "unit_amount", PRICE_DIGITS, DEFAULTED);
	field_amount(&tier->flat_amount, f, "flat_amount", EXACT_DIGITS, DEFAULTED);
	if (before && !tier->open && tier->up_to <= before->up_to)
		field_fault(f, "up_to", "must be above the tier before");
}

static void read_tiers(struct price *p, const struct fields *f)
{
	size_t count;
	const struct json *item = field_array(&count, f, "tiers", NEEDED);
	if (item && count > PRICE_TIERS_CAP) {
		field_fault(f, "tiers", "has more than 100 tiers");
		return;
	}
	if (!count && json_get(f->object, "tiers"))
		field_fault(f, "tiers", "must not be empty");
	struct tier *tiers = arena_take(f->faults->arena, sizeof *tiers * (count + 1));
	for (size_t i = 0; tiers && item; item = json_next(item), i++) {
		struct fields at = field_item(f, "tiers", i, item);
		read_tier(&tiers[i], &at, i ? &tiers[i - 1] : NULL, i + 1 == count);
	}
	p->tiers = tiers;
	p->tier_count = tiers ? (unsigned)count : 0;
}

static void read_package(struct price *p, const struct fields *f)
{
	static const char *const roundings[] = { "up", "down" };
	unsigned rounding = 0;
	unsigned before = f->faults->count;
	field_qty(&p->package_size, f, "package_size", NEEDED);
	if (f->faults->count == before && p->package_size == 0)
		field_fault(f, "package_size", "must be above 0");
	field_amount(&p->package_amount, f, "package_amount", PRICE_DIGITS, NEEDED);
	field_choice(&rounding, f, "package_rounding", roundings, 2, DEFAULTED);
	p->package_down = rounding == 1;
}

static void read_percentage(struct price *p, const struct fields *f)
{
	field_amount(&p->rate, f, "rate_percent", PERCENT_DIGITS, NEEDED);
}

static void (*const readers[PRICE__MAX])(struct price *p, const struct fields *f) = {
	[PRICE_FLAT] = read_flat,           [PRICE_PER_UNIT] = read_per_unit, [PRICE_GRADUATED] = read_tiers,
	[PRICE_VOLUME] = read_tiers,        [PRICE_PACKAGE] = read_package,   [PRICE_PERCENTAGE] = read_percentage,
};

static void read_bounds(struct price *p, const struct fields *f)
{
	p->has_minimum = field_get(f, "minimum_amount", DEFAULTED);
	p->has_maximum = field_get(f, "maximum_amount", DEFAULTED);
	field_amount(&p->minimum, f, "minimum_amount", EXACT_DIGITS, DEFAULTED);
	field_amount(&p->maximum, f, "maximum_amount", EXACT_DIGITS, DEFAULTED);
	if (p->has_minimum && p->has_maximum && p->minimum > p->maximum)
		field_fault(f, "maximum_amount", "is below minimum_amount");
}

enum st price_read(struct price *price, const struct fields *f)
{
	const char *names[PRICE__MAX];
	unsigned model = PRICE__MAX, before = f->faults->count;
	for (unsigned i = 0; i < PRICE__MAX; i++)
		names[i] = price_model_name((enum price_model)i);
	*price = (struct price){ 0 };
	field_choice(&model, f, "model", names, PRICE__MAX, NEEDED);
	if (model < PRICE__MAX) {
		price->model = (enum price_model)model;
		readers[model](price, f);
	}
	field_qty(&price->included, f, "included", DEFAULTED);
	read_bounds(price, f);
	if (f->faults->count != before)
		return ST_INVALID;
	bool tiered = price->model == PRICE_GRADUATED || price->model == PRICE_VOLUME;
	return tiered && !price->tiers ? ST_MEMORY : ST_OK;
}
