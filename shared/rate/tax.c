/* Tax and discounts: exact fractions from the lines on, rounded at the one place the rule names. */
#include "rate/tax.h"

#include "exact/ratio.h"

enum { FRACTION_DIGITS = PERCENT_DIGITS + 2 }; /* of a percent as a fraction */

#define WHOLE ((percent)1000000000000) /* 100 % */

/* A tax of the invoice, with what it applies to. */
struct group {
	struct tax of;
	struct ratio factor;    /* tax of one unit of price */
	struct ratio base, tax; /* sums over its lines */
	minor rounded;          /* the sum of rounded lines; then the tax itself */
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
	(line->amount < 0 ? ratio_add : ratio_subtract)(price, &off);
	if (line->amount < 0 ? ratio_sign(price) > 0 : ratio_sign(price) < 0)
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

static unsigned target_count(const struct work *w, const struct discount *d)
{
	return d->line_count ? d->line_count : w->line_count;
}

/* What is left of a discount's lines. */
static enum st left_of(struct ratio *left, struct work *w, const struct discount *d)
{
	*left = ratio_of(0, 1);
	for (unsigned k = 0; k < target_count(w, d); k++) {
		const struct ratio *price = discounted(w, d, k);
		if (!price)
			return ST_INVALID;
		ratio_add(left, price);
	}
	return ST_OK;
}

/* The share that a fixed amount leaves of each of its lines: (left - amount) / left. */
static struct ratio share_kept(const struct discount *d, const struct ratio *left)
{
	struct ratio off = ratio_decimal(d->amount, EXACT_DIGITS), keep = *left;
	if (ratio_sign(left) <= 0)
		return ratio_of(1, 1);
	if (ratio_compare(&off, left) > 0)
		off = *left;
	ratio_subtract(&keep, &off);
	ratio_divide(&keep, left);
	return keep;
}

static enum st apply_discount(struct work *w, const struct discount *d)
{
	struct ratio left;
	if (d->is_percent ? d->rate < 0 || d->rate > WHOLE : d->amount < 0)
		return ST_INVALID;
	enum st st = left_of(&left, w, d);
	if (st)
		return st;
	const struct ratio keep = d->is_percent ? ratio_decimal(WHOLE - d->rate, FRACTION_DIGITS) : share_kept(d, &left);
	for (unsigned k = 0; k < target_count(w, d); k++)
		ratio_multiply(discounted(w, d, k), &keep);
	ratio_add(&w->discount, &left);
	ratio_multiply(&left, &keep);
	ratio_subtract(&w->discount, &left);
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

/* Out: group  NULL where the id has another rate elsewhere */
static void find_group(struct group **group, struct work *w, struct tax tax)
{
	for (unsigned i = 0; i < w->group_count; i++)
		if (w->groups[i].of.id == tax.id) {
			*group = w->groups[i].of.rate == tax.rate ? &w->groups[i] : NULL;
			return;
		}
	*group = &w->groups[w->group_count++];
	**group = (struct group){ tax, tax_factor(tax.rate, w->rule->inclusive), ratio_of(0, 1), ratio_of(0, 1), 0 };
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

/* One tax of a line: into its group, the line's exact tax and its rounded one. */
static enum st add_tax(struct work *w, const struct ratio *price, struct tax of, struct ratio *exact_tax, minor *rounded)
{
	struct group *g;
	struct ratio tax = *price;
	find_group(&g, w, of);
	if (of.rate < 0 || !g)
		return ST_INVALID;
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

static bool bears(const struct tax_line *line, int64_t id)
{
	for (unsigned i = 0; i < line->tax_count; i++)
		if (line->taxes[i].id == id)
			return true;
	return false;
}

static enum st tax_line(struct work *w, unsigned i)
{
	struct tax_line *line = &w->lines[i];
	const struct ratio *price = &w->prices[i];
	struct ratio tax = ratio_of(0, 1);
	enum st st = ST_OK;
	line->tax = 0;
	for (unsigned k = 0; k < line->tax_count && !st; k++)
		st = add_tax(w, price, line->taxes[k], &tax, &line->tax);
	for (unsigned k = 0; k < w->rule->tax_count && !st; k++)
		if (!bears(line, w->rule->taxes[k].id))
			st = add_tax(w, price, w->rule->taxes[k], &tax, &line->tax);
	ratio_add(&w->tax, &tax);
	if (!st && w->rule->place != TAX_ROUND_LINE)
		st = round_tax(&line->tax, &tax, price, w->rule);
	return st;
}

/* What flooring a group's tax to money leaves, and the floor. */
static enum st floor_tax(struct group *g, const struct tax_rule *rule)
{
	struct tax_rule down = *rule;
	down.how = ROUND_DOWN;
	enum st st = to_money(&g->rounded, &g->tax, &down);
	const struct ratio whole = st ? g->tax : ratio_decimal(g->rounded, rule->digits);
	ratio_subtract(&g->tax, &whole);
	return st;
}

/* The group whose tax lost most by flooring (or least): the first of equals. */
static struct group *extreme(struct work *w, int sign)
{
	struct group *found = w->groups;
	for (unsigned i = 1; i < w->group_count; i++)
		if (ratio_compare(&w->groups[i].tax, &found->tax) * sign > 0)
			found = &w->groups[i];
	return found;
}

/* The taxes of a credit are those of its charge with the sign turned, also where units are left over. */
static void turn_round(struct work *w)
{
	const struct ratio zero = ratio_of(0, 1);
	for (unsigned i = 0; i < w->group_count; i++) {
		struct ratio tax = zero;
		ratio_subtract(&tax, &w->groups[i].tax);
		w->groups[i].tax = tax;
		w->groups[i].rounded = -w->groups[i].rounded;
	}
}

/* Split a tax that was rounded once over the taxes it is made of, by largest remainder. */
static enum st settle(struct work *w, minor total)
{
	const bool credit = total < 0;
	wide left = credit ? -(wide)total : total;
	if (credit)
		turn_round(w);
	for (unsigned i = 0; i < w->group_count; i++) {
		enum st st = floor_tax(&w->groups[i], w->rule); /* tax is now what is left of it */
		if (st)
			return st;
		left -= w->groups[i].rounded;
	}
	for (int step = left < 0 ? -1 : 1; left && w->group_count; left -= step) { /* half_even can take one too many */
		struct group *g = extreme(w, step);
		const struct ratio unit = ratio_of(step, 1);
		g->rounded += step;
		ratio_subtract(&g->tax, &unit);
	}
	if (credit)
		turn_round(w);
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
	size_t taxes = w->rule->tax_count;
	for (unsigned i = 0; i < w->line_count; i++)
		taxes += w->lines[i].tax_count;
	w->prices = arena_take(arena, sizeof *w->prices * (w->line_count + 1));
	w->groups = arena_take(arena, sizeof *w->groups * (taxes + 1));
	return w->prices && w->groups ? ST_OK : ST_MEMORY;
}

static enum st report_taxes(struct tax_result *out, struct arena *arena, const struct work *w)
{
	out->tax_count = w->group_count;
	out->taxes = arena_take(arena, sizeof *out->taxes * (w->group_count + 1));
	if (!out->taxes)
		return ST_MEMORY;
	for (unsigned i = 0; i < w->group_count; i++) {
		const struct group *g = &w->groups[i];
		out->taxes[i] = (struct tax_sum){ .of = g->of, .amount = g->rounded };
		enum st st = to_money(&out->taxes[i].taxable, &g->base, w->rule);
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
	return st ? st : report_taxes(out, arena, w);
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
