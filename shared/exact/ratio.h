/* Exact fractions: for values that no decimal holds, from the first division to the one rounding.
 *
 * A fraction that outgrows 1024 bits is marked failed; what is made from it is
 * failed too, and ratio_round() says ST_RANGE. So a formula is checked once, at its end. */
#ifndef EXACT_RATIO_H
#define EXACT_RATIO_H

#include "exact/big.h"

struct ratio {
	bool failed, negative; /* zero is not negative */
	struct big n, d;       /* in lowest terms, d > 0 */
};

/** value × 10^-digits; digits at most 38. */
struct ratio ratio_decimal(wide value, unsigned digits);

/** n / d, for d != 0. */
struct ratio ratio_of(wide n, wide d);

/** a = a + b, a - b, a × b, a / b (failed for b = 0). `b` may be `a`. */
void ratio_add(struct ratio *a, const struct ratio *b);
void ratio_subtract(struct ratio *a, const struct ratio *b);
void ratio_multiply(struct ratio *a, const struct ratio *b);
void ratio_divide(struct ratio *a, const struct ratio *b);

/** Below, equal to or above 0 as a is below, equal to or above b. Failed ones are equal. */
int ratio_compare(const struct ratio *a, const struct ratio *b);
/** -1, 0 or 1. */
int ratio_sign(const struct ratio *a);

/** The value in 10^-digits, rounded once. digits from -38 to 38 (-2: in hundreds).
 *  Returns: ST_OK; ST_RANGE if it failed or does not fit. */
enum st ratio_round(wide *out, const struct ratio *value, int digits, enum rounding how) MUST_USE;

#endif
