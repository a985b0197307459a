/* Event ids: text that tells where an event stands, so that none needs an index of its own. */
#ifndef METER_EVENT_ID_H
#define METER_EVENT_ID_H

#include "exact/instant.h"

enum { EVENT_ID_ROOM = 32 };

/** The number of an event that arrives now: later arrivals have larger ones, and `sequence`, below 4,096,
 *  keeps apart and in order those of one batch. The lower 23 bits begin at random. In: randomness  at least 0 */
int64_t event_number(instant now, unsigned sequence, int64_t randomness);

/** "evt_" and 26 characters of Crockford's base 32: recorded_at and number. Returns `out`. */
const char *event_id_print(char *out, instant recorded_at, int64_t number);

/** The place that an id tells. Returns: ST_OK; ST_INVALID for what event_id_print() never wrote. */
enum st event_id_read(instant *recorded_at, int64_t *number, const char *text) MUST_USE;

#endif
