/* Weight. */
#include "rate/weight.h"

enum st weight_begin(struct weight *w, struct period span, wide carried)
{
	*w = (struct weight){ .span = span, .total = carried };
	return __builtin_mul_overflow(carried, (wide)(span.end - span.start), &w->area) ? ST_RANGE : ST_OK;
}

enum st weight_add(struct weight *w, instant at, wide sum, wide moment)
{
	const bool before = at < w->span.start;
	const wide held = w->span.end - (before ? w->span.start : at);
	wide total, area;
	if (__builtin_mul_overflow(sum, held, &area) || (!before && __builtin_sub_overflow(area, moment, &area)) ||
	    __builtin_add_overflow(w->area, area, &area) || __builtin_add_overflow(w->total, sum, &total))
		return ST_RANGE;
	w->total = total;
	w->area = area;
	return ST_OK;
}

enum st weight_carry(struct weight *w, instant end)
{
	wide area;
	if (__builtin_mul_overflow(w->total, (wide)(end - w->span.end), &area) || __builtin_add_overflow(w->area, area, &area))
		return ST_RANGE;
	w->area = area;
	w->span.end = end;
	return ST_OK;
}

enum st weight_average(qty *average, const struct weight *w, instant length)
{
	const wide value = length > 0 ? divide_round(w->area, length, ROUND_HALF_AWAY) : 0;
	return __builtin_add_overflow(value, 0, average) ? ST_RANGE : ST_OK;
}

enum st weight_standing(qty *used, qty *projected, const struct weight *so_far, instant end)
{
	struct weight whole = *so_far;
	const instant length = end - so_far->span.start;
	enum st st = weight_average(used, so_far, length);
	if (!st)
		st = weight_carry(&whole, end);
	if (!st)
		st = weight_average(projected, &whole, length);
	if (st)
		return st;
	*used = *used > 0 ? *used : 0;
	*projected = *projected > 0 ? *projected : 0;
	return ST_OK;
}

enum st moment_add(wide *moment, instant start, instant at, qty quantity)
{
	wide sum;
	if (__builtin_mul_overflow((wide)quantity, (wide)(at - start), &sum) || __builtin_add_overflow(*moment, sum, &sum))
		return ST_RANGE;
	*moment = sum;
	return ST_OK;
}
