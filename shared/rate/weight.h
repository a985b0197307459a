/* Weight: a running total's integral over time, of events or of the roll-ups made of them.
 *
 * It is what aggregate() computes for weighted_sum (tests/unit/weight.c), in whole numbers: quantities are
 * millionths, times microseconds, and areas their product in 128 bits. */
#ifndef RATE_WEIGHT_H
#define RATE_WEIGHT_H

#include "exact/money.h"
#include "rate/period.h"

struct weight {
	struct period span;
	wide total; /* at the span's end, in millionths */
	wide area;  /* the total's integral over the span, in millionths × microseconds */
};

/** Begin with the total that is carried into a span. Returns: ST_OK; ST_RANGE. */
enum st weight_begin(struct weight *weight, struct period span, wide carried) MUST_USE;

/** Take events in that begin at `at`, before the span's end. What lies before the span counts from its start.
 *  Returns: ST_OK; ST_RANGE (the weight is as before).
 *  In:  sum     of their quantities
 *  In:  moment  the sum of quantity × (instant − at): 0 of one event. Not looked at before the span,
 *               so a bucket must lie before it or within it. */
enum st weight_add(struct weight *weight, instant at, wide sum, wide moment) MUST_USE;

/** Carry the total on to a later end. Returns: ST_OK; ST_RANGE (the weight is as before). */
enum st weight_carry(struct weight *weight, instant end) MUST_USE;

/** The area over a length of time, rounded once, half away from zero; 0 if the length is 0.
 *  Returns: ST_OK; ST_RANGE. In: length  in microseconds, >= 0 */
enum st weight_average(qty *average, const struct weight *weight, instant length) MUST_USE;

/** Where a window stands that the weight reaches into: its area so far over the whole window's length, and the
 *  same with the total carried on to the window's end. Neither is below 0.
 *  Returns: ST_OK; ST_RANGE. In: end  of the window, after the span's start */
enum st weight_standing(qty *used, qty *projected, const struct weight *so_far, instant end) MUST_USE;

/** moment += quantity × (at − start). Returns: ST_OK; ST_RANGE (it is as before). */
enum st moment_add(wide *moment, instant start, instant at, qty quantity) MUST_USE;

#endif
