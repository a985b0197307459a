/* Exact numbers: reading, printing and rounding decimals held in 128-bit integers. */
#include "base/money.h"

#include <stddef.h>
#include <string.h>

#define WIDE_MAX ((wide)(~(unsigned __int128)0 >> 1))

enum { POWERS = 39 }; /* 10^38 is the last power that 127 bits hold */

enum st power_of_ten(wide *out, unsigned exponent)
{
	wide power = 1;
	if (exponent >= POWERS)
		return ST_RANGE;
	while (exponent--)
		power *= 10;
	*out = power;
	return ST_OK;
}

/* ---- reading ---- */

/* A decimal taken apart: ±mantissa × 10^exponent, the mantissa not ending in 0. */
struct decimal {
	bool negative, overflow;
	wide mantissa;
	int64_t exponent;
};

struct scan {
	const char *at, *end;
};

static bool scan_digit(struct scan *s, unsigned *digit)
{
	if (s->at == s->end || *s->at < '0' || *s->at > '9')
		return false;
	*digit = (unsigned)(*s->at++ - '0');
	return true;
}

static bool scan_char(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* Append the zeros held back since the last digit, and the digit. */
static void append_digit(struct decimal *d, unsigned *zeros, unsigned digit)
{
	if (!digit) {
		*zeros += d->mantissa != 0;
		return;
	}
	wide shifted, shift;
	d->overflow |= power_of_ten(&shift, *zeros + 1) != ST_OK;
	if (d->overflow || __builtin_mul_overflow(d->mantissa, shift, &shifted) ||
	    __builtin_add_overflow(shifted, (wide)digit, &d->mantissa))
		d->overflow = true;
	*zeros = 0;
}

enum { EXPONENT_CAP = 100000 }; /* past it only zero can be meant to fit */

static bool scan_exponent(struct scan *s, int64_t *exponent)
{
	bool negative = scan_char(s, '-');
	if (!negative)
		scan_char(s, '+');
	unsigned digit;
	int64_t value = 0;
	if (!scan_digit(s, &digit))
		return false;
	do {
		if (value < EXPONENT_CAP)
			value = value * 10 + digit;
	} while (scan_digit(s, &digit));
	*exponent += negative ? -value : value;
	return true;
}

/* JSON's number: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool scan_decimal(struct decimal *d, const char *text, size_t size)
{
	struct scan s = { text, text + size };
	unsigned digit, zeros = 0;
	d->negative = scan_char(&s, '-');
	if (!scan_digit(&s, &digit))
		return false;
	bool leading_zero = digit == 0;
	append_digit(d, &zeros, digit);
	while (scan_digit(&s, &digit)) {
		if (leading_zero)
			return false;
		append_digit(d, &zeros, digit);
	}
	if (scan_char(&s, '.')) {
		if (!scan_digit(&s, &digit))
			return false;
		do {
			append_digit(d, &zeros, digit);
			d->exponent--;
		} while (scan_digit(&s, &digit));
	}
	d->exponent += zeros;
	if ((scan_char(&s, 'e') || scan_char(&s, 'E')) && !scan_exponent(&s, &d->exponent))
		return false;
	return s.at == s.end;
}

enum st decimal_read(wide *value, const char *text, size_t size, unsigned digits)
{
	struct decimal d = { 0 };
	if (!scan_decimal(&d, text, size))
		return ST_INVALID;
	if (d.mantissa == 0 && !d.overflow) {
		*value = 0;
		return ST_OK;
	}
	int64_t shift = d.exponent + digits;
	if (shift < 0)
		return ST_INVALID;
	wide power, scaled;
	if (d.overflow || shift >= POWERS || power_of_ten(&power, (unsigned)shift) ||
	    __builtin_mul_overflow(d.mantissa, power, &scaled))
		return ST_RANGE;
	*value = d.negative ? -scaled : scaled;
	return ST_OK;
}

bool decimal_valid(const char *text, size_t size)
{
	struct decimal d = { 0 };
	return scan_decimal(&d, text, size);
}

enum st qty_read(qty *value, const char *text, size_t size)
{
	wide read;
	enum st st = decimal_read(&read, text, size, QTY_DIGITS);
	if (st)
		return st;
	return __builtin_add_overflow(read, 0, value) ? ST_RANGE : ST_OK;
}

/* ---- printing ---- */

#define CHUNK ((uint64_t)1000000000000000000) /* 18 digits that a machine word divides fast */

/* The digits of a number that end before `end`; at least `least` of them. Returns where they begin. */
static char *spell(char *end, unsigned __int128 rest, unsigned least)
{
	char *at = end;
	while (rest >= CHUNK) {
		uint64_t chunk = (uint64_t)(rest % CHUNK);
		rest /= CHUNK;
		for (unsigned i = 0; i < 18; i++, chunk /= 10)
			*--at = (char)('0' + (int)(chunk % 10));
	}
	for (uint64_t last = (uint64_t)rest; last; last /= 10)
		*--at = (char)('0' + (int)(last % 10));
	while (end - at < (ptrdiff_t)least)
		*--at = '0';
	return at;
}

/* Most quantities are whole: what has only zeros behind its point is as well printed without. */
static bool take_whole(unsigned __int128 *magnitude, unsigned digits)
{
	static const uint64_t units[] = { [QTY_DIGITS] = 1000000, [PRICE_DIGITS] = 1000000000000, [EXACT_DIGITS] = CHUNK };
	const uint64_t value = (uint64_t)*magnitude, unit = digits <= EXACT_DIGITS ? units[digits] : 0;
	if (!unit || value != *magnitude || value % unit)
		return false;
	*magnitude = value / unit;
	return true;
}

size_t decimal_print(char *out, wide value, unsigned digits, unsigned least)
{
	char room[DECIMAL_ROOM], *end = room + sizeof room;
	char *to = out;
	unsigned __int128 magnitude = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
	if (!least && take_whole(&magnitude, digits))
		digits = 0;
	const char *at = spell(end, magnitude, digits + 1), *point = end - digits;
	while (end - point > (ptrdiff_t)least && end[-1] == '0')
		end--;
	if (value < 0)
		*to++ = '-';
	while (at < point)
		*to++ = *at++;
	if (at < end)
		*to++ = '.';
	while (at < end)
		*to++ = *at++;
	*to = '\0';
	return (size_t)(to - out);
}

const char *qty_print(char *out, qty value)
{
	decimal_print(out, value, QTY_DIGITS, 0);
	return out;
}

const char *minor_print(char *out, minor amount, const struct currency *currency)
{
	decimal_print(out, amount, currency->digits, currency->digits);
	return out;
}

/* ---- rounding ---- */

/* Whether the quotient q of n / d, cut towards zero with rest r != 0, moves away from zero. */
static bool moves_away(wide q, wide r, wide d, enum rounding how)
{
	wide rest = r < 0 ? -r : r;
	wide beyond_half = rest - (d - rest);
	switch (how) {
	case ROUND_UP: return r > 0;
	case ROUND_DOWN: return r < 0;
	case ROUND_HALF_EVEN: return beyond_half > 0 || (beyond_half == 0 && q % 2 != 0);
	default: return beyond_half >= 0;
	}
}

wide divide_round(wide n, wide d, enum rounding how)
{
	wide q = n / d, r = n % d;
	if (r == 0 || !moves_away(q, r, d, how))
		return q;
	return r < 0 ? q - 1 : q + 1;
}

enum st minor_round(minor *out, exact amount, const struct currency *currency, enum rounding how)
{
	wide unit;
	enum st st = power_of_ten(&unit, EXACT_DIGITS - currency->digits);
	if (st)
		return st;
	return __builtin_add_overflow(divide_round(amount, unit, how), 0, out) ? ST_RANGE : ST_OK;
}

enum st exact_multiply(exact *out, qty quantity, unit_price price)
{
	return __builtin_mul_overflow((wide)quantity, price, out) ? ST_RANGE : ST_OK;
}
