/* Messages of the outbox, as rows. */
#include "account/outbox.h"

#include <string.h>

#include "account/number.h"
#include "account/outbox.sql.h"

enum st outbox_add(int64_t *id, struct store *store, int64_t tenant, const struct outbox_new *m)
{
	enum st st = number_next(id, store, tenant, "outbox");
	return st ? st : RUN(store, SQL_OUTBOX_INSERT, INT(tenant), INT(*id), TEXT(m->kind), TEXT(m->payload), INT(m->now),
	                      INT(m->due ? m->due : m->now));
}

/* Columns of outbox_find and its like. */
static struct outbox_row row_of(const struct rows *r)
{
	return (struct outbox_row){
		.tenant_id = rows_int(r, 0), .id = rows_int(r, 1), .kind = rows_text(r, 2), .payload = rows_text(r, 3),
		.created_at = rows_int(r, 4), .due_at = rows_int(r, 5), .attempts = rows_int(r, 6), .done_at = rows_int(r, 7),
		.done = !rows_null(r, 7),
	};
}

enum st outbox_list(struct store *store, int64_t tenant, unsigned limit,
                    void (*tell)(void *context, const struct outbox_row *row), void *context)
{
	struct rows r = { 0 };
	enum st st = tenant ? ROWS(store, &r, SQL_OUTBOX_OF, INT(tenant), INT(limit))
	                    : ROWS(store, &r, SQL_OUTBOX_LATEST, INT(limit));
	while (!st && !(st = rows_next(&r))) {
		const struct outbox_row row = row_of(&r);
		tell(context, &row);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* Whose is it, where that was not said? */
static enum st find_tenant(int64_t *tenant, struct store *store, int64_t id)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_OUTBOX_TENANTS, INT(id));
	if (!st)
		st = rows_next(&r);
	*tenant = st ? 0 : rows_int(&r, 0);
	const enum st more = st ? st : rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_NOT_FOUND : st ? st : more == ST_DONE ? ST_OK : more ? more : ST_CONFLICT;
}

enum st outbox_find(struct outbox_row *row, struct store *store, int64_t tenant, int64_t id, struct arena *arena)
{
	struct rows r = { 0 };
	enum st st = tenant ? ST_OK : find_tenant(&tenant, store, id);
	if (!st)
		st = ROWS(store, &r, SQL_OUTBOX_FIND, INT(tenant), INT(id));
	if (!st)
		st = rows_next(&r);
	if (!st) {
		*row = row_of(&r);
		row->kind = arena_copy(arena, row->kind, strlen(row->kind));
		row->payload = arena_copy(arena, row->payload, strlen(row->payload));
		st = row->kind && row->payload ? ST_OK : ST_MEMORY;
	}
	rows_end(&r);
	return st == ST_DONE ? ST_NOT_FOUND : st;
}
