/* Proration: the part of a period that a span of it is worth.
 *
 *   second            elapsed time over elapsed time
 *   day               whole local days over whole local days
 *   fixed_month_days  whole local days over `fixed_days`; across a month end the days are the real
 *                     ones less what the first month's length exceeds `fixed_days` by (Kill Bill) */
#ifndef RATE_PRORATION_H
#define RATE_PRORATION_H

#include "exact/money.h"
#include "rate/period.h"

enum proration_mode { PRORATION_SECOND, PRORATION_DAY, PRORATION_FIXED_MONTH_DAYS, PRORATION__MAX };

/* What an instant inside a day means: its own midnight, or the next. */
enum day_edge { DAY_FLOOR, DAY_CEIL };

struct proration {
	enum proration_mode mode;
	const char *zone;            /* that days are counted in; NULL: UTC */
	enum day_edge from, to;      /* to = DAY_CEIL charges the day of a change to what ends */
	unsigned fixed_days;         /* > 0, of fixed_month_days */
};

struct fraction {
	int64_t part, whole; /* in lowest terms, whole > 0; 0/1 for nothing */
	int64_t days;        /* counted; local days of the span in mode second */
};

/** The fraction of `period` that [span.start, span.end) covers; what lies outside does not count.
 *  Returns: ST_OK; ST_INVALID for an empty period, an unknown zone or no fixed_days; ST_RANGE. */
enum st proration_fraction(struct fraction *out, const struct proration *rule, struct period period,
                           struct period span) MUST_USE;

/** amount × fraction in 10^-digits, multiplied first, rounded once. Credits are negative amounts.
 *  Returns: ST_OK; ST_RANGE when it does not fit. */
enum st proration_amount(wide *out, exact amount, const struct fraction *fraction, int digits,
                         enum rounding how) MUST_USE;

/** What is missing to a minimum over part of a period: minimum × fraction − billed, never below 0, rounded once.
 *  Returns: as proration_amount(). In: billed  what the part was charged already; a credit is negative */
enum st proration_true_up(wide *out, exact minimum, exact billed, const struct fraction *fraction, int digits,
                          enum rounding how) MUST_USE;

#endif
