/* Jobs that a call, or the moment after one, runs. */
#ifndef API_JOBS_H
#define API_JOBS_H

#include "wire/fn.h"

/** Run what is due, for at most two seconds; {"ran": [{"job", "tenant_id", "done", "failed"}]}. */
enum st reply_jobs_due(struct request *rq, struct reply *rp) MUST_USE;

/** The same where nobody waits for an answer (wire/tick.h). Returns: as jobs_run(). */
enum st jobs_tick(struct store *store, const struct conf *conf) MUST_USE;

/** Of POST /api/clocks/advance. */
extern const struct param clock_fields[];

/** Advance a tenant's own clock, and run each of its jobs at its time; {"tenant_id", "now", "ran"}. */
enum st reply_clock_advanced(struct request *rq, struct reply *rp) MUST_USE;

#endif
