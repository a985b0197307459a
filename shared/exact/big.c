/* Whole numbers of up to 1024 bits, by the methods one learns at school. */
#include "exact/big.h"

#include <string.h>

static void trim(struct big *b)
{
	while (b->size && b->limb[b->size - 1] == 0)
		b->size--;
}

static bool is_small(const struct big *b)
{
	return b->size <= 2;
}

static u128 small(const struct big *b)
{
	return (b->size > 0 ? (u128)b->limb[0] : 0) | (b->size > 1 ? (u128)b->limb[1] << 64 : 0);
}

void big_set(struct big *out, u128 value)
{
	out->limb[0] = (uint64_t)value;
	out->limb[1] = (uint64_t)(value >> 64);
	out->size = 2;
	trim(out);
}

bool big_get(u128 *out, const struct big *value)
{
	*out = small(value);
	return is_small(value);
}

int big_compare(const struct big *a, const struct big *b)
{
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	for (unsigned i = a->size; i--;)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

bool big_add(struct big *out, const struct big *a, const struct big *b)
{
	unsigned size = a->size > b->size ? a->size : b->size;
	u128 carry = 0;
	for (unsigned i = 0; i < size; i++) {
		carry += i < a->size ? a->limb[i] : 0;
		carry += i < b->size ? b->limb[i] : 0;
		out->limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	out->size = size;
	if (!carry)
		return true;
	if (size == BIG_LIMBS)
		return false;
	out->limb[out->size++] = (uint64_t)carry;
	return true;
}

void big_subtract(struct big *a, const struct big *b)
{
	uint64_t borrow = 0;
	for (unsigned i = 0; i < a->size; i++) {
		u128 less = (u128)(i < b->size ? b->limb[i] : 0) + borrow;
		borrow = a->limb[i] < less;
		a->limb[i] = (uint64_t)(a->limb[i] - less);
	}
	trim(a);
}

bool big_multiply(struct big *out, const struct big *a, const struct big *b)
{
	struct big product = { 0 };
	if (a->size + b->size > BIG_LIMBS + 1)
		return false;
	for (unsigned i = 0; i < a->size; i++) {
		u128 carry = 0;
		for (unsigned j = 0; j < b->size || carry; j++) {
			if (i + j == BIG_LIMBS)
				return false;
			carry += product.limb[i + j];
			if (j < b->size)
				carry += (u128)a->limb[i] * b->limb[j];
			product.limb[i + j] = (uint64_t)carry;
			carry >>= 64;
			if (product.size < i + j + 1)
				product.size = i + j + 1;
		}
	}
	trim(&product);
	*out = product;
	return true;
}

/* ---- division ---- */

static unsigned bit_length(const struct big *b)
{
	return b->size ? b->size * 64 - (unsigned)__builtin_clzll(b->limb[b->size - 1]) : 0;
}

/* b × 2^bits; the caller knows that it fits. */
static void shift_left(struct big *b, unsigned bits)
{
	unsigned limbs = bits / 64, rest = bits % 64;
	unsigned size = (bit_length(b) + bits + 63) / 64;
	for (unsigned i = size; i--;) {
		uint64_t high = i >= limbs && i - limbs < b->size ? b->limb[i - limbs] : 0;
		uint64_t low = i > limbs && i - limbs - 1 < b->size ? b->limb[i - limbs - 1] : 0;
		b->limb[i] = rest ? high << rest | low >> (64 - rest) : high;
	}
	b->size = size;
}

static void halve(struct big *b)
{
	for (unsigned i = 0; i < b->size; i++)
		b->limb[i] = b->limb[i] >> 1 | (i + 1 < b->size ? b->limb[i + 1] << 63 : 0);
	trim(b);
}

/* Long division, bit by bit: subtract d × 2^k where it fits, for k from the top. */
static void divide_long(struct big *quotient, struct big *rest, const struct big *n, const struct big *d)
{
	struct big q = { 0 }, r = *n, part = *d;
	if (big_compare(n, d) >= 0) {
		unsigned k = bit_length(n) - bit_length(d);
		memset(&q, 0, sizeof q);
		q.size = k / 64 + 1;
		shift_left(&part, k);
		for (k++; k--; halve(&part)) {
			if (big_compare(&r, &part) < 0)
				continue;
			big_subtract(&r, &part);
			q.limb[k / 64] |= (uint64_t)1 << k % 64;
		}
		trim(&q);
	}
	*quotient = q;
	*rest = r;
}

void big_divide(struct big *quotient, struct big *rest, const struct big *n, const struct big *d)
{
	if (!is_small(n) || !is_small(d)) {
		divide_long(quotient, rest, n, d);
		return;
	}
	u128 a = small(n), b = small(d);
	big_set(quotient, a / b);
	big_set(rest, a % b);
}

/* ---- common divisors ---- */

static unsigned trailing_zeros(u128 v)
{
	return (uint64_t)v ? (unsigned)__builtin_ctzll((uint64_t)v) : 64 + (unsigned)__builtin_ctzll((uint64_t)(v >> 64));
}

/* Stein's: halve what is even, subtract the smaller odd number from the larger. */
static u128 gcd_small(u128 a, u128 b)
{
	if (!a || !b)
		return a | b;
	unsigned twos = trailing_zeros(a | b);
	a >>= trailing_zeros(a);
	while (b) {
		b >>= trailing_zeros(b);
		if (a > b) {
			u128 swap = a;
			a = b;
			b = swap;
		}
		b -= a;
	}
	return a << twos;
}

static bool is_one(const struct big *b)
{
	return b->size == 1 && b->limb[0] == 1;
}

void big_gcd(struct big *out, const struct big *a, const struct big *b)
{
	if (is_one(a) || is_one(b)) {
		big_set(out, 1);
		return;
	}
	struct big x = *a, y = *b, unused;
	while (y.size && !(is_small(&x) && is_small(&y))) { /* Euclid's, until both are small */
		struct big rest;
		big_divide(&unused, &rest, &x, &y);
		x = y;
		y = rest;
	}
	if (y.size)
		big_set(&x, gcd_small(small(&x), small(&y)));
	*out = x;
}

/* ---- */

enum st multiply_divide(wide *quotient, wide *rest, wide a, wide b, wide d)
{
	wide product;
	if (!__builtin_mul_overflow(a, b, &product)) {
		*quotient = product / d;
		*rest = product % d;
		return ST_OK;
	}
	struct big x, y, q, r;
	u128 whole, left;
	big_set(&x, (u128)a);
	big_set(&y, (u128)b);
	if (!big_multiply(&x, &x, &y))
		return ST_RANGE;
	big_set(&y, (u128)d);
	big_divide(&q, &r, &x, &y);
	if (!big_get(&whole, &q) || whole >> 127 || !big_get(&left, &r))
		return ST_RANGE;
	*quotient = (wide)whole;
	*rest = (wide)left;
	return ST_OK;
}
