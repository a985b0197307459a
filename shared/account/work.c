/* The door for changes. */
#include "account/work.h"

#include <string.h>

#include "account/audit.h"
#include "account/token.h"
#include "account/work.sql.h"

struct doing {
	struct work *work;
	const char *action;
	enum st (*apply)(struct work *work, void *context);
	void *context;
	unsigned faults; /* that were there before */
};

/* ---- keys ---- */

/* Which call it was: its address, query and body, byte for byte. Out: print  TOKEN_HASH_ROOM bytes */
static enum st fingerprint(char *print, const struct work *w)
{
	const size_t head = strlen(w->call) + 1;
	char *text = arena_take_raw(w->arena, head + w->size);
	if (!text)
		return ST_MEMORY;
	memcpy(text, w->call, head);
	memcpy(text + head, w->body, w->size);
	sha256_hex(print, text, head + w->size);
	return ST_OK;
}

static const char *copy(const struct work *w, const struct rows *r, unsigned column)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(w->arena, text, strlen(text)) : NULL;
}

/* The key is taken: by this very call? */
static enum st recall(struct work *w, const char *print)
{
	struct rows r = { 0 };
	enum st st = ROWS(w->store, &r, SQL_WORK_KEY_FIND, INT(w->account->tenant_id), TEXT(w->key));
	if (!st)
		st = rows_next(&r);
	if (!st && (rows_null(&r, 1) || strcmp(rows_text(&r, 0), print)))
		st = ST_KEY_REUSED;
	if (!st) {
		w->kind = copy(w, &r, 1);
		w->id = rows_int(&r, 2);
		w->answer = copy(w, &r, 3);
		w->repeated = true;
	}
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

static enum st take_key(struct work *w)
{
	char print[TOKEN_HASH_ROOM];
	if (!w->key)
		return ST_OK;
	enum st st = fingerprint(print, w);
	if (!st)
		st = PUT(w->store, SQL_WORK_KEY_TAKE, INT(w->account->tenant_id), TEXT(w->key), INT(w->now), TEXT(print));
	return st == ST_DONE ? recall(w, print) : st;
}

static enum st keep_key(const struct work *w)
{
	const int64_t tenant = w->account->tenant_id;
	if (!w->key)
		return ST_OK;
	enum st st = RUN(w->store, SQL_WORK_KEY_KEEP, INT(tenant), TEXT(w->key), TEXT(w->kind), INT(w->id));
	return st || !w->answer ? st : RUN(w->store, SQL_WORK_ANSWER_KEEP, INT(tenant), TEXT(w->key), TEXT(w->answer));
}

/* ---- many objects ---- */

/* Of the audit a row each. */
enum st many_begin(struct many *many, struct work *w, const char *kind, int64_t count)
{
	const int64_t tenant = w->account->tenant_id;
	*many = (struct many){ 0 };
	w->many = many;
	enum st st = numbers_take(&many->objects, w->store, tenant, kind, count);
	return st ? st : numbers_take(&many->audit, w->store, tenant, "audit", count);
}

enum st many_end(struct work *w)
{
	const int64_t tenant = w->account->tenant_id;
	enum st st = numbers_return(&w->many->objects, w->store, tenant);
	if (!st)
		st = numbers_return(&w->many->audit, w->store, tenant);
	w->many = NULL;
	return st;
}

/* ---- the transaction ---- */

/* As it was before a try that failed. */
static void begin(struct doing *d)
{
	struct work *w = d->work;
	w->kind = w->before = w->after = w->answer = NULL;
	w->many = NULL;
	w->id = 0;
	w->repeated = false;
	w->faults->count = d->faults;
}

static enum st apply(struct store *store, const void *request, size_t size, void *answer)
{
	struct doing *d = *(struct doing *const *)request;
	(void)size, (void)answer;
	begin(d);
	enum st st = account_hold(store, d->work->account->tenant_id);
	if (!st)
		st = take_key(d->work);
	if (st || d->work->repeated)
		return st;
	st = d->apply(d->work, d->context);
	if (!st)
		st = keep_key(d->work);
	return st ? st : audit_add(d->work, d->action);
}

enum st work_do(struct work *w, const char *action, enum st (*how)(struct work *, void *), void *context)
{
	static const struct write_op op = { .name = "work", .apply = apply };
	struct doing doing = { w, action, how, context, w->faults->count }, *pointer = &doing;
	return store_write(w->store, &op, &pointer, sizeof pointer, NULL, 0);
}
