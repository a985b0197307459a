/* What of usage a request asks for: an instant, a metric. */
#ifndef API_USAGE_ASKED_H
#define API_USAGE_ASKED_H

#include "meter/usage.h"
#include "wire/request.h"

/** The state at the query's `at`, or now. Returns: as usage_state_at(); ST_INVALID with a fault at `at`. */
enum st usage_asked(struct usage_state *state, struct request *rq) MUST_USE;

/** The metric that the query's parameter `name` names, by its name or alias; NULL where it is absent.
 *  Returns: ST_OK; ST_INVALID with a fault at `name`; as catalog_load(). */
enum st usage_asked_metric(const struct metric **metric, struct request *rq, const char *name) MUST_USE;

#endif
