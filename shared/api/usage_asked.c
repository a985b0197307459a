/* Where usage stands at the instant that a request asks for. */
#include "api/usage_asked.h"

enum st usage_asked(struct usage_state *state, struct request *rq)
{
	enum st st = usage_state_at(state, rq->store, rq->account, rq_instant(rq, "at", rq->now), rq->now, rq->arena);
	return st == ST_RANGE ? fault_add(rq->faults, "at", "lies in a period that leaves the years 1 to 9999") : st;
}
