/* Allocation: an amount split over weights in whole minor units, so that the parts add up. */
#ifndef RATE_ALLOCATION_H
#define RATE_ALLOCATION_H

#include "exact/money.h"

struct share {
	exact weight;    /* in: >= 0, on any one scale */
	const char *key; /* in: breaks ties in ascending order (bytes); NULL: the first in the list does */
	wide amount;     /* out: whole units */
	wide rest;       /* out: what rounding down left, over the weights' sum */
	unsigned index;  /* out: scratch, the place in the list */
};

/** Split `total` units by largest remainder: each share is total × weight / sum rounded down, then
 *  one unit each goes to the largest remainders. A negative total is split as its magnitude.
 *  Returns: ST_OK; ST_INVALID for a negative weight, or a total with no weight to carry it; ST_RANGE. */
enum st allocate(struct share *shares, unsigned count, wide total) MUST_USE;

/** The total that may be split at most: that nearest to `total` within ± the weights' sum.
 *  In: unit  what one unit of the total is on the weights' scale, > 0
 *  Returns: ST_OK; ST_RANGE. */
enum st allocation_cap(wide *total, const struct share *shares, unsigned count, wide unit) MUST_USE;

#endif
