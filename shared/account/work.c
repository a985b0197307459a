/* The door for changes. */
#include "account/work.h"

#include <stdlib.h>
#include <string.h>

#include "account/audit.h"
#include "account/token.h"
#include "account/work.sql.h"
#include "base/json.h"

struct doing {
	struct work *work;
	const char *action;
	enum st (*apply)(struct work *work, void *context);
	void *context;
	const char *print; /* of its call, where it has a key */
	unsigned faults; /* that were there before */
};

/* ---- keys ---- */

/* Which call it was: its address, query and body, byte for byte. Returns: ""  it has no key; NULL: no memory */
static const char *fingerprint(const struct work *w)
{
	if (!w->key)
		return "";
	const size_t head = strlen(w->call) + 1;
	char *text = arena_take_raw(w->arena, head + w->size), *print = arena_take_raw(w->arena, TOKEN_HASH_ROOM);
	if (!text || !print)
		return NULL;
	memcpy(text, w->call, head);
	memcpy(text + head, w->body, w->size);
	sha256_hex(print, text, head + w->size);
	return print;
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

static enum st take_key(struct work *w, const char *print)
{
	if (!w->key)
		return ST_OK;
	enum st st = PUT(w->store, SQL_WORK_KEY_TAKE, INT(w->account->tenant_id), TEXT(w->key), INT(w->now), TEXT(print));
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
	enum st st = OFFERS(w->store, SQL_WORK_PLAN_ANEW) ? RUN(w->store, SQL_WORK_PLAN_ANEW) : ST_OK;
	if (!st)
		st = numbers_take(&many->objects, w->store, tenant, kind, count);
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

/* ---- its own work, met again ---- */

/* "customer:7" */
static enum st read_object(struct work *w, const char *body)
{
	const struct json *json;
	enum st st = json_parse(&json, w->faults, w->arena, body, strlen(body));
	const char *object = st ? NULL : json_text(json_get(json, "object")), *colon = object ? strchr(object, ':') : NULL;
	w->id = colon ? strtoll(colon + 1, NULL, 10) : 0;
	return st;
}

/* Returns: ST_OK: it was carried out, by one who could not say so; ST_DONE: it was not. */
static enum st find_own(struct work *w)
{
	struct rows r = { 0 };
	const char *request = arena_format(w->arena, "\"request_id\":\"%s\"", w->request);
	if (!store_again(w->store))
		return ST_DONE;
	if (!request)
		return ST_MEMORY;
	enum st st = ROWS(w->store, &r, SQL_WORK_OWN, INT(w->account->tenant_id), INT(w->now - MINUTE), TEXT(request));
	if (!st)
		st = rows_next(&r);
	if (!st)
		st = read_object(w, rows_text(&r, 0));
	rows_end(&r);
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

static enum st carry_out(struct doing *d)
{
	begin(d);
	enum st st = account_hold(d->work->store, d->work->account->tenant_id);
	if (!st)
		st = find_own(d->work);
	if (st != ST_DONE)
		return st;
	st = take_key(d->work, d->print);
	if (st || d->work->repeated)
		return st;
	st = d->apply(d->work, d->context);
	if (!st)
		st = keep_key(d->work);
	return st ? st : audit_add(d->work, d->action);
}

/* ---- alone ---- */

static enum st apply_alone(struct store *store, const void *request, size_t size, void *answer)
{
	struct doing *d = *(struct doing *const *)request;
	(void)store, (void)size, (void)answer;
	return carry_out(d);
}

enum st work_do(struct work *w, const char *action, enum st (*how)(struct work *, void *), void *context)
{
	static const struct write_op op = { .name = "work", .apply = apply_alone };
	struct doing doing = { w, action, how, context, fingerprint(w), w->faults->count }, *pointer = &doing;
	random_hex(w->request, REQUEST_BYTES);
	return doing.print ? store_write(w->store, &op, &pointer, sizeof pointer, NULL, 0) : ST_MEMORY;
}

/* ---- together ---- */

enum { PACKED_CAP = 1 << 20, WORK_CAP = 16 << 20 };

/* Of the process that carries it out. */
struct together {
	const char *action;
	enum st (*apply)(struct work *work, struct flat_reader *packed, const void *context);
	const void *context;
	const struct conf *conf;
	struct arena *arena; /* of one of the works that it carries out, in turn */
};

/* One work, as it was packed. */
struct unpacked {
	const struct together *by;
	struct flat_reader reader;
	struct account account;
	struct faults faults;
	struct work work;
};

struct told {
	int64_t id;
	bool repeated;
};

static void pack(struct text *flat, const struct work *w, const char *print)
{
	flat_add_int(flat, w->account->tenant_id);
	flat_add_int(flat, w->account->user_id);
	flat_add_int(flat, w->account->token_id);
	flat_add_int(flat, w->now);
	flat_add_text(flat, w->request);
	flat_add_text(flat, w->key);
	flat_add_text(flat, print);
	flat_add_text(flat, w->address);
	flat_add_text(flat, w->user_agent);
}

/* Returns: the fingerprint; NULL: it is no work. */
static const char *unpack(struct unpacked *u, const struct together *by, const void *request, size_t size)
{
	struct flat_reader *r = &u->reader;
	*u = (struct unpacked){ .by = by, .reader = { request, (const char *)request + size }, .faults.arena = by->arena };
	u->account.tenant_id = flat_int(r);
	u->account.user_id = flat_int(r);
	u->account.token_id = flat_int(r);
	u->work = (struct work){ .account = &u->account, .conf = by->conf, .arena = by->arena, .faults = &u->faults };
	u->work.now = flat_int(r);
	const char *number = flat_text(r);
	u->work.key = flat_text(r);
	const char *print = flat_text(r);
	u->work.address = flat_text(r);
	u->work.user_agent = flat_text(r);
	if (r->failed || !number || !print || strlen(number) >= REQUEST_ROOM)
		return NULL;
	memcpy(u->work.request, number, strlen(number) + 1);
	return print;
}

static enum st apply_unpacked(struct work *work, void *context)
{
	struct unpacked *u = context;
	enum st st = u->by->apply(work, &u->reader, u->by->context);
	return u->reader.failed ? ST_STORE : st;
}

static enum st apply_together(struct store *store, const void *request, size_t size, void *answer)
{
	const struct together *by = store_context(store);
	struct unpacked u;
	arena_reset(by->arena);
	const char *print = unpack(&u, by, request, size);
	struct doing doing = { &u.work, by->action, apply_unpacked, &u, print, 0 };
	u.work.store = store;
	enum st st = print ? carry_out(&doing) : ST_STORE;
	const struct told told = { u.work.id, u.work.repeated };
	memcpy(answer, &told, sizeof told);
	return st;
}

static bool is_answered(const void *request, size_t size, size_t answer_size)
{
	(void)request, (void)size;
	return answer_size == sizeof(struct told);
}

enum st work_do_together(struct work *w, const char *action, const struct text *packed,
                         enum st (*how)(struct work *, struct flat_reader *, const void *), const void *context)
{
	struct together by = { action, how, context, w->conf, NULL };
	const struct write_op op = { .name = action, .flat = true, .context = &by, .sound = is_answered,
		.apply = apply_together };
	const char *print = fingerprint(w);
	struct text flat = text_new(w->arena, PACKED_CAP);
	struct told told = { 0 };
	random_hex(w->request, REQUEST_BYTES);
	if (!print)
		return ST_MEMORY;
	pack(&flat, w, print);
	text_add(&flat, packed->bytes, packed->size);
	if (flat.failed || packed->failed || arena_open(&by.arena, WORK_CAP))
		return ST_MEMORY;
	enum st st = store_write(w->store, &op, flat.bytes, flat.size, &told, sizeof told);
	arena_close(by.arena);
	w->id = told.id;
	w->repeated = told.repeated;
	return st;
}
