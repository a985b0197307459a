/* What of usage a request asks for. */
#include "api/usage_asked.h"

enum st usage_asked(struct usage_state *state, struct request *rq)
{
	enum st st = usage_state_at(state, rq->store, rq->account, rq_instant(rq, "at", rq->now), rq->now, rq->arena);
	return st == ST_RANGE ? fault_add(rq->faults, "at", "lies in a period that leaves the years 1 to 9999") : st;
}

enum st usage_asked_metric(const struct metric **metric, struct request *rq, const char *name)
{
	const struct catalog *catalog;
	const char *asked = rq_text(rq, name);
	*metric = NULL;
	if (!asked)
		return ST_OK;
	enum st st = catalog_load(&catalog, rq->store, rq->account->catalog);
	if (st)
		return st;
	*metric = metric_find(catalog, asked);
	return *metric ? ST_OK : fault_add(rq->faults, name, "\"%.64s\" " NOT_A_METRIC, asked);
}
