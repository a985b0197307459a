/* Jobs: work beside requests. When a job of a tenant is due stands in a row; who does it holds a lease of that row. */
#ifndef ACCOUNT_JOB_H
#define ACCOUNT_JOB_H

#include "base/conf.h"
#include "exact/instant.h"
#include "store/store.h"

struct job_run;

enum job_of { JOB_OF_TENANTS, JOB_OF_INSTALLATION, JOB_OF_FOLDER /* of each machine's data folder */ };

/** A job, as functions/jobs/NAME.c declares it. A run may be killed at any step, and two may be at it at once: what it
 *  changes goes through job_step(), and it looks for what is due anew each time. */
struct job {
	const char *name;
	const char *summary;
	enum job_of of;
	unsigned every; /* seconds from one run to the next; 0: due() says when */
	unsigned lease; /* seconds after which a holder that was not heard of has lost it: more than a step takes */
	/** Do what is due at run->now, a batch a step, until nothing is or job_goes_on() says to stop.
	 *  Returns: ST_OK; ST_OUTDATED: the lease was lost; what failed. Out: run->done, run->failed  how many things */
	enum st (*run)(struct job_run *run);
	/** Inside a transaction that holds the tenant: when is the next thing due? NULL: `every` seconds from now. */
	enum st (*due)(instant *next, struct job_run *run);
	/** JOB_OF_FOLDER: what this data folder is called, in the arena. NULL: there is nothing to do in it. */
	const char *(*place)(const struct conf *conf, struct arena *arena);
};

/** Every job, up to a NULL; generated from functions/jobs/. */
extern const struct job *const job_table[];

/** One run of a job for one tenant. */
struct job_run {
	const struct job *job;
	struct store *store;
	const struct conf *conf;
	struct arena *arena; /* of this run */
	int64_t tenant;      /* whose; 1 where it is no tenant's */
	const char *place;   /* "", or the data folder's */
	instant now;         /* the tenant's */
	int64_t stop;        /* by clock_ticks(): when to begin no further step */
	int64_t turn;        /* of the lease */
	int64_t failures;    /* of runs before, one after the other */
	int64_t position;    /* In/Out: how far the job has come, for itself; kept by the step that changes it */
	int64_t done, failed;
};

/** Inside a write that holds the tenant: its job is due at an instant of the tenant's, or sooner if it was already.
 *  Returns: ST_OK; what the store returns. */
enum st job_schedule(struct store *store, int64_t tenant, const char *job, instant at) MUST_USE;

/** Carry out one step in a transaction that holds a tenant and renews the lease.
 *  Returns: what apply() returned; ST_OUTDATED: the lease is another's by now, and nothing was changed; what
 *  store_write() returns. */
enum st job_step(struct job_run *run, int64_t tenant, enum st (*apply)(struct job_run *run, void *context),
                 void *context) MUST_USE;

/** Is there time for one more step? */
bool job_goes_on(const struct job_run *run);

#endif
