/* From counts in a file to usage in the store, exactly once: counts only grow, and how far they are recorded is kept in
 * the transaction that records them. */
#include "meter/calls_flush.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/account.h"
#include "account/token.h"
#include "base/log.h"
#include "exact/clock.h"
#include "meter/calls.sql.h"
#include "meter/calls_file.h"
#include "meter/record.h"

#define METRIC "api_calls"

enum { RETIRE_ABOVE = CALLS_SLOTS * 3 / 4, EACH_CAP = 32 << 20 };

static const instant RETIRED = 10 * MINUTE; /* by then nobody has it mapped any more: who counts looks each second */
static const qty ONE = 1000000;

/* One file on its way into the store. */
struct flushing {
	struct job_run *run;
	struct calls_map *map;
	struct arena *each; /* of one tenant */
	char path[PATH_MAX];
	unsigned used;  /* slots */
	bool went_back; /* it holds less than was recorded of it: it is not what it was */
};

/* A tenant's count, as it was read before the file was synced. */
struct counted {
	struct calls_slot *slot;
	int64_t tenant, count;
	int64_t most;     /* of the calls, as many as may be recorded; the rest passes a hard limit */
	qty left;         /* Out: what a limit leaves */
	bool went_back;   /* Out */
	int64_t epoch;
	struct arena *arena;
};

/* ---- one tenant ---- */

static enum st find_counted(int64_t *counted, struct store *store, const struct counted *c)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_CALLS_COUNTED, INT(c->tenant), INT(c->epoch));
	if (!st)
		st = rows_next(&r);
	*counted = st ? 0 : rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* Has it a metric that adds them up? */
static enum st adds_up(bool *adds, struct store *store, const struct account *account)
{
	const struct catalog *catalog;
	enum st st = catalog_load(&catalog, store, account->catalog);
	const struct metric *m = st ? NULL : metric_find(catalog, METRIC);
	*adds = m && m->aggregation == AGGREGATE_SUM;
	return st;
}

static enum st record(struct job_run *run, struct counted *c, const struct account *account, int64_t calls)
{
	const struct usage_event event = { .metric = METRIC, .quantity = calls * ONE };
	struct usage_result result;
	const instant now = account_now(account, run->now);
	enum st st = usage_within(&result, run->store, run->conf, account, &event, 1, now, c->arena);
	const struct standing *s = &result.standing;
	if (st == ST_LIMIT_EXCEEDED)
		c->left = s->included > s->used ? s->included - s->used : 0;
	return st;
}

static enum st flush_tenant(struct job_run *run, void *context)
{
	struct counted *c = context;
	struct account account;
	int64_t before;
	bool adds = false;
	enum st st = find_counted(&before, run->store, c);
	c->went_back = !st && before > c->count;
	if (st || before >= c->count)
		return st;
	const int64_t new = c->count - before, calls = new < c->most ? new : c->most;
	st = account_by_tenant(&account, run->store, c->tenant, c->arena);
	if (!st)
		st = adds_up(&adds, run->store, &account);
	if (st == ST_NOT_FOUND) /* the tenant has gone */
		st = ST_OK;
	if (!st && adds && calls)
		st = record(run, c, &account, calls);
	return st ? st : RUN(run->store, SQL_CALLS_KEEP, INT(c->tenant), INT(c->epoch), INT(c->count), INT(run->now));
}

/* What a limit, or the largest total there is, does not let pass is not recorded, as it would not be of a record. */
static enum st flush_one(struct flushing *f, struct counted *c)
{
	c->arena = f->each;
	enum st st = job_step(f->run, c->tenant, flush_tenant, c);
	arena_reset(f->each);
	if (st == ST_LIMIT_EXCEEDED || st == ST_RANGE || st == ST_INVALID) {
		log_error("tenant %lld: not all of its API calls can be recorded: %s", (long long)c->tenant, st_name(st));
		c->most = st == ST_LIMIT_EXCEEDED ? c->left / ONE : 0;
		st = job_step(f->run, c->tenant, flush_tenant, c);
		arena_reset(f->each);
	}
	f->went_back |= !st && c->went_back;
	if (st || c->went_back)
		return st;
	__atomic_store_n(&c->slot->known, (uint64_t)c->count, __ATOMIC_RELAXED);
	f->run->done++;
	return ST_OK;
}

/* ---- one file ---- */

/* Is there anything new in the slot, and is it the one by which its tenant's calls are counted? */
static bool read_slot(struct counted *c, struct flushing *f, struct calls_slot *slot)
{
	const int64_t tenant = __atomic_load_n(&slot->tenant, __ATOMIC_ACQUIRE);
	const uint64_t count = __atomic_load_n(&slot->count, __ATOMIC_RELAXED);
	f->used += tenant != 0;
	const uint64_t known = __atomic_load_n(&slot->known, __ATOMIC_RELAXED);
	if (tenant <= 0 || !count || count > INT64_MAX / (uint64_t)ONE || count == known)
		return false;
	*c = (struct counted){ .slot = slot, .tenant = tenant, .count = (int64_t)count, .most = INT64_MAX,
		.epoch = (int64_t)f->map->epoch };
	return calls_slot_of(f->map, tenant, false) == slot;
}

/* What is recorded must stand on disk before: else a power cut would put the counts back behind it. */
static bool sync_file(const struct flushing *f)
{
	const bool synced = !msync(f->map->file, sizeof *f->map->file, MS_SYNC);
	return synced && calls_map_sound(f->map);
}

static enum st flush_slots(struct flushing *f)
{
	struct counted *all = arena_take_raw(f->run->arena, CALLS_SLOTS * sizeof *all);
	unsigned count = 0;
	if (!all)
		return ST_MEMORY;
	for (unsigned i = 0; i < CALLS_SLOTS; i++)
		count += read_slot(&all[count], f, &f->map->file->slots[i]);
	if (!count)
		return ST_OK;
	if (!sync_file(f))
		return ST_IO;
	enum st st = ST_OK;
	for (unsigned i = 0; i < count && !st && job_goes_on(f->run); i++)
		st = flush_one(f, &all[i]);
	return st;
}

/* One that is nearly full makes way for another: what is counted in it still is recorded as long as it lies there. */
static void retire(struct flushing *f, const char *old)
{
	struct stat info;
	const bool is_old = !strcmp(f->path, old), nearly = f->used > RETIRE_ABOVE;
	if (f->went_back)
		log_error("%s holds less than was recorded of it: it was replaced, and is begun anew", f->path);
	if (f->went_back || (is_old && !stat(old, &info) && clock_now() - (instant)info.st_ctim.tv_sec * SECOND > RETIRED))
		unlink(f->path);
	else if (!is_old && nearly && access(old, F_OK))
		(void)!rename(f->path, old);
}

static enum st flush_file(struct job_run *run, const char *name, const char *old)
{
	struct calls_map map;
	struct flushing f = { .run = run, .map = &map };
	bool strange;
	const char *path = conf_path(run->conf, run->arena, name);
	if (!path || snprintf(f.path, sizeof f.path, "%s", path) >= (int)sizeof f.path)
		return ST_MEMORY;
	if (!calls_map_open(&map, f.path, &strange))
		return ST_OK;
	enum st st = arena_open(&f.each, EACH_CAP);
	if (!st)
		st = flush_slots(&f);
	arena_close(f.each);
	calls_map_close(&map);
	if (!st && job_goes_on(run))
		retire(&f, old);
	return st;
}

enum st calls_flush(struct job_run *run)
{
	const char *old = conf_path(run->conf, run->arena, CALLS_FILE ".old");
	enum st st = old ? flush_file(run, CALLS_FILE ".old", old) : ST_MEMORY;
	return st ? st : flush_file(run, CALLS_FILE, old);
}

const char *calls_place(const struct conf *conf, struct arena *arena)
{
	char host[256] = "", folder[PATH_MAX], hash[TOKEN_HASH_ROOM];
	(void)!gethostname(host, sizeof host - 1);
	const char *whole = arena_format(arena, "%s:%s", host, realpath(conf->data, folder) ? folder : conf->data);
	if (!whole)
		return NULL;
	sha256_hex(hash, whole, strlen(whole));
	return arena_copy(arena, hash, 16);
}
