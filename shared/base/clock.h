/* The clock: the one place that reads it. Everywhere else time is an argument. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/instant.h"

/** Now, in microseconds since 1970 in UTC. */
instant clock_now(void);

/** Microseconds that pass evenly, from an unknown start: for how long something takes. */
int64_t clock_ticks(void);

#endif
