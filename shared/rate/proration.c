/* Proration: spans of time counted in seconds or in local days. */
#include "rate/proration.h"

#include "exact/ratio.h"
#include "exact/zone.h"

/* A span in whole local days since 1970. */
struct days {
	int64_t start, end;
};

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static struct fraction lowest(int64_t part, int64_t whole, int64_t days)
{
	int64_t a = part, b = whole;
	while (b) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return (struct fraction){ part / a, whole / a, days };
}

static enum st local_day(int64_t *day, const char *zone, instant at, enum day_edge edge)
{
	wall clock;
	enum st st = zone_wall(&clock, zone, at);
	if (!st)
		*day = edge == DAY_CEIL ? -floor_div(-clock, DAY) : floor_div(clock, DAY);
	return st;
}

static enum st local_days(struct days *out, const char *zone, struct period span, enum day_edge from, enum day_edge to)
{
	enum st st = local_day(&out->start, zone, span.start, from);
	return st ? st : local_day(&out->end, zone, span.end, to);
}

/* Kill Bill, InvoiceDateUtils with a fixed number of days in a month. */
static int64_t fixed_month_days(struct days span, unsigned fixed)
{
	struct civil first = civil_from_days(span.start), last = civil_from_days(span.end);
	int64_t days = span.end - span.start;
	if (first.year != last.year || first.month != last.month)
		days -= (int64_t)month_days(first.year, first.month) - fixed;
	return larger(days, 0);
}

static enum st by_days(struct fraction *out, const struct proration *rule, struct period period, struct period span)
{
	struct days whole, part;
	enum st st = local_days(&whole, rule->zone, period, DAY_FLOOR, DAY_FLOOR);
	if (!st)
		st = local_days(&part, rule->zone, span, rule->from, rule->to);
	if (st)
		return st;
	part.start = larger(part.start, whole.start);
	part.end = smaller(part.end, whole.end);
	if (whole.end <= whole.start)
		return ST_INVALID;
	if (part.end <= part.start) {
		*out = lowest(0, 1, 0);
		return ST_OK;
	}
	int64_t days = part.end - part.start, of = whole.end - whole.start;
	if (rule->mode == PRORATION_FIXED_MONTH_DAYS) {
		days = fixed_month_days(part, rule->fixed_days);
		of = rule->fixed_days;
	}
	*out = lowest(days, of, days);
	return ST_OK;
}

static enum st by_seconds(struct fraction *out, const struct proration *rule, struct period period, struct period span)
{
	struct days days;
	span.start = larger(span.start, period.start);
	span.end = smaller(span.end, period.end);
	if (span.end < span.start)
		span.end = span.start;
	enum st st = local_days(&days, rule->zone, span, DAY_FLOOR, DAY_FLOOR);
	if (!st)
		*out = lowest(span.end - span.start, period.end - period.start, days.end - days.start);
	return st;
}

enum st proration_fraction(struct fraction *out, const struct proration *rule, struct period period, struct period span)
{
	if (period.end <= period.start || rule->mode >= PRORATION__MAX ||
	    (rule->mode == PRORATION_FIXED_MONTH_DAYS && !rule->fixed_days))
		return ST_INVALID;
	return rule->mode == PRORATION_SECOND ? by_seconds(out, rule, period, span) : by_days(out, rule, period, span);
}

enum st proration_amount(wide *out, exact amount, const struct fraction *fraction, int digits, enum rounding how)
{
	struct ratio value = ratio_decimal(amount, EXACT_DIGITS), by = ratio_of(fraction->part, fraction->whole);
	ratio_multiply(&value, &by);
	return ratio_round(out, &value, digits, how);
}

enum st proration_true_up(wide *out, exact minimum, exact billed, const struct fraction *fraction, int digits,
                          enum rounding how)
{
	struct ratio value = ratio_decimal(minimum, EXACT_DIGITS), by = ratio_of(fraction->part, fraction->whole);
	const struct ratio had = ratio_decimal(billed, EXACT_DIGITS);
	ratio_multiply(&value, &by);
	ratio_subtract(&value, &had);
	if (ratio_sign(&value) < 0)
		value = ratio_of(0, 1);
	return ratio_round(out, &value, digits, how);
}
