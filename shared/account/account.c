/* Accounts, from one row of the store. */
#include "account/account.h"

#include <string.h>

#include "account/tenants.sql.h"
#include "account/token.h"
#include "store/write.sql.h"
#include "base/log.h"
#include "exact/zone.h"

/* ---- what a process keeps ---- */

enum { KEPT = 64, KEPT_TEXT = 512 };

/* Accounts by their tokens' hashes; one may push another out. */
static struct kept {
	uint64_t connection; /* of the store that it was read from; 0: free */
	char hash[TOKEN_HASH_ROOM];
	struct account account;
	char text[KEPT_TEXT]; /* its strings */
} kept[KEPT];

static struct kept *place_of(const char *hash)
{
	unsigned n = 0;
	for (unsigned i = 0; i < 4; i++)
		n = n * 16 + ((unsigned char)hash[i] & 15) + ((unsigned char)hash[i] >> 6) * 9;
	return &kept[n % KEPT];
}

static const struct account *find_kept(const struct store *store, const char *hash)
{
	const struct kept *k = place_of(hash);
	return k->connection == store_connection(store) && !memcmp(k->hash, hash, sizeof k->hash) ? &k->account : NULL;
}

static const char *take_text(char **at, const char *text)
{
	const size_t size = strlen(text) + 1;
	char *copy = memcpy(*at, text, size);
	*at += size;
	return copy;
}

/* What does not fit is not cached, and is read each time. */
static void keep_account(const struct store *store, const char *hash, const struct account *a)
{
	struct kept *k = place_of(hash);
	char *at = k->text;
	k->connection = 0;
	if (strlen(a->name) + strlen(a->currency) + strlen(a->timezone) + 3 > KEPT_TEXT)
		return;
	k->account = *a;
	k->account.name = take_text(&at, a->name);
	k->account.currency = take_text(&at, a->currency);
	k->account.timezone = take_text(&at, a->timezone);
	memcpy(k->hash, hash, sizeof k->hash);
	k->connection = store_connection(store);
}

/* ---- reading ---- */

static const char *copy(const struct rows *r, unsigned column, struct arena *arena)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(arena, text, strlen(text)) : "";
}

static instant in_calendar(instant at)
{
	return at < INSTANT_FIRST ? INSTANT_FIRST : at >= INSTANT_END ? INSTANT_END - 1 : at;
}

/* A zone that the system's database has lost, or that was stored before it was checked, must not stop the tenant:
 * its days are counted in UTC. */
static enum st known_zone(struct account *a)
{
	enum st st = zone_check(a->timezone);
	if (st != ST_INVALID)
		return st;
	log_error("tenant %lld: the time zone \"%s\" is unknown here; UTC counts in its place", (long long)a->tenant_id, a->timezone);
	a->timezone = "UTC";
	return ST_OK;
}

/* Without a subscription it is of no meaning. */
static enum billing_cycle stored_cycle(const char *name)
{
	const enum billing_cycle cycle = name ? cycle_named(name) : CYCLE__MAX;
	return cycle == CYCLE__MAX ? CYCLE_MONTHLY : cycle;
}

/* Columns of account_by_token and account_by_tenant. */
static enum st read_row(struct account *a, const struct rows *r, struct arena *arena)
{
	*a = (struct account){
		.tenant_id = a->tenant_id,
		.token_id = rows_int(r, 0),
		.user_id = rows_int(r, 2),
		.name = copy(r, 3, arena),
		.currency = copy(r, 4, arena),
		.timezone = copy(r, 5, arena),
		.subscription_id = rows_int(r, 6),
		.plan_version_id = rows_int(r, 7),
		.cycle = stored_cycle(rows_text(r, 8)),
		.usage_cycle = stored_cycle(rows_text(r, 9)),
		.anchor = in_calendar(rows_int(r, 10)),
		.generation = rows_int(r, 11),
		.catalog = rows_int(r, 12),
		.clocked = !rows_null(r, 13),
		.clock = rows_int(r, 13),
	};
	const char *granted = rows_text(r, 1);
	if (granted && *granted && scopes_read(&a->scopes, granted))
		a->scopes = 0; /* a name this program does not know grants nothing */
	if (!a->name || !a->currency || !a->timezone)
		return ST_MEMORY;
	return known_zone(a);
}

enum st account_generation(int64_t *generation, struct store *store, int64_t tenant)
{
	return NUMBER(store, generation, SQL_ACCOUNT_GENERATION, INT(tenant));
}

enum st account_hold(struct store *store, int64_t tenant)
{
	return OFFERS(store, SQL_TENANT_HOLD) ? RUN(store, SQL_TENANT_HOLD, INT(tenant)) : ST_OK;
}

enum st account_advance_all(struct store *store)
{
	enum st st = RUN(store, SQL_CATALOG_ADVANCE);
	return !st && OFFERS(store, SQL_ACCOUNT_ADVANCE_ALL) ? RUN(store, SQL_ACCOUNT_ADVANCE_ALL) : st;
}

enum st account_advance(struct store *store, int64_t tenant)
{
	return RUN(store, SQL_ACCOUNT_ADVANCE, INT(tenant));
}

static enum st read_account(struct account *a, struct store *store, const char *hash, struct arena *arena)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_ACCOUNT_BY_TOKEN, INT(a->tenant_id), TEXT(hash));
	if (!st)
		st = rows_next(&r);
	if (!st)
		st = read_row(a, &r, arena);
	else if (st == ST_DONE)
		st = ST_UNAUTHENTICATED;
	rows_end(&r);
	if (!st)
		keep_account(store, hash, a);
	return st;
}

static enum st hash_of(int64_t *tenant, char *hash, const char *token)
{
	enum st st = token_tenant(tenant, token);
	if (!st)
		token_hash(hash, token);
	return st;
}

enum st account_by_token(struct account *a, struct store *store, const char *token, struct arena *arena)
{
	char hash[TOKEN_HASH_ROOM];
	*a = (struct account){ 0 };
	enum st st = hash_of(&a->tenant_id, hash, token);
	if (st)
		return st;
	const struct account *known = find_kept(store, hash);
	int64_t generation;
	st = known ? account_generation(&generation, store, a->tenant_id) : ST_OK;
	if (!st && known && generation == known->generation) {
		*a = *known;
		return ST_OK;
	}
	return st ? st : read_account(a, store, hash, arena);
}

bool account_kept(struct account *a, const struct store *store, const char *token)
{
	char hash[TOKEN_HASH_ROOM];
	int64_t tenant;
	const struct account *known = hash_of(&tenant, hash, token) ? NULL : find_kept(store, hash);
	if (known)
		*a = *known;
	return known;
}

enum st account_proved(const struct account *a, struct store *store)
{
	int64_t generation;
	enum st st = account_generation(&generation, store, a->tenant_id);
	return st ? st : generation == a->generation ? ST_OK : ST_OUTDATED;
}

enum st account_by_tenant(struct account *a, struct store *store, int64_t tenant, struct arena *arena)
{
	struct rows r = { 0 };
	*a = (struct account){ .tenant_id = tenant };
	enum st st = ROWS(store, &r, SQL_ACCOUNT_BY_TENANT, INT(tenant));
	if (!st)
		st = rows_next(&r);
	if (!st)
		st = read_row(a, &r, arena);
	else if (st == ST_DONE)
		st = ST_NOT_FOUND;
	rows_end(&r);
	return st;
}
