/* Instants: microseconds since 1970-01-01T00:00:00Z, and their RFC 3339 form. */
#ifndef EXACT_INSTANT_H
#define EXACT_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef int64_t instant; /* microseconds since 1970 in UTC; years 1 to 9999 */

#define SECOND ((instant)1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define INSTANT_FIRST (-719162 * DAY) /* 0001-01-01T00:00:00Z */
#define INSTANT_END (2932897 * DAY)   /* 10000-01-01T00:00:00Z, the first past the last */

enum { INSTANT_ROOM = 32 };

/** INSTANT_FIRST <= value < INSTANT_END */
bool instant_fits(instant value);

/** Read RFC 3339: "2026-01-15T16:45:00Z", with a fraction of any length, of which microseconds are kept, or an offset +05:30.
 *  Returns: ST_OK; ST_INVALID if it is no such instant (30 February is none). */
enum st instant_read(instant *value, const char *text, size_t size) MUST_USE;

/** Read a date alone, "2026-01-15": its midnight in UTC. As instant_read(). */
enum st instant_read_date(instant *value, const char *text, size_t size) MUST_USE;

/** Print in UTC with Z and as many fraction digits as it has (none to 6). Returns `out`. */
const char *instant_print(char *out, instant value);

/** Print the date in UTC: "2026-01-15". Returns `out`. */
const char *instant_print_date(char *out, instant value);

struct civil {
	int year;
	unsigned month, day; /* from 1 */
};

/** Days since 1970 of a civil date in the Gregorian calendar, and back. */
int64_t civil_to_days(struct civil date);
struct civil civil_from_days(int64_t days);

/** 28 to 31. */
unsigned month_days(int year, unsigned month);

/** Largest integer <= a / b, for b > 0. */
int64_t floor_div(int64_t a, int64_t b);

#endif
