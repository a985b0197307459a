/* Where usage stands at the instant that a request asks for. */
#ifndef API_USAGE_ASKED_H
#define API_USAGE_ASKED_H

#include "meter/usage.h"
#include "wire/request.h"

/** The state at the query's `at`, or now. Returns: as usage_state_at(); ST_INVALID with a fault at `at`. */
enum st usage_asked(struct usage_state *state, struct request *rq) MUST_USE;

#endif
