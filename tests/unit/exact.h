/* What the unit tests of exact numbers and time share: values from text, and a fixed random sequence. */
#ifndef UNIT_EXACT_H
#define UNIT_EXACT_H

#include "facts.h"

#include "exact/instant.h"
#include "exact/money.h"

static inline wide number(const char *text, unsigned digits)
{
	wide value;
	assert_int_equal(decimal_read(&value, text, strlen(text), digits), ST_OK);
	return value;
}

static inline qty quantity(const char *text)
{
	qty value;
	assert_int_equal(qty_read(&value, text, strlen(text)), ST_OK);
	return value;
}

static inline instant at(const char *text)
{
	instant value;
	assert_int_equal(instant_read(&value, text, strlen(text)), ST_OK);
	return value;
}

static inline void assert_instant(instant value, const char *text)
{
	char out[INSTANT_ROOM];
	assert_string_equal(instant_print(out, value), text);
}

static inline void assert_decimal(wide value, unsigned digits, const char *text)
{
	char out[DECIMAL_ROOM];
	decimal_print(out, value, digits, 0);
	assert_string_equal(out, text);
}

/* xorshift64: the same sequence in every run. Returns a number from 0 to below `limit`. */
static inline int64_t any(uint64_t *state, int64_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (int64_t)(*state % (uint64_t)limit);
}

#endif
