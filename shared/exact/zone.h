/* Time zones: instants to local wall time and back, by the IANA names of the system's database.
 *
 * The C library's own reader is used: TZ is set when the zone changes and the
 * last one is kept, so a process must not have threads (ours have none) and
 * nothing else may rely on TZ. */
#ifndef EXACT_ZONE_H
#define EXACT_ZONE_H

#include "exact/instant.h"

/* Local wall time: what the clocks of a zone show, in microseconds since
 * 1970-01-01T00:00:00 on those clocks. Days and months are counted in it. */
typedef int64_t wall;

/** Whether the database has this zone. NULL and "UTC" always are.
 *  Returns: ST_OK; ST_INVALID for an unknown name, "" too, or one with "..", a '/' at an end or odd bytes;
 *  ST_MEMORY. */
enum st zone_check(const char *zone) MUST_USE;

/** What the clocks show at an instant. Returns: as zone_check(). */
enum st zone_wall(wall *out, const char *zone, instant at) MUST_USE;

/** The instant of a wall time. One that is skipped moves forward by the gap
 *  (02:30 is 03:30 of the new time); of one that occurs twice it is the first.
 *  Returns: as zone_check(); ST_RANGE outside years 1 to 9999. */
enum st zone_instant(instant *out, const char *zone, wall clock) MUST_USE;

#endif
