/* API calls are counted in a file of the data folder that all processes share: no query, no sync, and nothing is lost
 * when a process is killed. The job `calls` records what was counted. */
#ifndef METER_CALLS_H
#define METER_CALLS_H

#include "base/conf.h"
#include "exact/instant.h"

struct calls;

/** What a process has of it. The file is looked for, or made, when the first call is counted. NULL: no memory. */
struct calls *calls_open(const struct conf *conf);
void calls_close(struct calls *calls);

/** Count one call of a tenant. Where the file cannot be mapped, or has no place left, it is not counted, which is
 *  logged; the call is answered all the same. `calls` may be NULL. */
void calls_count(struct calls *calls, int64_t tenant, instant now);

#endif
