/* Accounts, from one row of the store. */
#include "auth/account.h"

#include <string.h>

#include "auth/token.h"

static const char *keep(const struct rows *r, unsigned column, struct arena *arena)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(arena, text, strlen(text)) : "";
}

/* Columns of account_by_token and account_by_tenant. */
static enum st read_row(struct account *a, const struct rows *r, struct arena *arena)
{
	const char *cycle = rows_text(r, 8);
	*a = (struct account){
		.tenant_id = a->tenant_id,
		.token_id = rows_int(r, 0),
		.user_id = rows_int(r, 2),
		.name = keep(r, 3, arena),
		.currency = keep(r, 4, arena),
		.timezone = keep(r, 5, arena),
		.subscription_id = rows_int(r, 6),
		.plan_version_id = rows_int(r, 7),
		.yearly = cycle && !strcmp(cycle, "yearly"),
		.anchor = rows_int(r, 9),
		.generation = rows_int(r, 10),
	};
	const char *granted = rows_text(r, 1);
	if (granted && *granted && scopes_read(&a->scopes, granted))
		a->scopes = 0; /* a name this program does not know grants nothing */
	return a->name && a->currency && a->timezone ? ST_OK : ST_MEMORY;
}

enum st account_by_token(struct account *a, struct store *store, const char *token, struct arena *arena)
{
	struct rows r = { 0 };
	char hash[TOKEN_HASH_ROOM];
	*a = (struct account){ 0 };
	enum st st = token_tenant(&a->tenant_id, token);
	if (st)
		return st;
	token_hash(hash, token);
	st = ROWS(store, &r, SQL_ACCOUNT_BY_TOKEN, INT(a->tenant_id), TEXT(hash));
	if (!st)
		st = rows_next(&r);
	if (!st)
		st = read_row(a, &r, arena);
	else if (st == ST_DONE)
		st = ST_UNAUTHENTICATED;
	rows_end(&r);
	return st;
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
