/* The clock: the one place that reads it. Everywhere else time is an argument. */
#ifndef EXACT_CLOCK_H
#define EXACT_CLOCK_H

#include "exact/instant.h"

/** Now, in microseconds since 1970 in UTC. */
instant clock_now(void);

/** Microseconds that pass evenly, from an unknown start: for how long something takes. */
int64_t clock_ticks(void);

#endif
