/* Allocation by largest remainder (Hare's method): the parts always add up. */
#include "rate/allocation.h"

#include <stdlib.h>
#include <string.h>

#include "exact/big.h"

static enum st sum_weights(wide *sum, const struct share *shares, unsigned count)
{
	*sum = 0;
	for (unsigned i = 0; i < count; i++) {
		if (shares[i].weight < 0)
			return ST_INVALID;
		if (__builtin_add_overflow(*sum, shares[i].weight, sum))
			return ST_RANGE;
	}
	return ST_OK;
}

/* Who gets a left-over unit first: the largest rest, then the key, then the place. */
static int by_claim(const void *left, const void *right)
{
	const struct share *a = left, *b = right;
	if (a->rest != b->rest)
		return a->rest > b->rest ? -1 : 1;
	int order = a->key && b->key ? strcmp(a->key, b->key) : 0;
	if (order)
		return order;
	return a->index < b->index ? -1 : 1;
}

static int by_index(const void *left, const void *right)
{
	const struct share *a = left, *b = right;
	return a->index < b->index ? -1 : a->index > b->index;
}

static enum st round_down(struct share *shares, unsigned count, wide total, wide sum, wide *left)
{
	*left = total;
	for (unsigned i = 0; i < count; i++) {
		struct share *s = &shares[i];
		s->index = i;
		enum st st = multiply_divide(&s->amount, &s->rest, total, s->weight, sum);
		if (st)
			return st;
		*left -= s->amount;
	}
	return ST_OK;
}

enum st allocate(struct share *shares, unsigned count, wide total)
{
	wide sum, left, units = total < 0 ? -total : total;
	enum st st = sum_weights(&sum, shares, count);
	if (st)
		return st;
	if (sum == 0) {
		for (unsigned i = 0; i < count; i++)
			shares[i].amount = 0;
		return total ? ST_INVALID : ST_OK;
	}
	st = round_down(shares, count, units, sum, &left);
	if (st)
		return st;
	if (left) {
		qsort(shares, count, sizeof *shares, by_claim);
		for (unsigned i = 0; i < count && left; i++, left--)
			shares[i].amount++;
		qsort(shares, count, sizeof *shares, by_index);
	}
	for (unsigned i = 0; i < count && total < 0; i++)
		shares[i].amount = -shares[i].amount;
	return ST_OK;
}

enum st allocation_cap(wide *total, const struct share *shares, unsigned count, wide unit)
{
	wide sum;
	enum st st = sum_weights(&sum, shares, count);
	if (st)
		return st;
	wide most = sum / unit;
	if (*total > most)
		*total = most;
	if (*total < -most)
		*total = -most;
	return ST_OK;
}
