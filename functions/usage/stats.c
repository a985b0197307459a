/* GET /api/usage/stats, also /usage/api/stats: all that the dashboard polls, in one answer. */
#include "meter/day.h"
#include "wire/fn.h"
#include "present/write_stats.h"

static enum st stats(struct request *rq, struct reply *rp)
{
	struct stats s = { .account = rq->account };
	enum st st = days_until(s.starts, STATS_DAYS, rq->account->timezone, rq->now);
	if (!st)
		st = usage_state_at(&s.state, rq->store, rq->account, rq->now, rq->now, rq->arena);
	if (!st)
		st = history_series(&s.series, rq->store, rq->account, s.state.catalog, s.starts, STATS_DAYS, rq->arena);
	if (!st)
		st = history_recent(s.recent, &s.recent_count, STATS_RECENT, rq->store, rq->account, rq->arena);
	if (!st)
		st = upgrade_name(&s.upgrade_name, rq->store, s.state.plan, rq->arena);
	if (st)
		return st;
	s.upgrade_url = upgrade_url(rq->conf, s.state.plan, rq->arena);
	write_stats(&rp->json, &s, rq->arena);
	return ST_OK;
}

const struct fn fn_usage_stats = {
	.also = "usage/api/stats",
	.on[M_GET] = {
		.summary = "What the dashboard shows: cards, chart, recent events, warnings",
		.scope = SCOPE_USAGE_READ, .handle = stats,
	},
};
