/* What the kinds of `calc` share: a case to read and a line to write. */
#ifndef COMMAND_CALC_KIND_H
#define COMMAND_CALC_KIND_H

#include "shape/field.h"
#include "rate/period.h"

struct calc {
	struct fields in;
	struct arena *arena;
	struct jwriter *w; /* inside the answer's object: "expect" comes next */
};

/** A kind: reads its fields, computes, and writes "expect" or "expect_starts".
 *  Returns: ST_OK; else the case is refused, with a fault that names the field. */
typedef enum st calc_kind(struct calc *c);

calc_kind calc_price, calc_plan_overage, calc_allocation, calc_rounding;
calc_kind calc_periods, calc_proration;
calc_kind calc_aggregation, calc_alerts;
calc_kind calc_tax;

extern const char *const calc_units[];     /* of enum period_unit */
extern const char *const calc_roundings[]; /* of enum rounding */

/** Whether something was wrong with the fields read so far. */
bool calc_refused(const struct calc *c);

/** Note why a computation refused, at the field that is to blame. Returns: `st`. */
enum st calc_fail(struct calc *c, const char *field, enum st st);

/** The decimals of "digits", or of "currency": a code that ISO 4217 does not have counts two.
 *  Returns: whether either was there. */
bool calc_digits(int *digits, const struct calc *c);

/** "timezone", checked; NULL if it is absent. */
const char *calc_zone(const struct calc *c);

/** Write value × 10^-digits as a decimal string without trailing zeros; digits may be negative. */
enum st calc_write(struct calc *c, const char *name, wide value, int digits);

void calc_write_instant(struct calc *c, const char *name, instant value);

#endif
