/* pennymeter calc tax. */
#include <string.h>

#include "kind.h"
#include "rate/tax.h"

#define WHOLE_PERCENT ((percent)1000000000000)

/* What tells a tax: its name; or else the list it stands in, its rate, and which of that rate it is there. */
struct known_tax {
	const char *name;
	bool of_invoice;
	percent rate;
	unsigned nth;
};

struct tax_case {
	struct tax_rule rule;
	struct known_tax *known; /* by id */
	unsigned known_count, known_room;
	struct tax_line *lines;
	struct discount *discounts;
	size_t line_count, discount_count;
};

/* ---- the rule ---- */

/* Of several conventions, said to agree, the first is computed. */
static void read_rounding(struct tax_rule *rule, struct calc *c)
{
	static const char *const places[] = { "line", "rate", "total" };
	size_t count;
	const struct json *item = field_array(&count, &c->in, "rounding", DEFAULTED);
	for (size_t i = count; item && i; item = json_next(item), i--) {
		unsigned place = TAX_ROUND_LINE;
		struct fields f = field_item(&c->in, "rounding", count - i, item);
		field_choice(&place, &f, "", places, TAX_ROUND__MAX, NEEDED);
		if (i == count)
			rule->place = (enum tax_rounding)place;
	}
}

/* ---- which tax it is ---- */

static bool same_tax(const struct known_tax *a, const struct known_tax *b)
{
	if (a->name || b->name)
		return a->name && b->name && !strcmp(a->name, b->name);
	return a->of_invoice == b->of_invoice && a->rate == b->rate && a->nth == b->nth;
}

static int64_t id_of(struct tax_case *t, const struct known_tax *tax)
{
	for (unsigned i = 0; i < t->known_count; i++)
		if (same_tax(&t->known[i], tax))
			return i;
	t->known[t->known_count] = *tax;
	return t->known_count++;
}

/* An item is a rate, or {"id": name, "rate": rate}. */
static void read_tax(struct tax *out, struct tax_case *t, const struct fields *at, const struct tax *before, unsigned count, bool of_invoice)
{
	const bool named = json_kind(at->object) == JSON_OBJECT;
	struct known_tax tax = { .of_invoice = of_invoice };
	if (named)
		field_string(&tax.name, at, "id", NEEDED);
	field_amount(&tax.rate, at, named ? "rate" : "", PERCENT_DIGITS, NEEDED);
	for (unsigned i = 0; i < count; i++)
		tax.nth += !t->known[before[i].id].name && before[i].rate == tax.rate;
	*out = (struct tax){ id_of(t, &tax), tax.rate };
	for (unsigned i = 0; i < count; i++)
		if (before[i].id == out->id && !at->faults->count)
			field_fault(at, "", "names a tax twice");
	if (t->known[out->id].rate != tax.rate && !at->faults->count)
		field_fault(at, "rate", "is another than this tax has elsewhere");
}

static enum st make_known(struct tax_case *t, struct calc *c)
{
	const unsigned room = t->known_room ? t->known_room * 2 : 16;
	struct known_tax *known = arena_take(c->arena, sizeof *known * room);
	if (!known)
		return ST_MEMORY;
	for (unsigned i = 0; i < t->known_count; i++)
		known[i] = t->known[i];
	t->known = known;
	t->known_room = room;
	return ST_OK;
}

static const struct tax *read_taxes(unsigned *count, struct tax_case *t, struct calc *c, const struct fields *f, const char *name)
{
	size_t n;
	const struct json *item = field_array(&n, f, name, DEFAULTED);
	struct tax *taxes = arena_take(c->arena, sizeof *taxes * (n + 1));
	*count = 0;
	if (!taxes)
		field_fault(f, name, "is too long");
	for (; taxes && item; item = json_next(item)) {
		const struct fields at = field_item(f, name, *count, item);
		if (t->known_count == t->known_room && make_known(t, c)) {
			field_fault(f, name, "is too long");
			break;
		}
		read_tax(&taxes[*count], t, &at, taxes, *count, f == &c->in);
		++*count;
	}
	return taxes;
}

static void read_tax_rule(struct tax_case *t, struct calc *c)
{
	struct tax_rule *rule = &t->rule;
	static const char *const taxes[] = { "exclusive", "inclusive" }, *const nets[] = { "tax", "net" };
	static const char *const amounts[] = { "rounded", "exact" }, *const orders[] = { "given", "percent_first" };
	unsigned tax = 0, net = 0, amount = 0, order = 0, how = ROUND_HALF_AWAY;
	int digits = 2;
	field_choice(&tax, &c->in, "tax", taxes, 2, DEFAULTED);
	field_choice(&net, &c->in, "inclusive_round", nets, 2, DEFAULTED);
	field_choice(&amount, &c->in, "line_amounts", amounts, 2, DEFAULTED);
	field_choice(&order, &c->in, "coupon_order", orders, 2, DEFAULTED);
	field_choice(&how, &c->in, "round_mode", calc_roundings, ROUND__MAX, DEFAULTED);
	calc_digits(&digits, c);
	if (!calc_refused(c) && (digits < 0 || digits > EXACT_DIGITS))
		field_fault(&c->in, "digits", "must be from 0 to 18");
	read_rounding(rule, c);
	rule->inclusive = tax == 1;
	rule->round_net = net == 1;
	rule->exact_lines = amount == 1;
	rule->percent_first = order == 1;
	rule->how = (enum rounding)how;
	rule->digits = (unsigned)digits;
	rule->taxes = read_taxes(&rule->tax_count, t, c, &c->in, "invoice_tax_rates");
}

/* ---- lines ---- */

/* A percentage from 0 to 100. */
static void read_part(percent *out, const struct fields *f, const char *name, enum need need)
{
	field_amount(out, f, name, PERCENT_DIGITS, need);
	if (*out > WHOLE_PERCENT) {
		*out = 0;
		field_fault(f, name, "is above 100");
	}
}

static void read_product(exact *amount, const struct fields *f)
{
	wide quantity = 1000000, price = 0;
	field_wide(&quantity, f, "quantity", QTY_DIGITS, DEFAULTED);
	field_wide(&price, f, "unit_price", PRICE_DIGITS, NEEDED);
	if (__builtin_mul_overflow(quantity, price, amount)) {
		*amount = 0;
		field_fault(f, "unit_price", "times the quantity does not fit");
	}
}

static void read_line(struct tax_line *line, struct tax_case *t, struct calc *c, const struct fields *f)
{
	if (field_get(f, "amount", field_get(f, "unit_price", DEFAULTED) ? DEFAULTED : NEEDED))
		field_wide(&line->amount, f, "amount", EXACT_DIGITS, NEEDED);
	else
		read_product(&line->amount, f);
	field_amount(&line->discount_amount, f, "discount_amount", EXACT_DIGITS, DEFAULTED);
	read_part(&line->discount_percent, f, "discount_percent", DEFAULTED);
	line->taxes = read_taxes(&line->tax_count, t, c, f, "tax_rates");
}

static enum st read_lines(struct tax_case *t, struct calc *c)
{
	const struct json *item = field_array(&t->line_count, &c->in, "lines", NEEDED);
	t->lines = arena_take(c->arena, sizeof *t->lines * (t->line_count + 1));
	if (!t->lines)
		return ST_MEMORY;
	for (size_t i = 0; item; item = json_next(item), i++) {
		struct fields f = field_item(&c->in, "lines", i, item);
		read_line(&t->lines[i], t, c, &f);
	}
	return ST_OK;
}

/* ---- discounts ---- */

static void read_targets(struct discount *d, struct calc *c, const struct fields *f, size_t line_count)
{
	size_t count;
	const struct json *item = field_array(&count, f, "lines", DEFAULTED);
	unsigned *lines = arena_take(c->arena, sizeof *lines * (count + 1));
	bool *taken = arena_take(c->arena, line_count + 1);
	if (item && !line_count)
		field_fault(f, "lines", "names lines that are not there");
	for (size_t i = 0; lines && taken && line_count && item; item = json_next(item), i++) {
		int64_t line = 0;
		struct fields at = field_item(f, "lines", i, item);
		field_int(&line, &at, "", 0, (int64_t)line_count - 1, NEEDED);
		if (taken[line] && !calc_refused(c))
			field_fault(&at, "", "names a line twice");
		taken[line] = true;
		lines[i] = (unsigned)line;
	}
	d->lines = lines;
	d->line_count = lines ? (unsigned)count : 0;
}

static void read_discount(struct discount *d, struct calc *c, const struct fields *f, size_t line_count)
{
	static const char *const types[] = { "fixed", "percent" };
	unsigned type = 0;
	field_choice(&type, f, "type", types, 2, NEEDED);
	d->is_percent = type == 1;
	if (d->is_percent)
		read_part(&d->rate, f, "value", NEEDED);
	else
		field_amount(&d->amount, f, "value", EXACT_DIGITS, NEEDED);
	read_targets(d, c, f, line_count);
}

static enum st read_discounts(struct tax_case *t, struct calc *c)
{
	const struct json *item = field_array(&t->discount_count, &c->in, "discounts", DEFAULTED);
	t->discounts = arena_take(c->arena, sizeof *t->discounts * (t->discount_count + 1));
	if (!t->discounts)
		return ST_MEMORY;
	for (size_t i = 0; item; item = json_next(item), i++) {
		struct fields f = field_item(&c->in, "discounts", i, item);
		read_discount(&t->discounts[i], c, &f, t->line_count);
	}
	return ST_OK;
}

/* ---- the answer ---- */

static enum st write_tax(struct calc *c, const struct tax_case *t, const struct tax_result *r)
{
	const int digits = (int)t->rule.digits;
	jw_object(c->w, "expect");
	enum st st = calc_write(c, "subtotal", r->subtotal, digits);
	st |= calc_write(c, "discount", r->discount, digits);
	st |= calc_write(c, "tax", r->tax, digits);
	st |= calc_write(c, "total", r->total, digits);
	jw_array(c->w, "line_taxes");
	for (size_t i = 0; i < t->line_count; i++)
		st |= calc_write(c, NULL, t->lines[i].tax, digits);
	jw_end(c->w);
	jw_array(c->w, "rate_taxes");
	for (unsigned i = 0; i < r->tax_count; i++) {
		const struct tax_sum *sum = &r->taxes[i];
		jw_object(c->w, NULL);
		if (t->known[sum->of.id].name)
			jw_string(c->w, "id", t->known[sum->of.id].name);
		st |= calc_write(c, "rate", sum->of.rate, PERCENT_DIGITS);
		st |= calc_write(c, "taxable", sum->taxable, digits);
		st |= calc_write(c, "tax", sum->amount, digits);
		jw_end(c->w);
	}
	jw_end(c->w);
	jw_end(c->w);
	return st;
}

enum st calc_tax(struct calc *c)
{
	struct tax_case t = { 0 };
	struct tax_result result;
	read_tax_rule(&t, c);
	enum st st = read_lines(&t, c);
	if (!st)
		st = read_discounts(&t, c);
	if (st || calc_refused(c))
		return st ? st : ST_INVALID;
	st = tax_compute(&result, c->arena, &t.rule, t.lines, (unsigned)t.line_count, t.discounts,
	                 (unsigned)t.discount_count);
	return st ? calc_fail(c, "lines", st) : write_tax(c, &t, &result);
}
