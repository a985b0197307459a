/* pennymeter job run, job list: work beside requests, by hand or from cron; clock advance: in a tenant's own time. */
#include "account/job_run.h"
#include "account/tenant_clock.h"
#include "command.h"
#include "wire/tick.h"

/* ---- run ---- */

/* What is still to come is for tests alone. */
static enum st read_at(instant *at, struct run *r)
{
	*at = r->now;
	if (run_option(r, "at") && run_instant(at, r, "at"))
		return ST_INVALID;
	if (*at > r->now && !conf_on(&r->conf, CONF_TEST_CLOCKS))
		return misuse(r, "--at", "lies ahead, which wants `test_clocks = on` in pennymeter.conf: for tests only");
	return ST_OK;
}

static void tell_ran(void *context, const struct job_told *told)
{
	struct run *r = context;
	jw_object(&r->w, NULL);
	jw_string(&r->w, "job", told->job);
	jw_int(&r->w, "tenant_id", told->tenant_id);
	jw_int(&r->w, "done", told->done);
	jw_int(&r->w, "failed", told->failed);
	jw_end(&r->w);
	say(r, "%s, tenant %lld: %lld done, %lld failed\n", told->job, (long long)told->tenant_id, (long long)told->done,
	    (long long)told->failed);
}

static enum st no_job(struct run *r, const char *name)
{
	return misuse(r, "NAME", "there is no job \"%s\"; `pennymeter job list` has them", name);
}

/* One that there is not has nothing due, and would look as if all were done. */
static enum st check_tenant(struct run *r, int64_t tenant)
{
	struct tenant_clock clock;
	enum st st = tenant ? tenant_clock_read(&clock, r->store, tenant) : ST_OK;
	return st == ST_NOT_FOUND ? no_tenant(r, tenant) : st;
}

enum st command_job_run(struct run *r)
{
	struct jobs_asked asked = { .conf = &r->conf, .name = r->words ? r->word[0] : NULL, .stop = INT64_MAX,
		.tell = tell_ran, .context = r };
	enum st st = run_number(&asked.tenant, r, "tenant");
	if (!st)
		st = read_at(&asked.at, r);
	if (!st)
		st = run_store(r, STORE_WRITE);
	if (!st)
		st = check_tenant(r, asked.tenant);
	if (st)
		return st;
	asked.store = r->store;
	if (!asked.name && !asked.tenant)
		tick_noted(&r->conf);
	jw_object(&r->w, NULL);
	jw_array(&r->w, "ran");
	st = jobs_run(&asked);
	if (!st && !r->w.some[r->w.depth])
		say(r, "Nothing was due.\n");
	jw_end(&r->w);
	jw_end(&r->w);
	return st == ST_NOT_FOUND ? no_job(r, asked.name) : st;
}

/* ---- list ---- */

static const char *print_or_null(char *out, instant at)
{
	return at && at < INSTANT_END ? instant_print(out, at) : NULL;
}

static void list_job(void *context, const struct job_standing *s)
{
	struct run *r = context;
	char last[INSTANT_ROOM], next[INSTANT_ROOM];
	jw_object(&r->w, NULL);
	jw_string(&r->w, "job", s->job->name);
	jw_string(&r->w, "does", s->job->summary);
	jw_int(&r->w, "rows", s->rows);
	jw_string(&r->w, "last_run", print_or_null(last, s->last));
	jw_string(&r->w, "next_run", print_or_null(next, s->next));
	jw_int(&r->w, "failing", s->failing);
	jw_string(&r->w, "failure", s->failure);
	jw_end(&r->w);
	say(r, "%-12s %s\n             last %s, next %s, %lld of %lld failing%s%s\n", s->job->name, s->job->summary,
	    s->last ? last : "never", print_or_null(next, s->next) ? next : "not yet", (long long)s->failing,
	    (long long)s->rows, s->failure ? ": " : "", s->failure ? s->failure : "");
}

enum st command_job_list(struct run *r)
{
	enum st st = run_store(r, STORE_READ);
	jw_object(&r->w, NULL);
	jw_array(&r->w, "jobs");
	if (!st)
		st = jobs_tell(r->store, list_job, r);
	jw_end(&r->w);
	jw_end(&r->w);
	return st;
}

/* ---- clock ---- */

static enum st tell_unmoved(struct run *r, enum st st, int64_t tenant, instant to)
{
	struct tenant_clock clock;
	char now[INSTANT_ROOM];
	if (st == ST_NOT_FOUND)
		return no_tenant(r, tenant);
	if (st == ST_BUSY)
		fault_add(&r->faults, "--tenant", "a job of it is being run by another: try again when that has ended");
	if (st != ST_CONFLICT || tenant_clock_read(&clock, r->store, tenant))
		return st;
	if (!clock.own)
		fault_add(&r->faults, "--tenant", "has no clock of its own: `tenant add --clock` gives one, for good");
	else if (to < clock.now)
		fault_add(&r->faults, "--to", "lies before %s, where its clock stands: it never goes back",
		          instant_print(now, clock.now));
	return st;
}

enum st command_clock_advance(struct run *r)
{
	struct jobs_asked asked = { .conf = &r->conf, .at = r->now, .stop = INT64_MAX, .tell = tell_ran, .context = r };
	char now[INSTANT_ROOM];
	instant to;
	enum st st = run_number(&asked.tenant, r, "tenant");
	if (!st)
		st = run_instant(&to, r, "to");
	if (!st)
		st = run_store(r, STORE_WRITE);
	if (st)
		return st;
	asked.store = r->store;
	jw_object(&r->w, NULL);
	jw_int(&r->w, "tenant_id", asked.tenant);
	jw_string(&r->w, "now", instant_print(now, to));
	jw_array(&r->w, "ran");
	st = tenant_clock_advance(&asked, to);
	jw_end(&r->w);
	jw_end(&r->w);
	if (st)
		return tell_unmoved(r, st, asked.tenant, to);
	say(r, "It is %s now for tenant %lld.\n", now, (long long)asked.tenant);
	return ST_OK;
}
