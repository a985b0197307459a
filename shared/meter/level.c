/* Levels and alert thresholds. Comparisons are exact: products in 128 bits, no division. */
#include "meter/level.h"

#include "rate/alert.h"

const unsigned thresholds[THRESHOLDS] = { 80, 90, 100, 110 };

enum level level_of(qty used, qty included)
{
	const wide u = (wide)used * 100, limit = included;
	if (u > limit * 100)
		return LEVEL_OVER;
	if (u > limit * 90)
		return LEVEL_CRITICAL;
	return u >= limit * 75 && limit ? LEVEL_WARNING : LEVEL_OK;
}

const char *level_name(enum level level)
{
	static const char *const names[LEVEL__MAX] = { "ok", "warning", "critical", "over" };
	return names[level];
}

int64_t percent_of(qty used, qty included)
{
	const wide whole = included > 0 ? (wide)(used > 0 ? used : 0) * 100 / included : -1;
	return whole > INT64_MAX ? INT64_MAX : (int64_t)whole;
}

qty remaining_of(qty used, qty included)
{
	return used >= included ? 0 : used > 0 ? included - used : included;
}

const char *threshold_level(unsigned threshold)
{
	return threshold < 100 ? "warning" : "critical";
}

bool threshold_reached(qty used, qty included, unsigned threshold)
{
	return included > 0 && (wide)used * 100 >= (wide)included * threshold;
}

enum st threshold_at(qty *used, qty included, unsigned threshold)
{
	const wide least = ((wide)included * threshold + 99) / 100;
	*used = (qty)least;
	return included > 0 && least <= INT64_MAX ? ST_OK : ST_RANGE;
}

/* In hundredths of a quantity's millionth, so that every percentage of it is whole. */
enum st thresholds_between(qty before, qty after, qty included, enum st (*fire)(void *, unsigned), void *context)
{
	exact steps[THRESHOLDS], reached;
	const struct alert alert = { .thresholds = steps, .count = THRESHOLDS };
	wide from = (wide)before * 100;
	enum st st = ST_OK;
	if (included <= 0)
		return ST_OK;
	for (unsigned i = 0; i < THRESHOLDS; i++)
		steps[i] = (wide)included * thresholds[i];
	while (!st && !(st = alert_next(&reached, &alert, from, (wide)after * 100))) {
		st = fire(context, (unsigned)(reached / included));
		from = reached;
	}
	return st == ST_DONE ? ST_OK : st;
}
