/* A bounded run of the jobs that are due, and of a tenant's in its own time. */
#include "api/jobs.h"

#include "account/tenant_clock.h"
#include "api/resource.h"

static const int64_t WORK = 2 * SECOND;

static enum st run_due(struct store *store, const struct conf *conf, void (*tell)(void *, const struct job_told *),
                       void *context)
{
	const struct jobs_asked asked = { .store = store, .conf = conf, .at = clock_now(), .stop = clock_ticks() + WORK,
		.tell = tell, .context = context };
	return jobs_run(&asked);
}

static void write_ran(void *context, const struct job_told *told)
{
	struct jwriter *w = context;
	jw_object(w, NULL);
	jw_string(w, "job", told->job);
	jw_int(w, "tenant_id", told->tenant_id);
	jw_int(w, "done", told->done);
	jw_int(w, "failed", told->failed);
	jw_end(w);
}

enum st reply_jobs_due(struct request *rq, struct reply *rp)
{
	jw_object(&rp->json, NULL);
	jw_array(&rp->json, "ran");
	enum st st = run_due(rq->store, rq->conf, write_ran, &rp->json);
	jw_end(&rp->json);
	jw_end(&rp->json);
	return st;
}

static void tell_nobody(void *context, const struct job_told *told)
{
	(void)context, (void)told;
}

enum st jobs_tick(struct store *store, const struct conf *conf)
{
	return run_due(store, conf, tell_nobody, NULL);
}

/* ---- clocks ---- */

const struct param clock_fields[] = {
	{ "tenant_id", P_INT, REQUIRED, "whose clock: a tenant that was added with one", 1, ID_MAX },
	{ "to", P_INSTANT, REQUIRED, "how far; not before where it stands" },
	{ 0 },
};

static enum st no_clock(struct reply *rp)
{
	rp->code = "no-clock";
	rp->title = "The tenant has no clock of its own";
	rp->detail = "It is given one when it is added (`pennymeter tenant add --clock`), for good.";
	return ST_CONFLICT;
}

static enum st check_clock(const struct request *rq, struct reply *rp, int64_t tenant, instant to)
{
	struct tenant_clock clock;
	enum st st = tenant_clock_read(&clock, rq->store, tenant);
	if (st)
		return st;
	if (!clock.own)
		return no_clock(rp);
	if (to >= clock.now)
		return ST_OK;
	rp->code = "clock-back";
	rp->title = "A clock never goes back";
	rp->detail = "Its clock stands behind `to` already. Nothing was changed.";
	return ST_CONFLICT;
}

/* Of the act, in the operator's audit. */
static enum st name_clock(struct work *work, void *context)
{
	const int64_t *tenant = context;
	work->kind = "tenant";
	work->id = *tenant;
	return ST_OK;
}

static enum st audit_advance(const struct request *rq, int64_t tenant)
{
	struct work *work = work_of(rq);
	return work ? work_do(work, "clocks.advance", name_clock, &tenant) : ST_MEMORY;
}

enum st reply_clock_advanced(struct request *rq, struct reply *rp)
{
	const int64_t tenant = rq_int(rq, "tenant_id", 0);
	const instant to = rq_instant(rq, "to", 0);
	const struct jobs_asked asked = { .store = rq->store, .conf = rq->conf, .tenant = tenant, .at = clock_now(),
		.stop = INT64_MAX, .tell = write_ran, .context = &rp->json };
	char now[INSTANT_ROOM];
	enum st st = check_clock(rq, rp, tenant, to);
	if (st)
		return st;
	jw_object(&rp->json, NULL);
	jw_int(&rp->json, "tenant_id", tenant);
	jw_string(&rp->json, "now", instant_print(now, to));
	jw_array(&rp->json, "ran");
	st = tenant_clock_advance(&asked, to);
	jw_end(&rp->json);
	jw_end(&rp->json);
	return st ? st : audit_advance(rq, tenant);
}
