/* The runner: finds what is due, takes its lease, runs it, says when it is due again. */
#include "account/job_run.h"

#include <stdio.h>
#include <string.h>

#include "account/account.h"
#include "account/job.sql.h"
#include "base/log.h"
#include "exact/clock.h"

enum { BATCH = 64, ARENA_CAP = 64 << 20, NAME_ROOM = 32, PLACE_ROOM = 24 };

static const instant FORGOTTEN = 35 * DAY; /* a data folder whose jobs were due so long ago is gone */

#define FOREVER INSTANT_END /* due never again, unless it is scheduled */

/* A row of a job, as it was found. */
struct found {
	const struct job *job; /* NULL: of another version's program */
	int64_t tenant;
	char name[NAME_ROOM], place[PLACE_ROOM];
	instant due, now;
	bool clocked;
	bool anyway; /* run it also where it is not due */
};

struct running {
	const struct jobs_asked *asked;
	struct arena *arena; /* of one run, emptied after each */
};

static const struct job *job_named(const char *name)
{
	const struct job *const *j = job_table;
	while (*j && strcmp((*j)->name, name))
		j++;
	return *j;
}

static void copy_name(char *to, size_t room, const char *name)
{
	snprintf(to, room, "%s", name);
}

static void read_found(struct found *f, const struct rows *r, const struct running *g)
{
	*f = (struct found){ .tenant = rows_int(r, 0), .due = rows_int(r, 3), .clocked = !rows_null(r, 4) };
	f->now = f->clocked ? rows_int(r, 4) : g->asked->at;
	copy_name(f->name, NAME_ROOM, rows_text(r, 1));
	copy_name(f->place, PLACE_ROOM, rows_text(r, 2));
	f->job = job_named(f->name);
}

/* ---- one run ---- */

struct taking {
	struct job_run *run;
	instant by; /* it must be due */
};

/* Where the lease is not to be had (ST_DONE), its holder is at work, or somebody has done it meanwhile. */
static enum st take(struct store *store, const void *request, size_t size, void *answer)
{
	const struct taking *t = request;
	struct job_run *run = t->run;
	const instant real = clock_now(), until = real + run->job->lease * SECOND;
	struct rows r = { 0 };
	(void)size, (void)answer;
	enum st st = account_hold(store, run->tenant);
	if (!st)
		st = ROWS(store, &r, SQL_JOB_TAKE, INT(run->tenant), TEXT(run->job->name), TEXT(run->place), INT(t->by),
		          INT(real), INT(until));
	if (!st)
		st = rows_next(&r);
	if (!st) {
		run->turn = rows_int(&r, 0);
		run->position = rows_int(&r, 1);
		run->failures = rows_int(&r, 2);
	}
	rows_end(&r);
	return st;
}

/* Half a minute after a first failure, then twice as long each time, to six hours. */
static instant put_off(const struct job_run *run)
{
	const unsigned doublings = run->failures < 10 ? (unsigned)run->failures : 10;
	const instant pause = 30 * SECOND << doublings;
	return run->now + (pause < 6 * HOUR ? pause : 6 * HOUR);
}

/* What was scheduled while it ran is seen here: who schedules holds the tenant, too. */
static enum st next_due(instant *next, struct job_run *run)
{
	if (!run->job->due) {
		*next = run->now + run->job->every * SECOND;
		return ST_OK;
	}
	enum st st = run->job->due(next, run);
	if (!st && *next > FOREVER)
		*next = FOREVER;
	return st;
}

struct ending {
	struct job_run *run;
	enum st st; /* of the run */
};

static enum st end(struct store *store, const void *request, size_t size, void *answer)
{
	const struct ending *e = request;
	struct job_run *run = e->run;
	const char *name = run->job->name;
	struct rows r = { 0 };
	instant next = put_off(run);
	(void)size, (void)answer;
	enum st st = account_hold(store, run->tenant);
	if (!st && !e->st)
		st = next_due(&next, run);
	if (!st)
		st = e->st ? ROWS(store, &r, SQL_JOB_FAIL, INT(run->tenant), TEXT(name), TEXT(run->place), INT(run->turn),
		                  INT(next), TEXT(st_name(e->st)))
		           : ROWS(store, &r, SQL_JOB_END, INT(run->tenant), TEXT(name), TEXT(run->place), INT(run->turn),
		                  INT(next), INT(run->now));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OUTDATED : st;
}

static enum st run_taken(struct job_run *run)
{
	static const struct write_op op = { .name = "job.end", .apply = end };
	struct ending e = { run, run->job->run(run) };
	if (e.st == ST_OUTDATED)
		return e.st;
	enum st st = store_write(run->store, &op, &e, sizeof e, NULL, 0);
	return e.st ? e.st : st;
}

/* A lease that was lost is another's to tell. */
static enum st run_found(struct running *g, const struct found *f)
{
	static const struct write_op op = { .name = "job.take", .apply = take };
	const struct jobs_asked *a = g->asked;
	struct job_run run = { .job = f->job, .store = a->store, .conf = a->conf, .arena = g->arena, .tenant = f->tenant,
		.place = f->place, .now = f->now, .stop = a->stop };
	const struct taking taking = { &run, f->anyway ? INT64_MAX : f->now };
	enum st st = store_write(a->store, &op, &taking, sizeof taking, NULL, 0);
	if (st)
		return st == ST_DONE ? ST_OK : st;
	st = run_taken(&run);
	if (st == ST_OUTDATED)
		return ST_OK;
	if (st) {
		run.failed += !run.failed;
		log_error("job %s of tenant %lld: %s", f->job->name, (long long)f->tenant, st_name(st));
	}
	const struct job_told told = { f->job->name, run.tenant, run.done, run.failed };
	a->tell(a->context, &told);
	return st == ST_MEMORY ? st : ST_OK;
}

static bool is_asked(const struct running *g, const struct found *f)
{
	return f->job && (!g->asked->name || !strcmp(g->asked->name, f->name));
}

static bool has_time(const struct running *g)
{
	return clock_ticks() < g->asked->stop;
}

static enum st run_all(struct running *g, const struct found *f, unsigned count)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < count && !st && has_time(g); i++) {
		if (is_asked(g, &f[i]))
			st = run_found(g, &f[i]);
		arena_reset(g->arena);
	}
	return st;
}

/* ---- what is no tenant's ---- */

struct adding {
	const struct job *job;
	const char *place;
	instant at;
};

static enum st add(struct store *store, const void *request, size_t size, void *answer)
{
	const struct adding *a = request;
	(void)size, (void)answer;
	enum st st = RUN(store, SQL_JOB_FORGET, INT(1), TEXT(a->job->name), INT(a->at - FORGOTTEN));
	if (!st)
		st = PUT(store, SQL_JOB_ADD, INT(1), TEXT(a->job->name), TEXT(a->place), INT(a->at));
	return st == ST_DONE ? ST_OK : st;
}

/* Its row, which is made when it is first looked for. Out: f->job  NULL: there is nothing to do here */
static enum st find_own(struct found *f, struct running *g, const struct job *job, const struct found *rows,
                        unsigned count)
{
	static const struct write_op op = { .name = "job.add", .apply = add };
	const instant at = g->asked->at;
	const char *place = job->place ? job->place(g->asked->conf, g->arena) : "";
	*f = (struct found){ .job = place ? job : NULL, .tenant = 1, .due = at, .now = at };
	if (!place)
		return ST_OK;
	copy_name(f->name, NAME_ROOM, job->name);
	copy_name(f->place, PLACE_ROOM, place);
	for (unsigned i = 0; i < count; i++)
		if (rows[i].job == job && !strcmp(rows[i].place, f->place)) {
			f->due = rows[i].due;
			return ST_OK;
		}
	const struct adding adding = { job, f->place, at };
	return store_write(g->asked->store, &op, &adding, sizeof adding, NULL, 0);
}

static enum st read_all(struct found *found, unsigned *count, struct running *g, struct rows *r, enum st st)
{
	*count = 0;
	while (!st && *count < BATCH && !(st = rows_next(r)))
		read_found(&found[(*count)++], r, g);
	rows_end(r);
	return st == ST_DONE ? ST_OK : st;
}

/* The jobs of the installation and of this data folder. */
static enum st run_own(struct running *g)
{
	struct found rows[BATCH], f;
	unsigned count;
	struct rows r = { 0 };
	enum st st = ROWS(g->asked->store, &r, SQL_JOBS_OF, INT(1));
	st = read_all(rows, &count, g, &r, st);
	for (const struct job *const *j = job_table; *j && !st && has_time(g); j++) {
		if ((*j)->of == JOB_OF_TENANTS || (g->asked->name && strcmp(g->asked->name, (*j)->name)))
			continue;
		st = find_own(&f, g, *j, rows, count);
		f.anyway = g->asked->name;
		if (!st && f.job && (f.anyway || f.due <= f.now))
			st = run_all(g, &f, 1);
	}
	return st;
}

/* ---- what is tenants' ---- */

/* Of the rows that were found, those that are a tenant's and due. */
static enum st run_due(struct running *g, struct found *found, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (found[i].job && (found[i].job->of != JOB_OF_TENANTS || found[i].due > found[i].now))
			found[i].job = NULL;
	return run_all(g, found, count);
}

static enum st run_of_tenant(struct running *g)
{
	struct found found[BATCH];
	unsigned count;
	struct rows r = { 0 };
	enum st st = ROWS(g->asked->store, &r, SQL_JOBS_OF, INT(g->asked->tenant));
	st = read_all(found, &count, g, &r, st);
	return st ? st : run_due(g, found, count);
}

typedef enum st find_page(struct rows *r, const struct running *g, const struct found *behind);

static enum st find_due(struct rows *r, const struct running *g, const struct found *behind)
{
	return ROWS(g->asked->store, r, SQL_JOBS_DUE, INT(g->asked->at), INT(clock_now()), INT(behind->due),
	            INT(behind->tenant), TEXT(behind->name), INT(BATCH));
}

static enum st find_due_by_clock(struct rows *r, const struct running *g, const struct found *behind)
{
	return ROWS(g->asked->store, r, SQL_JOBS_DUE_BY_CLOCK, INT(clock_now()), INT(behind->tenant), TEXT(behind->name),
	            INT(BATCH));
}

/* A page at a time, each row once: what is due again, or failed, waits for the next run. */
static enum st run_pages(struct running *g, find_page *find)
{
	struct found found[BATCH], behind = { .due = INT64_MIN };
	unsigned count = BATCH;
	enum st st = ST_OK;
	while (!st && count == BATCH && has_time(g)) {
		struct rows r = { 0 };
		st = find(&r, g, &behind);
		st = read_all(found, &count, g, &r, st);
		if (count)
			behind = found[count - 1];
		if (!st)
			st = run_due(g, found, count);
	}
	return st;
}

enum st jobs_run(const struct jobs_asked *asked)
{
	struct running g = { .asked = asked };
	if (asked->name && !job_named(asked->name))
		return ST_NOT_FOUND;
	enum st st = arena_open(&g.arena, ARENA_CAP);
	if (!st && asked->tenant <= 1)
		st = run_own(&g);
	if (!st && asked->tenant)
		st = run_of_tenant(&g);
	else if (!st)
		st = run_pages(&g, find_due);
	if (!st && !asked->tenant)
		st = run_pages(&g, find_due_by_clock);
	arena_close(g.arena);
	return st;
}

/* ---- telling ---- */

enum st jobs_tell(struct store *store, void (*tell)(void *context, const struct job_standing *standing), void *context)
{
	enum st st = ST_OK;
	for (const struct job *const *j = job_table; *j && !st; j++) {
		struct rows r = { 0 };
		st = ROWS(store, &r, SQL_JOBS_TOLD, TEXT((*j)->name));
		if (!st)
			st = rows_next(&r);
		if (!st) {
			const struct job_standing standing = {
				*j, rows_int(&r, 0), rows_int(&r, 3), rows_int(&r, 1), rows_int(&r, 2), rows_text(&r, 4),
			};
			tell(context, &standing);
		}
		rows_end(&r);
	}
	return st;
}
