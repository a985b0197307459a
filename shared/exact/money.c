/* Exact numbers: reading, printing and rounding decimals held in 128-bit integers. */
#include "exact/money.h"

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

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
                            "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
                            "99";

/* The digits of a number that end before `end`; none of 0. Returns where they begin. */
static char *spell_word(char *end, uint64_t rest)
{
	for (; rest >= 10; rest /= 100)
		memcpy(end -= 2, pairs + rest % 100 * 2, 2);
	if (rest)
		*--end = (char)('0' + (int)rest);
	return end;
}

/* The same of a long one; at least `least` of them. */
static char *spell(char *end, unsigned __int128 rest, unsigned least)
{
	char *at = end;
	for (; rest >= CHUNK; rest /= CHUNK) {
		char *const begins = at - 18;
		at = spell_word(at, (uint64_t)(rest % CHUNK));
		while (at > begins)
			*--at = '0';
	}
	at = spell_word(at, (uint64_t)rest);
	while (end - at < (ptrdiff_t)least)
		*--at = '0';
	return at;
}

/* Most quantities are whole. Returns: the number before the point, where only zeros would stand behind it; else -1 */
static int64_t whole_of(wide value, unsigned digits)
{
	static const uint64_t units[] = { [QTY_DIGITS] = 1000000, [PRICE_DIGITS] = 1000000000000, [EXACT_DIGITS] = CHUNK };
	const uint64_t unit = digits <= EXACT_DIGITS ? units[digits] : 0;
	return unit && value >= 0 && value <= INT64_MAX && (uint64_t)value % unit == 0 ? (int64_t)((uint64_t)value / unit) : -1;
}

static size_t print_whole(char *out, int64_t value)
{
	char room[20 + 20], *end = room + 20; /* behind it as much more, so that it is copied as one piece of a size that is known */
	const char *at = value ? spell_word(end, (uint64_t)value) : memcpy(end - 1, "0", 1);
	memcpy(out, at, 20);
	out[end - at] = '\0';
	return (size_t)(end - at);
}

size_t decimal_print(char *out, wide value, unsigned digits, unsigned least)
{
	const int64_t whole = least ? -1 : whole_of(value, digits);
	if (whole >= 0)
		return print_whole(out, whole);
	char room[DECIMAL_ROOM], *end = room + sizeof room;
	char *to = out;
	const unsigned __int128 magnitude = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
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
