/* What jobs ask for while they work: to be due later, and one step after the other. */
#include "account/job.h"

#include "account/account.h"
#include "account/job.sql.h"
#include "exact/clock.h"

enum st job_schedule(struct store *store, int64_t tenant, const char *job, instant at)
{
	return RUN(store, SQL_JOB_SCHEDULE, INT(tenant), TEXT(job), INT(at));
}

bool job_goes_on(const struct job_run *run)
{
	return clock_ticks() < run->stop;
}

struct stepping {
	struct job_run *run;
	int64_t tenant;
	enum st (*apply)(struct job_run *run, void *context);
	void *context;
	int64_t position; /* as it was before the step */
};

/* At the step's end, so that a lease that ran out meanwhile and was taken by another undoes all of it. */
static enum st renew(const struct job_run *r)
{
	const instant until = clock_now() + r->job->lease * SECOND;
	struct rows rows = { 0 };
	enum st st = ROWS(r->store, &rows, SQL_JOB_RENEW, INT(r->tenant), TEXT(r->job->name), TEXT(r->place), INT(r->turn),
	                  INT(until), INT(r->position));
	if (!st)
		st = rows_next(&rows);
	rows_end(&rows);
	return st == ST_DONE ? ST_OUTDATED : st;
}

static enum st apply_step(struct store *store, const void *request, size_t size, void *answer)
{
	const struct stepping *s = *(const struct stepping *const *)request;
	(void)size, (void)answer;
	s->run->position = s->position;
	enum st st = account_hold(store, s->tenant);
	if (!st)
		st = s->apply(s->run, s->context);
	return st ? st : renew(s->run);
}

enum st job_step(struct job_run *run, int64_t tenant, enum st (*apply)(struct job_run *, void *), void *context)
{
	static const struct write_op op = { .name = "job.step", .apply = apply_step };
	const struct stepping stepping = { run, tenant, apply, context, run->position }, *pointer = &stepping;
	enum st st = store_write(run->store, &op, &pointer, sizeof pointer, NULL, 0);
	if (st)
		run->position = stepping.position;
	return st;
}
