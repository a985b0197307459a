/* weighted_sum: a running total averaged over time: GB held for half of a month count half.
 *
 * The total is that of all events ever; what was held when a range begins is carried into it. */
#ifndef METER_WEIGHTED_H
#define METER_WEIGHTED_H

#include "meter/beside.h"
#include "rate/weight.h"

/** The weight of any range, exact to the microsecond; an empty one has a total and no area.
 *  Returns: ST_OK; ST_RANGE; what the store returns. */
enum st weighted_over(struct weight *weight, struct store *store, const struct beside_range *asked) MUST_USE;

/* As beside.h says. */
enum st weighted_keep(struct store *store, const struct beside_event *event) MUST_USE;
enum st weighted_days(qty *values, struct store *store, int64_t tenant_id, const char *metric, const instant *starts,
                    unsigned count) MUST_USE;
enum st weighted_verify(const struct beside_proof *proof) MUST_USE;

#endif
