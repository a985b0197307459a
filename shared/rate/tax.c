/* Tax and discounts: exact fractions from the lines on, rounded at the one place the rule names. */
#include "rate/tax.h"

#include "base/ratio.h"

enum { FRACTION_DIGITS = PERCENT_DIGITS + 2 }; /* of a percent as a fraction */

#define WHOLE ((percent)1000000000000) /* 100 % */

/* A rate of the invoice, with what it applies to. */
struct group {
	percent rate;
	struct ratio factor;    /* tax of one unit of price */
	struct ratio base, tax; /* sums over its lines */
	minor rounded;          /* the sum of rounded lines; then the rate's own tax */
};

struct work {
	const struct tax_rule *rule;
	struct tax_line *lines;
	unsigned line_count;
	struct ratio *prices; /* of the lines, after discounts */
	struct group *groups;
	unsigned group_count;
	struct ratio subtotal, discount, tax;
};

static enum st to_money(minor *out, const struct ratio *value, const struct tax_rule *rule)
{
	wide rounded;
	enum st st = ratio_round(&rounded, value, (int)rule->digits, rule->how);
	if (!st && __builtin_add_overflow(rounded, 0, out))
		st = ST_RANGE;
	return st;
}

/* ---- lines and discounts ---- */

static enum st line_price(struct ratio *price, const struct tax_line *line, const struct tax_rule *rule)
{
	if (line->discount_percent < 0 || line->discount_percent > WHOLE || line->discount_amount < 0)
		return ST_INVALID;
	struct ratio kept = ratio_decimal(WHOLE - line->discount_percent, FRACTION_DIGITS);
	struct ratio off = ratio_decimal(line->discount_amount, EXACT_DIGITS);
	*price = ratio_decimal(line->amount, EXACT_DIGITS);
	ratio_multiply(price, &kept);
	ratio_subtract(price, &off);
	if (line->amount >= 0 && ratio_sign(price) < 0)
		*price = ratio_of(0, 1);
	if (rule->exact_lines)
		return ST_OK;
	minor rounded;
	enum st st = to_money(&rounded, price, rule);
	if (!st)
		*price = ratio_decimal(rounded, rule->digits);
	return st;
}

static enum st price_lines_of(struct work *w)
{
	w->subtotal = ratio_of(0, 1);
	for (unsigned i = 0; i < w->line_count; i++) {
		enum st st = line_price(&w->prices[i], &w->lines[i], w->rule);
		if (st)
			return st;
		ratio_add(&w->subtotal, &w->prices[i]);
	}
	return ST_OK;
}

/* The k-th line that a discount is on. */
static struct ratio *discounted(struct work *w, const struct discount *d, unsigned k)
{
	unsigned line = d->line_count ? d->lines[k] : k;
	return line < w->line_count ? &w->prices[line] : NULL;
}

/* Take a discount off its lines: each keeps the share (left - off) / left. */
static enum st apply_discount(struct work *w, const struct discount *d)
{
	unsigned count = d->line_count ? d->line_count : w->line_count;
	if (d->is_percent ? d->rate < 0 || d->rate > WHOLE : d->amount < 0)
		return ST_INVALID;
	struct ratio left = ratio_of(0, 1);
	for (unsigned k = 0; k < count; k++) {
		const struct ratio *price = discounted(w, d, k);
		if (!price)
			return ST_INVALID;
		ratio_add(&left, price);
	}
	if (ratio_sign(&left) <= 0)
		return ST_OK;
	struct ratio off = ratio_decimal(d->is_percent ? d->rate : d->amount, d->is_percent ? FRACTION_DIGITS : EXACT_DIGITS);
	if (d->is_percent)
		ratio_multiply(&off, &left);
	if (ratio_compare(&off, &left) > 0)
		off = left;
	ratio_add(&w->discount, &off);
	struct ratio keep = left;
	ratio_subtract(&keep, &off);
	ratio_divide(&keep, &left);
	for (unsigned k = 0; k < count; k++)
		ratio_multiply(discounted(w, d, k), &keep);
	return ST_OK;
}

static enum st apply_discounts(struct work *w, const struct discount *discounts, unsigned count)
{
	unsigned passes = w->rule->percent_first ? 2 : 1;
	w->discount = ratio_of(0, 1);
	for (unsigned pass = 0; pass < passes; pass++) {
		for (unsigned i = 0; i < count; i++) {
			bool now = passes == 1 || discounts[i].is_percent == (pass == 0);
			enum st st = now ? apply_discount(w, &discounts[i]) : ST_OK;
			if (st)
				return st;
		}
	}
	return ST_OK;
}

/* ---- tax ---- */

static struct ratio tax_factor(percent rate, bool inclusive)
{
	return inclusive ? ratio_of(rate, WHOLE + rate) : ratio_decimal(rate, FRACTION_DIGITS);
}

static struct group *group_of(struct work *w, percent rate)
{
	for (unsigned i = 0; i < w->group_count; i++)
		if (w->groups[i].rate == rate)
			return &w->groups[i];
	struct group *g = &w->groups[w->group_count++];
	*g = (struct group){ rate, tax_factor(rate, w->rule->inclusive), ratio_of(0, 1), ratio_of(0, 1), 0 };
	return g;
}

/* The tax in a price, as money: rounded itself, or what rounding the price without it leaves. */
static enum st round_tax(minor *out, const struct ratio *tax, const struct ratio *price, const struct tax_rule *rule)
{
	if (!rule->inclusive || !rule->round_net)
		return to_money(out, tax, rule);
	struct ratio net = *price;
	minor gross, without;
	ratio_subtract(&net, tax);
	enum st st = to_money(&gross, price, rule);
	if (!st)
		st = to_money(&without, &net, rule);
	if (!st && __builtin_sub_overflow(gross, without, out))
		st = ST_RANGE;
	return st;
}

static enum st add_minor(minor *sum, minor more)
{
	return __builtin_add_overflow(*sum, more, sum) ? ST_RANGE : ST_OK;
}

/* A line's tax at one rate: into its group, the line's exact tax and its rounded one. */
static enum st tax_at_rate(struct work *w, const struct ratio *price, percent rate, struct ratio *exact_tax, minor *rounded)
{
	if (rate < 0)
		return ST_INVALID;
	struct group *g = group_of(w, rate);
	struct ratio tax = *price;
	ratio_multiply(&tax, &g->factor);
	ratio_add(&g->base, price);
	ratio_add(&g->tax, &tax);
	ratio_add(exact_tax, &tax);
	if (w->rule->place != TAX_ROUND_LINE)
		return ST_OK;
	minor alone;
	enum st st = round_tax(&alone, &tax, price, w->rule);
	if (!st)
		st = add_minor(&g->rounded, alone);
	return st ? st : add_minor(rounded, alone);
}

static enum st tax_line(struct work *w, unsigned i)
{
	struct tax_line *line = &w->lines[i];
	const struct ratio *price = &w->prices[i];
	struct ratio tax = ratio_of(0, 1);
	enum st st = ST_OK;
	line->tax = 0;
	for (unsigned k = 0; k < line->rate_count && !st; k++)
		st = tax_at_rate(w, price, line->rates[k], &tax, &line->tax);
	for (unsigned k = 0; k < w->rule->rate_count && !st; k++)
		st = tax_at_rate(w, price, w->rule->rates[k], &tax, &line->tax);
	ratio_add(&w->tax, &tax);
	if (!st && w->rule->place != TAX_ROUND_LINE)
		st = round_tax(&line->tax, &tax, price, w->rule);
	return st;
}

/* What flooring a group's tax to money leaves, and the floor. */
static enum st floor_tax(minor *floor, struct ratio *rest, const struct ratio *tax, const struct tax_rule *rule)
{
	struct tax_rule down = *rule;
	down.how = ROUND_DOWN;
	enum st st = to_money(floor, tax, &down);
	struct ratio whole = st ? *tax : ratio_decimal(*floor, rule->digits);
	*rest = *tax;
	ratio_subtract(rest, &whole);
	return st;
}

/* Split a tax that was rounded once over its rates, by largest remainder. */
static enum st settle(struct work *w, minor total)
{
	for (unsigned i = 0; i < w->group_count; i++) {
		struct group *g = &w->groups[i];
		enum st st = floor_tax(&g->rounded, &g->tax, &g->tax, w->rule); /* tax is now what is left of it */
		if (st || __builtin_sub_overflow(total, g->rounded, &total))
			return st ? st : ST_RANGE;
	}
	for (; total > 0 && w->group_count; total--) {
		struct group *most = w->groups;
		for (unsigned i = 1; i < w->group_count; i++)
			if (ratio_compare(&w->groups[i].tax, &most->tax) > 0)
				most = &w->groups[i];
		most->rounded++;
		most->tax = ratio_of(-1, 1);
	}
	return ST_OK;
}

static enum st total_tax(minor *out, struct work *w)
{
	enum st st = ST_OK;
	*out = 0;
	if (w->rule->place == TAX_ROUND_TOTAL) {
		struct ratio paid = w->subtotal;
		ratio_subtract(&paid, &w->discount);
		st = round_tax(out, &w->tax, &paid, w->rule);
		return st ? st : settle(w, *out);
	}
	for (unsigned i = 0; i < w->group_count && !st; i++) {
		struct group *g = &w->groups[i];
		if (w->rule->place == TAX_ROUND_RATE)
			st = round_tax(&g->rounded, &g->tax, &g->base, w->rule);
		if (!st)
			st = add_minor(out, g->rounded);
	}
	return st;
}

/* ---- the invoice ---- */

static enum st make_room(struct work *w, struct arena *arena)
{
	size_t rates = w->rule->rate_count;
	for (unsigned i = 0; i < w->line_count; i++)
		rates += w->lines[i].rate_count;
	w->prices = arena_take(arena, sizeof *w->prices * (w->line_count + 1));
	w->groups = arena_take(arena, sizeof *w->groups * (rates + 1));
	return w->prices && w->groups ? ST_OK : ST_MEMORY;
}

static enum st report_rates(struct tax_result *out, struct arena *arena, const struct work *w)
{
	out->rate_count = w->group_count;
	out->rates = arena_take(arena, sizeof *out->rates * (w->group_count + 1));
	if (!out->rates)
		return ST_MEMORY;
	for (unsigned i = 0; i < w->group_count; i++) {
		const struct group *g = &w->groups[i];
		out->rates[i] = (struct tax_rate){ .rate = g->rate, .tax = g->rounded };
		enum st st = to_money(&out->rates[i].taxable, &g->base, w->rule);
		if (st)
			return st;
	}
	return ST_OK;
}

static enum st report(struct tax_result *out, struct arena *arena, struct work *w)
{
	enum st st = to_money(&out->subtotal, &w->subtotal, w->rule);
	if (!st)
		st = to_money(&out->discount, &w->discount, w->rule);
	if (!st)
		st = total_tax(&out->tax, w);
	if (!st && __builtin_sub_overflow(out->subtotal, out->discount, &out->total))
		st = ST_RANGE;
	if (!st && !w->rule->inclusive)
		st = add_minor(&out->total, out->tax);
	return st ? st : report_rates(out, arena, w);
}

enum st tax_compute(struct tax_result *out, struct arena *arena, const struct tax_rule *rule, struct tax_line *lines,
                    unsigned line_count, const struct discount *discounts, unsigned discount_count)
{
	struct work w = { .rule = rule, .lines = lines, .line_count = line_count, .tax = ratio_of(0, 1) };
	enum st st = make_room(&w, arena);
	if (!st)
		st = price_lines_of(&w);
	if (!st)
		st = apply_discounts(&w, discounts, discount_count);
	for (unsigned i = 0; i < line_count && !st; i++)
		st = tax_line(&w, i);
	return st ? st : report(out, arena, &w);
}
