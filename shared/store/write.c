/* The store's door for writes: alone under the lock, in a group, by a call, and again after a failure that passes. */
#include "store/inside.h"

#include <string.h>
#include <unistd.h>

#include "exact/clock.h"
#include "base/log.h"
#include "store/write.sql.h"

static const instant PATIENCE = 2 * SECOND; /* no try begins after that */

static enum st take_turn(struct store *s, const struct write_op *op)
{
	return op->holds_catalog && OFFERS(s, SQL_CATALOG_HOLD) ? RUN(s, SQL_CATALOG_HOLD) : ST_OK;
}

/* What failed while the files were taken away or replaced did not fail by itself. */
static enum st blame(const struct store *s, enum st st)
{
	return st == ST_STORE && s->driver->sound && !s->driver->gone(s->db) && !s->driver->sound(s->db) ? ST_STALE : st;
}

static enum st in_transaction(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer)
{
	enum st st = s->driver->begin(s->db, true);
	if (st)
		return st;
	st = take_turn(s, op);
	if (!st)
		st = op->apply(s, request, size, answer);
	if (!st)
		st = s->driver->commit(s->db);
	if (st)
		s->driver->rollback(s->db);
	return blame(s, st);
}

/* One request of a group: what fails is undone by itself. */
static enum st apply_job(struct store *s, const struct write_op *op, struct combine_job *job)
{
	enum st st = store_part_begin(s);
	s->again = job->again;
	if (!st)
		st = store_part_end(s, op->apply(s, job->request, job->size, job->answer));
	s->again = false;
	return st;
}

/* One after the other, with nothing to undo one alone by: that costs a copy of each page that one changes. So one that
 * fails when it has changed something ends it for all. */
static enum st apply_bare(struct store *s, const struct write_op *op, struct combine_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const uint64_t before = s->changes;
		s->again = jobs[i].again;
		jobs[i].st = op->apply(s, jobs[i].request, jobs[i].size, jobs[i].answer);
		s->again = false;
		if (jobs[i].st && s->changes != before)
			return jobs[i].st;
	}
	return ST_OK;
}

/* What does not look like one of its kind is carried out by nobody: without a byte it asks for nothing. */
static void pass_over_malformed(const struct write_op *op, struct combine_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count && op->sound; i++)
		if (!op->sound(jobs[i].request, jobs[i].size, jobs[i].answer_size)) {
			log_error("%s: a request of %zu bytes is malformed and is not carried out", op->name, jobs[i].size);
			jobs[i].size = 0;
		}
}

static void refuse_malformed(const struct write_op *op, struct combine_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count && op->sound; i++)
		if (!jobs[i].size)
			jobs[i].st = ST_STORE;
}

struct leading {
	struct store *store;
	const struct write_op *op;
};

/* Carry a group out in one transaction: `together`, or one by one. Out: stopped  by one of it, before its commit: nothing was
 * tried to be kept, and the others may fare better one by one */
static enum st in_one(const struct leading *l, struct combine_job *jobs, unsigned count, bool together, bool *stopped)
{
	struct store *s = l->store;
	enum st st = s->driver->begin(s->db, true);
	const bool begun = !st;
	if (!st && together)
		st = l->op->together ? l->op->together(s, jobs, count) : apply_bare(s, l->op, jobs, count);
	for (unsigned i = 0; i < count && !st && !together; i++)
		jobs[i].st = apply_job(s, l->op, &jobs[i]);
	*stopped = begun && st;
	if (!st)
		st = s->driver->commit(s->db);
	if (st)
		s->driver->rollback(s->db);
	return blame(s, st);
}

static void commit_group(void *context, struct combine_job *jobs, unsigned count)
{
	const struct leading *l = context;
	bool stopped;
	pass_over_malformed(l->op, jobs, count);
	enum st st = in_one(l, jobs, count, true, &stopped);
	if (st != ST_STALE && stopped && (count > 1 || l->op->together))
		st = in_one(l, jobs, count, false, &stopped);
	for (unsigned i = 0; i < count && st; i++)
		jobs[i].st = st;
	refuse_malformed(l->op, jobs, count);
}

static enum st write_alone(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer, size_t answer_size)
{
	struct leading leading = { s, op };
	struct combine_job job = { request, size, answer, answer_size, s->again, ST_STORE };
	if (!s->driver->one_file)
		return in_transaction(s, op, request, size, answer);
	enum st st = store_lock(s);
	if (st)
		return st;
	if (op->flat)
		commit_group(&leading, &job, 1);
	else
		job.st = in_transaction(s, op, request, size, answer);
	store_unlock(s);
	return job.st;
}

/* ---- where the database does it by one call ---- */

/* If it is not ST_OK, nothing was kept of any; after ST_DONE each finds out by itself whose fault it was. */
static void call_group(void *context, struct combine_job *jobs, unsigned count)
{
	const struct leading *l = context;
	pass_over_malformed(l->op, jobs, count);
	enum st st = l->op->call(l->store, jobs, count);
	for (unsigned i = 0; i < count && st; i++)
		jobs[i].st = st;
	refuse_malformed(l->op, jobs, count);
}

static enum st call_alone(struct leading *l, const void *request, size_t size, void *answer, size_t answer_size)
{
	struct combine_job job = { request, size, answer, answer_size, l->store->again, ST_STORE };
	call_group(l, &job, 1);
	return job.st;
}

/* ---- who goes together ---- */

static uint64_t hashed(uint64_t hash, const void *bytes, size_t size)
{
	for (const unsigned char *p = bytes; size--; p++)
		hash = (hash ^ *p) * 0x100000001b3u; /* FNV-1a: the same in every program */
	return hash;
}

/* Of the requests that one leader may carry out together: another build's bytes may mean something else. */
static uint64_t group_number(const struct store *s, const struct write_op *op, uint64_t party)
{
	const uint64_t build = hashed(0xcbf29ce484222325u, PM_VERSION, strlen(PM_VERSION));
	const uint64_t hash = hashed(build, op->name, strlen(op->name));
	return party ? hashed(hashed(hash, s->where, strlen(s->where)), &party, sizeof party) : hash;
}

static enum st write_once(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer,
                          size_t answer_size)
{
	struct leading leading = { s, op };
	const bool server = s->driver->call;
	const uint64_t party = server && op->call ? op->party(request, size) : 0;
	struct combine *combine = op->flat && (party || !server) ? store_combine(s) : NULL;
	enum st st = !combine ? ST_DONE
	             : combine_write(combine, &s->again, s->lock, group_number(s, op, party), request, size, answer, answer_size,
	                             party ? call_group : commit_group, &leading);
	if (st == ST_DONE && party)
		st = call_alone(&leading, request, size, answer, answer_size);
	return st == ST_DONE ? write_alone(s, op, request, size, answer, answer_size) : st;
}

/* 2, 4, 8, … ms and as much again by chance, so that two that met do not meet again. */
static void pause_before(struct store *s, unsigned try)
{
	const long least = 1L << try;
	store_pause(least + (long)(((uint64_t)getpid() * 2654435761u + s->connection + try * 40503u) % (uint64_t)least));
}

static bool reopen(struct store *s)
{
	struct faults faults = { 0 };
	if (arena_open(&faults.arena, 64 << 10))
		return false;
	enum st st = store_sound(s) ? store_refresh(s, clock_now(), &faults) : store_reopen(s, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		log_error("%s: %s", faults.item[i].pointer, faults.item[i].detail);
	arena_close(faults.arena);
	return !st;
}

/* Shall it be tried once more? Where the answer was lost, only what knows its own work again. A client
 * waits, so no try begins late. */
static bool try_again(struct store *s, const struct write_op *op, enum st st, unsigned try, instant began)
{
	const bool server = !s->driver->one_file;
	const bool passes = st == ST_STALE || (st == ST_BUSY && server) || (st == ST_IO && op->flat);
	if (try == TRIES || !passes || clock_now() - began > PATIENCE)
		return false;
	if (server && st != ST_STALE)
		pause_before(s, try);
	return reopen(s);
}

enum st store_write(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer,
                    size_t answer_size)
{
	if (s->mode == STORE_READ) {
		log_error("%s: the store was opened for reading", op->name);
		return ST_STORE;
	}
	const instant began = clock_now();
	store_read_end(s);
	s->writes++;
	s->again = false;
	s->context = op->context;
	enum st st = write_once(s, op, request, size, answer, answer_size);
	for (unsigned try = 1; try_again(s, op, st, try, began); try++) {
		s->again |= st == ST_IO;
		st = write_once(s, op, request, size, answer, answer_size);
	}
	if (st == ST_STALE && !s->db)
		st = s->opened == ST_BUSY ? ST_BUSY : ST_STORE;
	const bool unknown = s->again && (st == ST_BUSY || st == ST_STALE || st == ST_STORE || st == ST_OUTDATED);
	s->again = false;
	return unknown ? ST_IO : st == ST_STALE ? ST_BUSY : st;
}

enum st store_call(struct store *s, struct rows *r, const struct statement *sql, const struct val *vals)
{
	*r = (struct rows){ .driver = s->driver };
	return s->driver->call && store_has(s, sql) ? s->driver->call(s->db, &r->cursor, sql, vals) : ST_DONE;
}

const void *store_context(const struct store *s)
{
	return s->context;
}

bool store_again(const struct store *s)
{
	return s->again;
}

enum st store_part_begin(struct store *s)
{
	return s->driver->savepoint(s->db);
}

enum st store_part_end(struct store *s, enum st outcome)
{
	if (!outcome)
		return s->driver->release(s->db);
	s->driver->undo(s->db);
	return outcome;
}
