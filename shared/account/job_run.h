/* Running jobs: what is due, one lease after the other; what became of each is told. */
#ifndef ACCOUNT_JOB_RUN_H
#define ACCOUNT_JOB_RUN_H

#include "account/job.h"

/** What a run did. */
struct job_told {
	const char *job;
	int64_t tenant_id; /* 1 where it is no tenant's */
	int64_t done, failed;
};

/** Which jobs are to be run. */
struct jobs_asked {
	struct store *store;
	const struct conf *conf;
	const char *name; /* NULL: all that are due. One of this name runs at once where it is no tenant's */
	int64_t tenant;   /* 0: of all */
	instant at;       /* due by then; a tenant with a clock of its own goes by that */
	int64_t stop;     /* by clock_ticks(): when to begin no further step; INT64_MAX: never */
	void (*tell)(void *context, const struct job_told *told);
	void *context;
};

/** Run them, each under its lease. A job that fails is told, put off and passed over; what another has the lease of is
 *  his.
 *  Returns: ST_OK; ST_NOT_FOUND: no job has that name; ST_MEMORY; what the store returns. */
enum st jobs_run(const struct jobs_asked *asked) MUST_USE;

/** Where a job stands, over all tenants. Texts live until the next one. */
struct job_standing {
	const struct job *job;
	int64_t rows, failing; /* how many have it, and of how many the last run failed */
	instant last, next;    /* 0: never, not known */
	const char *failure;   /* NULL: none */
};

/** Tell each job, by name. Returns: ST_OK; what the store returns. */
enum st jobs_tell(struct store *store, void (*tell)(void *context, const struct job_standing *standing),
                  void *context) MUST_USE;

#endif
