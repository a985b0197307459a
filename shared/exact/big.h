/* Whole numbers from 0 to 2^1024: the room that exact fractions need between reading and rounding.
 *
 * Small numbers, the common ones, take the machine's own 128-bit arithmetic. */
#ifndef EXACT_BIG_H
#define EXACT_BIG_H

#include <stdbool.h>
#include <stdint.h>

#include "exact/money.h"

typedef unsigned __int128 u128;

enum { BIG_LIMBS = 16 };

struct big {
	unsigned size;            /* limbs in use; the last one is not 0 */
	uint64_t limb[BIG_LIMBS]; /* least significant first */
};

void big_set(struct big *out, u128 value);

/** Whether the value fits 128 bits, and which it is. */
bool big_get(u128 *out, const struct big *value);

/** As memcmp(): below, equal to, above 0. */
int big_compare(const struct big *a, const struct big *b);

/** a + b, a × b. Returns: false when it does not fit. `out` may be either input. */
bool big_add(struct big *out, const struct big *a, const struct big *b) MUST_USE;
bool big_multiply(struct big *out, const struct big *a, const struct big *b) MUST_USE;

/** a -= b, for a >= b. */
void big_subtract(struct big *a, const struct big *b);

/** n = quotient × d + rest, rest < d, for d > 0. The outputs may be inputs, but not one another. */
void big_divide(struct big *quotient, struct big *rest, const struct big *n, const struct big *d);

/** The greatest common divisor; of 0 and x it is x. */
void big_gcd(struct big *out, const struct big *a, const struct big *b);

/** a × b = quotient × d + rest, for a, b >= 0 and d > 0: multiplied before it is divided.
 *  Returns: ST_OK; ST_RANGE when the quotient does not fit. */
enum st multiply_divide(wide *quotient, wide *rest, wide a, wide b, wide d) MUST_USE;

#endif
