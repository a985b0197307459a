/* The clock: the one place that reads it. Everywhere else time is an argument. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/instant.h"

/** Now, in microseconds since 1970 in UTC. */
instant clock_now(void);

#endif
