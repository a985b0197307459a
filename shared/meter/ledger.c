/* Ledgers. */
#include "meter/ledger.h"

#include <string.h>

#include "meter/record.sql.h"

void ledger_begin(struct ledger *t, struct store *store)
{
	t->store = store;
	t->count = 0;
}

/* ---- the table ---- */

static bool same_key(const struct ledger_key *a, const struct ledger_key *b)
{
	return a->kind == b->kind && a->tenant_id == b->tenant_id && a->start == b->start && a->other == b->other &&
	       !strcmp(a->metric, b->metric);
}

static struct ledger_row *find(struct ledger *t, const struct ledger_key *key)
{
	for (unsigned i = 0; i < t->count; i++)
		if (same_key(&t->rows[i].key, key))
			return &t->rows[i];
	return NULL;
}

/* A full table is written out and begun anew: what it held can be read again. */
static enum st make(struct ledger_row **row, struct ledger *t, const struct ledger_key *key)
{
	enum st st = t->count < LEDGER_ROWS ? ST_OK : ledger_write(t);
	*row = &t->rows[t->count];
	if (st)
		return st;
	**row = (struct ledger_row){ .key = *key };
	t->count++;
	return ST_OK;
}

/* ---- counting ---- */

static enum st read_balance(struct rollup *balance, struct store *store, const struct ledger_key *k)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_USAGE_BALANCE_FIND, INT(k->tenant_id), INT(k->start), TEXT(k->metric), INT(k->other));
	*balance = (struct rollup){ 0 };
	if (!st)
		st = rows_next(&r);
	if (!st)
		*balance = rollup_row(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st ledger_balance(struct rollup *balance, struct ledger *t, const struct ledger_key *key)
{
	struct ledger_row *row = find(t, key);
	enum st st = row ? ST_OK : make(&row, t, key);
	if (!st && !row->rollup.count && !row->changed)
		st = read_balance(&row->rollup, t->store, key);
	*balance = row->rollup;
	return st;
}

enum st ledger_set_balance(struct ledger *t, const struct ledger_key *key, const struct rollup *balance)
{
	struct ledger_row *row = find(t, key);
	enum st st = row ? ST_OK : make(&row, t, key);
	if (st)
		return st;
	row->rollup = *balance;
	row->changed = true;
	return ST_OK;
}

enum st ledger_add(struct ledger *t, const struct ledger_key *key, const struct rollup *more)
{
	struct ledger_row *row = find(t, key);
	enum st st = row ? ST_OK : make(&row, t, key);
	if (st)
		return st;
	row->changed = true;
	return rollup_merge(&row->rollup, more);
}

/* ---- writing ---- */

static enum st write_bucket(struct store *store, const union sql_12 *sql, const struct ledger_key *k, const struct rollup *r)
{
	return RUN(store, sql, INT(k->tenant_id), INT(k->start), TEXT(k->metric), INT(k->other), INT(r->sum), INT(r->count),
	           INT(r->min), INT(r->max), INT(r->first_at), INT(r->last_at), INT(r->last_event), INT(r->last));
}

static enum st write_row(struct store *store, const struct ledger_key *k, const struct rollup *r)
{
	switch (k->kind) {
	case LEDGER_HOUR: return write_bucket(store, SQL_USAGE_HOUR_ADD, k, r);
	case LEDGER_DAY: return write_bucket(store, SQL_USAGE_DAY_ADD, k, r);
	default:
		return RUN(store, SQL_USAGE_BALANCE_PUT, INT(k->tenant_id), INT(k->start), TEXT(k->metric), INT(k->other), INT(r->sum),
		           INT(r->count), INT(r->min), INT(r->max), INT(r->first_at), INT(r->last_at), INT(r->last_event),
		           INT(r->last), INT(r->distinct));
	}
}

enum st ledger_write(struct ledger *t)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < t->count && !st; i++)
		if (t->rows[i].changed)
			st = write_row(t->store, &t->rows[i].key, &t->rows[i].rollup);
	t->count = 0;
	return st;
}
