/* Exact numbers: quantities, money, unit prices, and the decimals they are written in.
 *
 * No floating point. Products live in 128 bits; every operation that could
 * overflow is checked and refuses with ST_RANGE. */
#ifndef EXACT_MONEY_H
#define EXACT_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef __int128 wide;

typedef int64_t qty;   /* a quantity in millionths of a unit */
typedef int64_t minor; /* money in the currency's minor unit: cents of USD, yen of JPY */
typedef wide unit_price; /* major units of a currency per unit, in 1e-12 */
typedef wide exact;      /* money before rounding: major units in 1e-18 (= qty × unit_price) */
typedef wide percent;    /* in 1e-10 of a percent; so the same integer is the fraction in 1e-12 */

/* What a sum of stored quantities comes to that cannot be counted; null in an answer. No recorded one is it. */
#define QTY_UNKNOWN INT64_MIN

enum {
	QTY_DIGITS = 6,
	PRICE_DIGITS = 12,
	EXACT_DIGITS = 18,
	PERCENT_DIGITS = 10,
	CURRENCY_DIGITS = 4, /* the most that a currency has: CLF, UYW */
	DECIMAL_ROOM = 64 /* bytes that hold any printed decimal and its NUL */
};

/** Read a decimal ("-1.50", "2e3") as an integer of 10^-digits, exactly.
 *  Returns: ST_OK; ST_INVALID if it is no decimal or has more digits than
 *  `digits` after the point (trailing zeros do not count); ST_RANGE if it does not fit.
 *  In:  text  `size` bytes in the grammar of a JSON number */
enum st decimal_read(wide *value, const char *text, size_t size, unsigned digits) MUST_USE;

/** Whether the text is a decimal at all, however long. */
bool decimal_valid(const char *text, size_t size);

/** Print value × 10^-digits with at least `least` digits after the point; further
 *  trailing zeros are left out (least = digits keeps them all).
 *  Returns: the length written to `out`, which has DECIMAL_ROOM bytes. */
size_t decimal_print(char *out, wide value, unsigned digits, unsigned least);

/** Read a quantity: at most 6 decimals, in int64 millionths. As decimal_read(). */
enum st qty_read(qty *value, const char *text, size_t size) MUST_USE;

/** Print a quantity without trailing zeros: 12.5, 3. `out` has DECIMAL_ROOM bytes. Returns `out`. */
const char *qty_print(char *out, qty value);

/** 10^exponent. Returns: ST_OK; ST_RANGE past 10^38. */
enum st power_of_ten(wide *out, unsigned exponent) MUST_USE;

enum rounding {
	ROUND_HALF_AWAY, /* half away from zero: the default */
	ROUND_HALF_EVEN,
	ROUND_UP,        /* towards +infinity */
	ROUND_DOWN,      /* towards -infinity */
	ROUND__MAX
};

/** n / d, rounded once to an integer; d > 0. Never overflows. */
wide divide_round(wide n, wide d, enum rounding how);

struct currency {
	char code[4];    /* ISO 4217, e.g. "USD" */
	unsigned digits; /* of the minor unit: JPY 0, USD 2, KWD 3, CLF 4 */
};

/** The currency of an ISO 4217 code, or NULL. Never freed. */
const struct currency *currency_find(const char *code);

/** Round an exact amount to the currency's minor unit, once.
 *  Returns: ST_OK; ST_RANGE if it does not fit 64 bits. */
enum st minor_round(minor *out, exact amount, const struct currency *currency, enum rounding how) MUST_USE;

/** qty × unit_price, exactly. Returns: ST_OK; ST_RANGE. */
enum st exact_multiply(exact *out, qty quantity, unit_price price) MUST_USE;

#endif
