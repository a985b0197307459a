/* Levels and alert thresholds: how near a use is to what is included. */
#ifndef METER_LEVEL_H
#define METER_LEVEL_H

#include <stdbool.h>

#include "exact/money.h"

enum level { LEVEL_OK, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_OVER, LEVEL__MAX };

/** r = used / included, exactly: ok r < 0.75; warning r <= 0.90; critical r <= 1; over r > 1. */
enum level level_of(qty used, qty included);
const char *level_name(enum level level);

/** used / included in whole percent, rounded down: 89.96 % is 89; 0 of a use below 0. -1 where included is 0. */
int64_t percent_of(qty used, qty included);

/** What is left of what is included; all of it of a use below 0. */
qty remaining_of(qty used, qty included);

/** Alert thresholds in percent, ascending: 80, 90 (warning), 100, 110 (critical). */
enum { THRESHOLDS = 4 };
extern const unsigned thresholds[THRESHOLDS];
/** "warning" below 100 %, "critical" from it. */
const char *threshold_level(unsigned threshold);

/** Is used at or above `threshold` percent of included? */
bool threshold_reached(qty used, qty included, unsigned threshold);

/** The least use that reaches `threshold` percent of included.
 *  Returns: ST_OK; ST_RANGE when none does: included is 0, or the use would not fit. */
enum st threshold_at(qty *used, qty included, unsigned threshold) MUST_USE;

/** The thresholds t with before < t <= after, through rate/alert: calls `fire` for each, ascending.
 *  Returns: ST_OK; the first failure of `fire`; ST_RANGE. */
enum st thresholds_between(qty before, qty after, qty included, enum st (*fire)(void *context, unsigned threshold),
                           void *context) MUST_USE;

#endif
