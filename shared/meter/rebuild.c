/* Making roll-ups anew. */
#include "meter/rebuild.h"

#include <string.h>

#include "account/tenants.sql.h"
#include "base/log.h"
#include "meter/aggregations.sql.h"
#include "meter/beside.h"
#include "meter/day.h"
#include "meter/ledger.h"
#include "meter/proof.sql.h"
#include "store/migrate.h"

enum { PIECE = 1000 }; /* events that are read at a time */

struct rebuilding {
	struct store *store;
	const struct account *account;
	const struct metric *metric; /* whose samples are counted */
	struct arena *arena;         /* of a piece */
	struct ledger ledger;
	instant after_at;            /* the event that was counted last */
	int64_t after_event;
	unsigned count;              /* of the piece */
};

/* ---- pieces ---- */

static enum st run_piece(struct rebuilding *b, struct rows *r, enum st (*add)(struct rebuilding *, const struct rows *))
{
	enum st st;
	for (b->count = 0; !(st = rows_next(r)); b->count++) {
		b->after_at = rows_int(r, 0);
		b->after_event = rows_int(r, 1);
		st = add(b, r);
		if (st)
			return st;
	}
	return st == ST_DONE ? ST_OK : st;
}

static void begin(struct rebuilding *b)
{
	b->after_at = b->after_event = INT64_MIN;
	b->count = PIECE;
}

/* ---- hours and days ---- */

static enum st add_to(struct rebuilding *b, const struct rows *r, enum ledger_kind kind, instant start,
                      const char *metric)
{
	const struct rollup one = rollup_of(rows_int(r, 4), b->after_at, b->after_event);
	const struct ledger_key key = { kind, b->account->tenant_id, start, rows_int(r, 3), metric };
	return ledger_add(&b->ledger, &key, &one);
}

/* A row of usage_event_after. */
static enum st add_event(struct rebuilding *b, const struct rows *r)
{
	const char *metric = arena_copy(b->arena, rows_text(r, 2), strlen(rows_text(r, 2)));
	struct period day;
	enum st st = metric ? day_at(&day, b->account->timezone, b->after_at) : ST_MEMORY;
	if (!st)
		st = add_to(b, r, LEDGER_HOUR, hour_of(day, b->after_at).start, metric);
	return st ? st : add_to(b, r, LEDGER_DAY, day.start, metric);
}

static enum st count_piece(struct rebuilding *b)
{
	struct rows r = { 0 };
	ledger_begin(&b->ledger, b->store);
	enum st st = ROWS(b->store, &r, SQL_USAGE_EVENT_AFTER, INT(b->account->tenant_id), INT(b->after_at),
	                  INT(b->after_event), INT(PIECE));
	if (!st)
		st = run_piece(b, &r, add_event);
	rows_end(&r);
	if (!st)
		st = ledger_write(&b->ledger);
	arena_reset(b->arena);
	return st;
}

static enum st count_events(struct rebuilding *b)
{
	enum st st = RUN(b->store, SQL_USAGE_HOUR_FORGET, INT(b->account->tenant_id));
	if (!st)
		st = RUN(b->store, SQL_USAGE_DAY_FORGET, INT(b->account->tenant_id));
	for (begin(b); !st && b->count == PIECE;)
		st = count_piece(b);
	return st;
}

/* ---- beside ---- */

/* A row of sample_after. */
static enum st add_sample(struct rebuilding *b, const struct rows *r)
{
	struct period day;
	enum st st = day_at(&day, b->account->timezone, b->after_at);
	const struct beside_event e = {
		.tenant_id = b->account->tenant_id, .metric = b->metric->name, .user_id = rows_int(r, 2),
		.recorded_at = b->after_at, .hour = hour_of(day, b->after_at).start, .day = day.start,
		.event = b->after_event, .quantity = rows_int(r, 3), .value = rows_text(r, 4),
	};
	return st ? st : beside_roll_up(b->store, b->metric->aggregation, &e);
}

static enum st sample_piece(struct rebuilding *b)
{
	struct rows r = { 0 };
	enum st st = ROWS(b->store, &r, SQL_SAMPLE_AFTER, INT(b->account->tenant_id), TEXT(b->metric->name), INT(b->after_at),
	                  INT(b->after_event), INT(PIECE));
	if (!st)
		st = run_piece(b, &r, add_sample);
	rows_end(&r);
	return st;
}

static enum st count_samples(struct rebuilding *b)
{
	const union sql_2 *const forget[] = { SQL_VALUE_FORGET, SQL_MOMENT_FORGET, SQL_LEVEL_FORGET };
	enum st st = ST_OK;
	for (unsigned i = 0; i < sizeof forget / sizeof *forget && !st; i++)
		st = RUN(b->store, forget[i], INT(b->account->tenant_id), TEXT(b->metric->name));
	for (begin(b); !st && b->count == PIECE;)
		st = sample_piece(b);
	return st;
}

/* ---- an account ---- */

static enum st rebuild(struct rebuilding *b)
{
	const struct catalog *catalog;
	enum st st = catalog_load(&catalog, b->store, b->account->catalog);
	if (!st)
		st = count_events(b);
	for (unsigned i = 0; !st && i < catalog->count; i++) {
		b->metric = &catalog->metrics[i];
		if (beside_needed(b->metric->aggregation))
			st = count_samples(b);
	}
	return st;
}

enum st rollups_rebuild(struct store *store, const struct account *account)
{
	struct rebuilding b = { .store = store, .account = account };
	enum st st = arena_open(&b.arena, 1 << 20);
	if (st)
		return st;
	st = rebuild(&b);
	arena_close(b.arena);
	if (st)
		log_error("tenant %lld: its events cannot be counted into hours and days again (%s)",
		          (long long)account->tenant_id, st_name(st));
	return st;
}

/* ---- after a migration ---- */

static enum st next_outside_utc(struct store *store, int64_t *tenant)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_TENANT_OUTSIDE_UTC, INT(*tenant));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*tenant = rows_int(&r, 0);
	rows_end(&r);
	return st;
}

static enum st rebuild_tenant(struct store *store, int64_t tenant)
{
	struct arena *arena;
	struct account account;
	enum st st = arena_open(&arena, 1 << 20);
	if (st)
		return st;
	st = account_by_tenant(&account, store, tenant, arena);
	if (!st)
		st = rollups_rebuild(store, &account);
	arena_close(arena);
	return st;
}

/* Hours and days were those of UTC, which they are still where the tenant is there. */
static enum st rebuild_outside_utc(struct store *store)
{
	int64_t tenant = INT64_MIN;
	enum st st;
	while (!(st = next_outside_utc(store, &tenant)))
		if ((st = rebuild_tenant(store, tenant)))
			return st;
	return st == ST_DONE ? ST_OK : st;
}

const struct migration_step migration_steps[] = { { 8, rebuild_outside_utc }, { 0, NULL } };
