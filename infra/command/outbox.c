/* pennymeter outbox list|show: what is to be sent, and what it says. */
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "command.h"
#include "present/message.h"

enum { LISTED = 100, LISTED_MOST = 1000 };

struct listing {
	struct run *run;
	const struct catalog *catalog;
	struct arena *arena; /* of one row */
	enum st st;
};

/* Metrics are called by their labels, where those can be read. */
static const struct catalog *find_catalog(struct run *r)
{
	const struct catalog *catalog = NULL;
	struct account account;
	enum st st = account_by_tenant(&account, r->store, 1, r->arena);
	return st || catalog_load(&catalog, r->store, account.catalog) ? NULL : catalog;
}

static void list_row(void *context, const struct outbox_row *row)
{
	struct listing *l = context;
	struct message m;
	char when[INSTANT_ROOM];
	l->st = l->st ? l->st : message_of(&m, row, l->catalog, l->arena);
	if (l->st)
		return;
	message_write(&l->run->w, row, &m, false);
	say(l->run, "%6lld  tenant %-6lld %-20.19s %-8s %s\n", (long long)row->id, (long long)row->tenant_id,
	    instant_print(when, row->created_at), row->done ? "sent" : "waiting", m.subject ? m.subject : row->kind);
	arena_reset(l->arena);
}

enum st command_outbox_list(struct run *r)
{
	struct listing l = { .run = r };
	int64_t tenant, limit;
	enum st st = run_number(&tenant, r, "tenant");
	if (!st)
		st = run_number_to(&limit, r, "limit", LISTED_MOST);
	if (!st)
		st = run_store(r, STORE_READ);
	if (!st)
		st = arena_open(&l.arena, 1 << 20);
	if (st)
		return st;
	l.catalog = find_catalog(r);
	jw_object(&r->w, NULL);
	jw_array(&r->w, "outbox");
	st = outbox_list(r->store, tenant, limit ? (unsigned)limit : LISTED, list_row, &l);
	if (!st && !r->w.some[r->w.depth])
		say(r, "There are no messages.\n");
	jw_end(&r->w);
	jw_end(&r->w);
	arena_close(l.arena);
	return st ? st : l.st;
}

static enum st read_id(int64_t *id, struct run *r)
{
	char *end;
	const char *text = r->word[0];
	*id = strtoll(text, &end, 10);
	return *text >= '1' && *text <= '9' && !*end && strlen(text) <= 18
	           ? ST_OK
	           : misuse(r, "ID", "must be a number as `pennymeter outbox list` has it, not \"%s\"", text);
}

static enum st tell_unfound(struct run *r, enum st st, int64_t id)
{
	if (st == ST_NOT_FOUND)
		fault_add(&r->faults, "ID", "there is no message %lld; `pennymeter outbox list` has them", (long long)id);
	if (st == ST_CONFLICT)
		fault_add(&r->faults, "ID", "several tenants have a message %lld: say whose by --tenant", (long long)id);
	return st;
}

enum st command_outbox_show(struct run *r)
{
	struct outbox_row row;
	struct message m;
	int64_t tenant, id;
	enum st st = run_number(&tenant, r, "tenant");
	if (!st)
		st = read_id(&id, r);
	if (!st)
		st = run_store(r, STORE_READ);
	if (!st)
		st = tell_unfound(r, outbox_find(&row, r->store, tenant, id, r->arena), id);
	if (!st)
		st = message_of(&m, &row, find_catalog(r), r->arena);
	if (st)
		return st;
	message_write(&r->w, &row, &m, true);
	say(r, "To:      %s\nSubject: %s\n\n%s\n", m.to ? m.to : "-", m.subject ? m.subject : row.kind,
	    m.text ? m.text : row.payload);
	return ST_OK;
}
