/* The job purge: what a tenant's records have been kept for as long as they have to be is erased. */
#include "account/audit.h"
#include "account/job.h"

enum { BATCH = 500, KEPT_DAYS = AUDIT_DETAIL_DAYS };

/* Of the audit the details go; the rows stay, and still prove themselves. */
static enum st erase(struct job_run *run, void *context)
{
	unsigned *count = context;
	return audit_erase(count, &run->position, run->store, run->tenant, run->now - KEPT_DAYS * DAY, BATCH);
}

static enum st purge(struct job_run *run)
{
	unsigned count = BATCH;
	enum st st = ST_OK;
	while (!st && count == BATCH && job_goes_on(run)) {
		st = job_step(run, run->tenant, erase, &count);
		run->done += st ? 0 : count;
	}
	return st;
}

static enum st due(instant *next, struct job_run *run)
{
	enum st st = audit_oldest(next, run->store, run->tenant, run->position);
	*next = (st == ST_DONE ? run->now : *next) + KEPT_DAYS * DAY + 1;
	return st == ST_DONE ? ST_OK : st;
}

const struct job job_purge = {
	.name = "purge", .summary = "erase the details of audit rows that are older than 730 days", .of = JOB_OF_TENANTS,
	.lease = 60, .run = purge, .due = due,
};
