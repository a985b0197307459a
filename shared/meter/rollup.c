/* Roll-ups. */
#include "meter/rollup.h"

struct rollup rollup_of(qty quantity, instant recorded_at, int64_t event_id)
{
	return (struct rollup){ .sum = quantity, .min = quantity, .max = quantity, .last = quantity, .count = 1,
		.first_at = recorded_at, .last_at = recorded_at, .last_event = event_id };
}

enum st rollup_merge(struct rollup *into, const struct rollup *o)
{
	qty sum;
	if (!o->count)
		return ST_OK;
	if (!into->count) {
		*into = *o;
		return ST_OK;
	}
	if (__builtin_add_overflow(into->sum, o->sum, &sum))
		return ST_RANGE;
	into->sum = sum;
	into->count += o->count;
	into->distinct += o->distinct;
	into->min = o->min < into->min ? o->min : into->min;
	into->max = o->max > into->max ? o->max : into->max;
	into->first_at = o->first_at < into->first_at ? o->first_at : into->first_at;
	if (o->last_at > into->last_at || (o->last_at == into->last_at && o->last_event > into->last_event)) {
		into->last = o->last;
		into->last_at = o->last_at;
		into->last_event = o->last_event;
	}
	return ST_OK;
}

void rollup_gather(struct rollup *into, const struct rollup *o)
{
	struct rollup part = *o;
	if (!into->beyond && !o->beyond && !rollup_merge(into, o))
		return;
	into->sum = part.sum = 0;
	(void)!rollup_merge(into, &part); /* fits, now */
	into->beyond = true;
}

static qty whole(int64_t count)
{
	return count > INT64_MAX / 1000000 ? INT64_MAX : count * 1000000;
}

qty rollup_used(const struct rollup *r, const struct metric *metric)
{
	switch (metric->aggregation) {
	case AGGREGATE_COUNT: return whole(r->count);
	case AGGREGATE_UNIQUE: return whole(r->distinct);
	case AGGREGATE_WEIGHTED_SUM: return 0;
	case AGGREGATE_MAX: return r->max;
	case AGGREGATE_MIN: return r->min;
	case AGGREGATE_LATEST: return r->last;
	default: return r->sum > 0 ? r->sum : 0;
	}
}

qty rollup_total(const struct rollup *r, const struct metric *metric)
{
	if (metric->aggregation != AGGREGATE_SUM)
		return rollup_used(r, metric);
	return r->beyond ? QTY_UNKNOWN : r->sum;
}

struct rollup rollup_row(const struct rows *r, unsigned c)
{
	return (struct rollup){
		.sum = rows_int(r, c), .count = rows_int(r, c + 1), .min = rows_int(r, c + 2), .max = rows_int(r, c + 3),
		.first_at = rows_int(r, c + 4), .last_at = rows_int(r, c + 5), .last_event = rows_int(r, c + 6),
		.last = rows_int(r, c + 7), .distinct = rows_int(r, c + 8),
	};
}

struct rollup rollup_sums(const struct rows *r, unsigned c, bool summed)
{
	const qty sum = rows_int(r, c);
	return (struct rollup){
		.beyond = summed && !sum && rows_null(r, c), /* NULL reads as 0 */
		.sum = sum, .count = rows_int(r, c + 1), .min = rows_int(r, c + 2), .max = rows_int(r, c + 3),
	};
}
