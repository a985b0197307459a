/* Exact fractions of big whole numbers, kept in lowest terms. */
#include "exact/ratio.h"

static u128 magnitude(wide value)
{
	return value < 0 ? -(u128)value : (u128)value;
}

static struct ratio failure(void)
{
	struct ratio r = { .failed = true };
	big_set(&r.n, 0);
	big_set(&r.d, 1);
	return r;
}

static void reduce(struct ratio *r)
{
	struct big common, unused;
	big_gcd(&common, &r->n, &r->d);
	if (common.size == 1 && common.limb[0] == 1)
		return;
	big_divide(&r->n, &unused, &r->n, &common);
	big_divide(&r->d, &unused, &r->d, &common);
	r->negative = r->negative && r->n.size;
}

struct ratio ratio_of(wide n, wide d)
{
	struct ratio r = { .negative = (n < 0) != (d < 0) && n };
	big_set(&r.n, magnitude(n));
	big_set(&r.d, magnitude(d));
	reduce(&r);
	return r;
}

struct ratio ratio_decimal(wide value, unsigned digits)
{
	wide power;
	return power_of_ten(&power, digits) ? failure() : ratio_of(value, power);
}

/* a.n and b.n over the denominator a.d × b.d, which goes to `d`. */
static bool common_denominator(struct big *x, struct big *y, struct big *d, const struct ratio *a, const struct ratio *b)
{
	if (big_compare(&a->d, &b->d) == 0) {
		*x = a->n;
		*y = b->n;
		*d = a->d;
		return true;
	}
	return big_multiply(x, &a->n, &b->d) && big_multiply(y, &b->n, &a->d) && big_multiply(d, &a->d, &b->d);
}

static void add_signed(struct ratio *a, const struct ratio *b, bool b_negative)
{
	struct big x, y, d;
	bool fits = !a->failed && !b->failed && common_denominator(&x, &y, &d, a, b);
	struct ratio sum = { .negative = a->negative, .d = d };
	if (fits && a->negative == b_negative) {
		fits = big_add(&sum.n, &x, &y);
	} else if (fits && big_compare(&x, &y) >= 0) {
		big_subtract(&x, &y);
		sum.n = x;
	} else if (fits) {
		big_subtract(&y, &x);
		sum.n = y;
		sum.negative = b_negative;
	}
	if (!fits) {
		*a = failure();
		return;
	}
	sum.negative = sum.negative && sum.n.size;
	reduce(&sum);
	*a = sum;
}

void ratio_add(struct ratio *a, const struct ratio *b)
{
	add_signed(a, b, b->negative);
}

void ratio_subtract(struct ratio *a, const struct ratio *b)
{
	add_signed(a, b, !b->negative);
}

/* a × (n / d), the sign of b apart. */
static void scale(struct ratio *a, const struct ratio *b, const struct big *n, const struct big *d)
{
	struct ratio product = { .negative = a->negative != b->negative };
	if (a->failed || b->failed || !d->size || !big_multiply(&product.n, &a->n, n) ||
	    !big_multiply(&product.d, &a->d, d)) {
		*a = failure();
		return;
	}
	product.negative = product.negative && product.n.size;
	reduce(&product);
	*a = product;
}

void ratio_multiply(struct ratio *a, const struct ratio *b)
{
	scale(a, b, &b->n, &b->d);
}

void ratio_divide(struct ratio *a, const struct ratio *b)
{
	scale(a, b, &b->d, &b->n);
}

int ratio_sign(const struct ratio *a)
{
	return a->negative ? -1 : a->n.size != 0;
}

int ratio_compare(const struct ratio *a, const struct ratio *b)
{
	struct ratio difference = *a;
	ratio_subtract(&difference, b);
	return ratio_sign(&difference);
}

/* Whether |n / d| = whole + rest / d moves away from zero when rounded; rest > 0. */
static bool moves_away(const struct big *whole, struct big *rest, const struct big *d, bool negative, enum rounding how)
{
	if (how == ROUND_UP || how == ROUND_DOWN)
		return negative == (how == ROUND_DOWN);
	struct big other = *d;
	big_subtract(&other, rest);
	int beyond_half = big_compare(rest, &other);
	bool odd = whole->size && whole->limb[0] & 1;
	return beyond_half > 0 || (beyond_half == 0 && (how == ROUND_HALF_AWAY || odd));
}

enum st ratio_round(wide *out, const struct ratio *value, int digits, enum rounding how)
{
	wide power;
	enum st st = power_of_ten(&power, (unsigned)(digits < 0 ? -digits : digits));
	if (st || value->failed)
		return ST_RANGE;
	struct ratio scaled = *value, by = digits < 0 ? ratio_of(1, power) : ratio_of(power, 1);
	ratio_multiply(&scaled, &by);
	if (scaled.failed)
		return ST_RANGE;
	struct big whole, rest;
	u128 result;
	big_divide(&whole, &rest, &scaled.n, &scaled.d);
	bool away = rest.size && moves_away(&whole, &rest, &scaled.d, value->negative, how);
	if (!big_get(&result, &whole) || result >> 127)
		return ST_RANGE;
	result += away;
	if (result >> 127)
		return ST_RANGE;
	*out = value->negative ? -(wide)result : (wide)result;
	return ST_OK;
}
