/* A tenant's own clock: it stands still until it is advanced, and each job of the tenant then runs at its time. */
#ifndef ACCOUNT_TENANT_CLOCK_H
#define ACCOUNT_TENANT_CLOCK_H

#include "account/job_run.h"

struct tenant_clock {
	bool own;    /* false: the tenant goes with the machines */
	instant now; /* where it stands */
};

/** Returns: ST_OK; ST_NOT_FOUND: there is no such tenant; what the store returns. */
enum st tenant_clock_read(struct tenant_clock *clock, struct store *store, int64_t tenant) MUST_USE;

/** Advance the clock of asked->tenant, and run each of its jobs at the instant that it is due, in order; each is told.
 *  Returns: ST_OK; ST_NOT_FOUND; ST_CONFLICT: it has no clock of its own, or that is past `to` already; ST_BUSY:
 *  another runs a job of the tenant, and it stands where that is due; as jobs_run(). */
enum st tenant_clock_advance(const struct jobs_asked *asked, instant to) MUST_USE;

#endif
