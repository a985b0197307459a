/* pennymeter calc price, plan_overage, allocation, rounding. */
#include "exact/ratio.h"
#include "catalog/plan.h"
#include "catalog/price_read.h"
#include "kind.h"
#include "rate/allocation.h"

enum { DIGITS_MOST = 18 }; /* of what is held in 1e-18 */

/* A decimal in 1e-18 rounded to `digits`, and written. */
static enum st write_rounded(struct calc *c, const char *name, exact value, int digits, enum rounding how)
{
	struct ratio r = ratio_decimal(value, EXACT_DIGITS);
	wide rounded;
	if (digits > DIGITS_MOST)
		digits = DIGITS_MOST;
	enum st st = ratio_round(&rounded, &r, digits, how);
	return st ? st : calc_write(c, name, rounded, digits);
}

/* ---- price ---- */

static enum st write_price_line(struct calc *c, const struct price_line *line)
{
	jw_object(c->w, NULL);
	enum st st = calc_write(c, "quantity", line->quantity, QTY_DIGITS);
	st |= calc_write(c, "unit_amount", line->unit_amount, PRICE_DIGITS);
	st |= calc_write(c, "flat_amount", line->flat_amount, EXACT_DIGITS);
	st |= calc_write(c, "amount", line->amount, EXACT_DIGITS);
	jw_end(c->w);
	return st;
}

static enum st write_price(struct calc *c, exact amount, const struct price_line *lines, unsigned count, int digits)
{
	jw_object(c->w, "expect");
	enum st st = write_rounded(c, "amount", amount, digits, ROUND_HALF_AWAY);
	jw_array(c->w, "lines");
	for (unsigned i = 0; i < count && !st; i++)
		st = write_price_line(c, &lines[i]);
	jw_end(c->w);
	jw_end(c->w);
	return st ? calc_fail(c, "round", st) : ST_OK;
}

enum st calc_price(struct calc *c)
{
	struct price price;
	qty quantity = 0;
	int64_t digits = DIGITS_MOST;
	struct fields f = field_object(&c->in, "price");
	enum st st = calc_refused(c) ? ST_INVALID : price_read(&price, &f);
	field_qty(&quantity, &c->in, "quantity", NEEDED);
	field_int(&digits, &c->in, "round", -38, 38, DEFAULTED);
	if (st || calc_refused(c))
		return ST_INVALID;
	exact amount;
	unsigned count;
	struct price_line *lines = arena_take(c->arena, sizeof *lines * price_line_room(&price));
	if (!lines)
		return ST_MEMORY;
	st = price_lines(&amount, lines, &count, &price, quantity);
	if (st == ST_INVALID) {
		field_fault(&c->in, "quantity", "is above the last tier");
		return st;
	}
	return st ? calc_fail(c, "quantity", st) : write_price(c, amount, lines, count, (int)digits);
}

/* ---- plan_overage ---- */

struct overage_totals {
	exact unrounded;
	minor amount;
};

struct overage_line {
	qty overage;
	exact unrounded;
	minor amount;
};

/* As the meter charges a metric whose plan has a price for each unit. */
static enum st read_overage(struct overage_line *out, struct calc *c, const struct fields *f, const struct currency *currency)
{
	struct plan_entry entry = { .policy = POLICY_SOFT, .priced = true, .price.model = PRICE_PER_UNIT };
	qty quantity = 0;
	field_qty(&quantity, f, "quantity", NEEDED);
	field_qty(&entry.included, f, "included", NEEDED);
	field_amount(&entry.price.unit_amount, f, "overage_unit_amount", PRICE_DIGITS, NEEDED);
	if (calc_refused(c))
		return ST_INVALID;
	entry.price.included = entry.included;
	out->overage = plan_overage(&entry, quantity);
	enum st st = plan_charge(&out->unrounded, &out->amount, &entry, quantity, currency);
	if (st)
		field_fault(f, "quantity", "the result does not fit");
	return st;
}

static enum st write_overage(struct calc *c, const struct overage_line *o, int digits)
{
	jw_object(c->w, NULL);
	enum st st = calc_write(c, "overage", o->overage, QTY_DIGITS);
	st |= calc_write(c, "amount_exact", o->unrounded, EXACT_DIGITS);
	st |= calc_write(c, "amount", o->amount, digits);
	jw_end(c->w);
	return st;
}

enum st calc_plan_overage(struct calc *c)
{
	int digits = 2;
	size_t count;
	struct overage_totals sum = { 0 };
	calc_digits(&digits, c);
	const struct json *item = field_array(&count, &c->in, "lines", NEEDED);
	if (!calc_refused(c) && (digits < 0 || digits > DIGITS_MOST))
		field_fault(&c->in, "digits", "must be from 0 to 18");
	if (calc_refused(c))
		return ST_INVALID;
	const struct currency currency = { "", (unsigned)digits };
	jw_object(c->w, "expect");
	jw_array(c->w, "lines");
	for (size_t i = 0; item; item = json_next(item), i++) {
		struct overage_line line;
		struct fields f = field_item(&c->in, "lines", i, item);
		enum st st = read_overage(&line, c, &f, &currency);
		if (st)
			return st;
		if (__builtin_add_overflow(sum.unrounded, line.unrounded, &sum.unrounded) ||
		    __builtin_add_overflow(sum.amount, line.amount, &sum.amount) || write_overage(c, &line, digits))
			return calc_fail(c, "lines", ST_RANGE);
	}
	jw_end(c->w);
	enum st st = calc_write(c, "total_exact", sum.unrounded, EXACT_DIGITS);
	st |= calc_write(c, "total", sum.amount, digits);
	jw_end(c->w);
	return st ? calc_fail(c, "lines", ST_RANGE) : ST_OK;
}

/* ---- allocation ---- */

/* "total_minor" in minor units over weights in them, or "total" in major units over weights in those. */
static bool read_total(wide *total, wide *unit, int *digits, struct calc *c)
{
	bool in_minor = field_get(&c->in, "total_minor", DEFAULTED);
	*digits = 0;
	if (in_minor) {
		field_wide(total, &c->in, "total_minor", 0, NEEDED);
	} else {
		if (!calc_digits(digits, c))
			field_fault(&c->in, "currency", "is needed");
		if (*digits < 0 || *digits > DIGITS_MOST)
			field_fault(&c->in, "digits", "must be from 0 to 18");
		else
			field_wide(total, &c->in, "total", (unsigned)*digits, NEEDED);
	}
	if (!calc_refused(c) && power_of_ten(unit, (unsigned)(EXACT_DIGITS - *digits)))
		field_fault(&c->in, "digits", "must be from 0 to 18");
	return in_minor;
}

static void read_weights(struct share *shares, struct calc *c, const struct json *item)
{
	for (size_t i = 0; item; item = json_next(item), i++) {
		struct fields f = field_item(&c->in, "weights", i, item);
		field_amount(&shares[i].weight, &f, "", EXACT_DIGITS, NEEDED);
	}
}

static void read_keys(struct share *shares, size_t count, struct calc *c)
{
	size_t keys;
	const struct json *item = field_array(&keys, &c->in, "keys", NEEDED);
	if (item && keys != count)
		field_fault(&c->in, "keys", "must be as many as the weights");
	for (size_t i = 0; item && i < count; item = json_next(item), i++) {
		struct fields f = field_item(&c->in, "keys", i, item);
		field_string(&shares[i].key, &f, "", NEEDED);
	}
}

static enum st write_shares(struct calc *c, const struct share *shares, size_t count, bool in_minor, int digits)
{
	jw_array(c->w, "expect");
	for (size_t i = 0; i < count; i++) {
		if (in_minor) {
			char out[DECIMAL_ROOM];
			decimal_print(out, shares[i].amount, 0, 0);
			jw_raw(c->w, NULL, out);
		} else if (calc_write(c, NULL, shares[i].amount, digits)) {
			return ST_RANGE;
		}
	}
	jw_end(c->w);
	return ST_OK;
}

enum st calc_allocation(struct calc *c)
{
	static const char *const modes[] = { "largest_remainder" }, *const ties[] = { "first", "key_order" };
	unsigned mode = 0, tie = 0;
	wide total = 0, unit = 1;
	int digits;
	bool cap = false;
	size_t count;
	field_choice(&mode, &c->in, "mode", modes, 1, DEFAULTED);
	field_choice(&tie, &c->in, "tie", ties, 2, DEFAULTED);
	field_bool(&cap, &c->in, "cap_at_weights");
	bool in_minor = read_total(&total, &unit, &digits, c);
	const struct json *item = field_array(&count, &c->in, "weights", NEEDED);
	struct share *shares = arena_take(c->arena, sizeof *shares * (count + 1));
	if (!shares)
		return ST_MEMORY;
	read_weights(shares, c, item);
	if (tie == 1)
		read_keys(shares, count, c);
	if (calc_refused(c))
		return ST_INVALID;
	enum st st = cap ? allocation_cap(&total, shares, (unsigned)count, unit) : ST_OK;
	if (!st)
		st = allocate(shares, (unsigned)count, total);
	if (st == ST_INVALID)
		field_fault(&c->in, "weights", "have no part that could carry the total");
	else if (st)
		calc_fail(c, "weights", st);
	return st ? st : write_shares(c, shares, count, in_minor, digits);
}

/* ---- rounding ---- */

enum st calc_rounding(struct calc *c)
{
	unsigned mode = ROUND_HALF_AWAY;
	wide value = 0;
	int digits = 0;
	field_choice(&mode, &c->in, "mode", calc_roundings, ROUND__MAX, DEFAULTED);
	field_wide(&value, &c->in, "value", EXACT_DIGITS, NEEDED);
	if (!calc_digits(&digits, c) && !calc_refused(c))
		field_fault(&c->in, "digits", "or currency is needed");
	if (calc_refused(c))
		return ST_INVALID;
	jw_object(c->w, "expect");
	enum st st = write_rounded(c, "value", value, digits, (enum rounding)mode);
	jw_end(c->w);
	return st ? calc_fail(c, "value", st) : ST_OK;
}
