/* The proofs of a store: of its tenants, one after the other, and of what belongs to none. */
#include "meter/proof.h"

#include <stdarg.h>

#include "meter/proof.sql.h"
#include "meter/proof_tenant.h"
#include "store/care.h"

enum { TENANT_ROOM = 64 << 20 };

struct proving {
	struct store *store;
	const struct proof_view *view;
	struct proof_result *result;
	struct arena *arena; /* of one tenant */
};

static void tell(struct proving *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct proving *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const char *text = arena_vformat(p->arena, format, args);
	va_end(args);
	p->result->differences++;
	p->view->tell(p->view->context, text ? text : "no memory to say what differs");
}

/* ---- rows of nobody ---- */

static enum st prove_owners(struct proving *p, const char *table, const char *sql)
{
	struct rows r = { 0 };
	enum st st = store_rows_text(p->store, &r, sql, NULL, 0);
	while (!st && !(st = rows_next(&r)))
		tell(p, "%s has %lld rows of tenant %lld, whom there is not", table, (long long)rows_int(&r, 1), (long long)rows_int(&r, 0));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st prove_table(struct proving *p, const char *table, const char *sql)
{
	enum st st = store_part_begin(p->store);
	if (!st)
		st = store_part_end(p->store, prove_owners(p, table, sql));
	if (st)
		tell(p, "%s cannot be read (%s); the log says why", table, st_name(st));
	return st == ST_MEMORY ? st : ST_OK;
}

static enum st list_tables(struct proving *p, struct store_table *tables, unsigned *count)
{
	enum st st = store_part_begin(p->store);
	return st ? st : store_part_end(p->store, store_tables(p->store, tables, count, p->arena));
}

static enum st prove_nobodys(struct proving *p)
{
	struct store_table tables[STORE_TABLES];
	unsigned count = 0;
	enum st st = list_tables(p, tables, &count);
	if (st)
		tell(p, "the tables cannot be listed (%s); the log says why", st_name(st));
	for (unsigned i = 0; i < count && st != ST_MEMORY; i++)
		if (tables[i].nobodys)
			st = prove_table(p, tables[i].name, tables[i].nobodys);
	return st == ST_MEMORY ? st : ST_OK;
}

/* ---- tenants ---- */

static enum st prove_account(struct proving *p, int64_t tenant, unsigned *differences)
{
	struct account account;
	enum st st = account_by_tenant(&account, p->store, tenant, p->arena);
	*differences = 0;
	return st ? st : proof_of_tenant(differences, p->store, &account, p->arena, p->view);
}

/* What fails in one tenant is undone there, so that the next can be read. */
static enum st prove_tenant(struct proving *p, int64_t tenant)
{
	unsigned differences = 0;
	enum st st = store_part_begin(p->store);
	if (!st)
		st = store_part_end(p->store, prove_account(p, tenant, &differences));
	p->result->differences += differences;
	if (st == ST_NOT_FOUND)
		return st;
	p->result->tenants++;
	if (st)
		tell(p, "tenant %lld cannot be read to its end (%s); the log says why", (long long)tenant, st_name(st));
	arena_reset(p->arena);
	return st == ST_MEMORY ? st : ST_OK;
}

static enum st next_tenant(struct store *s, int64_t *tenant)
{
	struct rows r = { 0 };
	enum st st = ROWS(s, &r, SQL_PROOF_NEXT_TENANT, INT(*tenant));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*tenant = rows_int(&r, 0);
	rows_end(&r);
	return st;
}

static enum st prove_all(struct proving *p)
{
	int64_t tenant = INT64_MIN;
	enum st st = prove_nobodys(p);
	arena_reset(p->arena);
	while (!st && !(st = next_tenant(p->store, &tenant)))
		st = prove_tenant(p, tenant);
	if (st && st != ST_DONE && st != ST_MEMORY) {
		tell(p, "the tenants behind %lld cannot be read (%s); the log says why", (long long)tenant, st_name(st));
		st = ST_OK;
	}
	return st == ST_DONE ? ST_OK : st;
}

enum st proof_of_store(struct proof_result *result, struct store *store, int64_t tenant, const struct proof_view *view)
{
	struct proving p = { .store = store, .view = view, .result = result };
	*result = (struct proof_result){ 0 };
	enum st st = arena_open(&p.arena, TENANT_ROOM);
	if (!st)
		st = store_read_begin(store);
	if (!st)
		st = tenant ? prove_tenant(&p, tenant) : prove_all(&p);
	store_read_end(store);
	arena_close(p.arena);
	return st;
}
