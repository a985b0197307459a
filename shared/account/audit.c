/* The audit's rows. */
#include "account/audit.h"

#include <stdio.h>
#include <string.h>

#include "account/audit.sql.h"
#include "account/job.h"
#include "account/number.h"
#include "base/json.h"
#include "base/utf8.h"

enum { SALT_BYTES = 16, SALT_ROOM = 2 * SALT_BYTES + 1 };
enum { AGENT_CAP = 300, DETAIL_CAP = 1 << 20, BODY_CAP = 4096 };

static const char first_hash[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* ---- hashes ---- */

/* SHA-256 of a salt or a hash, a line feed and a text. Out: hash  TOKEN_HASH_ROOM bytes */
static void hash_pair(char *hash, const char *first, const char *second)
{
	char line[TOKEN_HASH_ROOM + 1];
	const int size = snprintf(line, sizeof line, "%s\n", first);
	sha256_hex_of_two(hash, line, (size_t)size, second, strlen(second));
}

/* ---- adding ---- */

static void write_json(struct jwriter *w, const char *name, const char *json)
{
	if (json)
		jw_raw(w, name, json);
	else
		jw_null(w, name);
}

/* Members in the order of RFC 8785. */
static const char *detail_of(const struct work *work)
{
	struct text t = text_new(work->arena, DETAIL_CAP);
	struct jwriter w = jw_new(&t);
	const char *given = work->user_agent;
	char *agent = given ? arena_copy(work->arena, given, strnlen(given, AGENT_CAP)) : NULL;
	if (agent)
		utf8_repair(agent);
	jw_object(&w, NULL);
	write_json(&w, "after", work->after);
	write_json(&w, "before", work->before);
	jw_string(&w, "ip", work->address);
	jw_string(&w, "user_agent", agent);
	jw_end(&w);
	return t.failed ? NULL : t.bytes;
}

static const char *body_of(const struct work *work, const char *action, int64_t seq, const char *detail_hash)
{
	struct text t = text_new(work->arena, BODY_CAP);
	struct jwriter w = jw_new(&t);
	char at[INSTANT_ROOM];
	jw_object(&w, NULL);
	jw_string(&w, "action", action);
	jw_string(&w, "actor", arena_format(work->arena, "token:%lld", (long long)work->account->token_id));
	jw_string(&w, "at", instant_print(at, work->now));
	jw_string(&w, "detail_sha256", detail_hash);
	jw_null(&w, "impersonator");
	jw_string(&w, "object", work->id ? arena_format(work->arena, "%s:%lld", work->kind, (long long)work->id) : NULL);
	jw_string(&w, "request_id", work->request);
	jw_int(&w, "seq", seq);
	jw_int(&w, "tenant_id", work->account->tenant_id);
	jw_end(&w);
	return t.failed ? NULL : t.bytes;
}

/* Of the row before. Where that is gone, the chain is broken, which a proof will tell. */
static enum st hash_before(char *hash, struct store *store, int64_t tenant, int64_t seq)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_AUDIT_HASH, INT(tenant), INT(seq - 1));
	if (!st)
		st = rows_next(&r);
	snprintf(hash, TOKEN_HASH_ROOM, "%s", st ? first_hash : rows_text(&r, 0));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* Which number and which hash a new row follows from. Out: seq  its own */
static enum st find_place(int64_t *seq, char *previous, struct work *work)
{
	struct many *many = work->many;
	enum st st = ST_OK;
	if (many)
		*seq = many->audit.next++;
	else
		st = number_next(seq, work->store, work->account->tenant_id, "audit");
	if (st || !many || !*many->hash)
		return st ? st : hash_before(previous, work->store, work->account->tenant_id, *seq);
	memcpy(previous, many->hash, TOKEN_HASH_ROOM);
	return ST_OK;
}

enum st audit_add(struct work *work, const char *action)
{
	const int64_t tenant = work->account->tenant_id;
	char previous[TOKEN_HASH_ROOM], hash[TOKEN_HASH_ROOM], detail_hash[TOKEN_HASH_ROOM], salt[SALT_ROOM];
	const char *detail = detail_of(work);
	int64_t seq;
	random_hex(salt, SALT_BYTES);
	if (!detail)
		return ST_MEMORY;
	hash_pair(detail_hash, salt, detail);
	enum st st = find_place(&seq, previous, work);
	const char *body = st ? NULL : body_of(work, action, seq, detail_hash);
	if (!body)
		return st ? st : ST_MEMORY;
	hash_pair(hash, previous, body);
	st = RUN(work->store, SQL_AUDIT_INSERT, INT(tenant), INT(seq), INT(work->now), TEXT(body), TEXT(hash),
	         TEXT(salt), TEXT(detail));
	if (!st && work->many)
		memcpy(work->many->hash, hash, TOKEN_HASH_ROOM);
	return st || seq > 1 ? st : job_schedule(work->store, tenant, "purge", work->now + AUDIT_DETAIL_DAYS * DAY);
}

/* ---- erasing ---- */

enum st audit_erase(unsigned *count, int64_t *position, struct store *store, int64_t tenant, instant before,
                    unsigned limit)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_AUDIT_OLD, INT(tenant), INT(*position), INT(*position + limit), INT(before));
	if (!st)
		st = rows_next(&r);
	*count = st ? 0 : (unsigned)rows_int(&r, 0);
	const int64_t last = *count ? rows_int(&r, 1) : *position;
	rows_end(&r);
	if (*count)
		st = RUN(store, SQL_AUDIT_ERASE, INT(tenant), INT(*position), INT(last));
	if (!st)
		*position = last;
	return st;
}

enum st audit_oldest(instant *at, struct store *store, int64_t tenant, int64_t position)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_AUDIT_OLDEST, INT(tenant), INT(position));
	if (!st)
		st = rows_next(&r);
	*at = st ? 0 : rows_int(&r, 0);
	rows_end(&r);
	return st;
}

/* ---- listing ---- */

static const char *copy(const struct rows *r, unsigned column, struct arena *arena)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

enum st audit_list(struct audit_row *rows, unsigned *count, struct store *store, int64_t tenant,
                   const struct audit_query *q, struct arena *arena)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_AUDIT_PAGE, INT(tenant), INT(q->before), INT(q->from), INT(q->to), TEXT(q->action),
	                  TEXT(q->actor), INT(q->limit));
	*count = 0;
	while (!st && *count < q->limit && !(st = rows_next(&r)))
		rows[(*count)++] = (struct audit_row){
			rows_int(&r, 0), copy(&r, 1, arena), copy(&r, 2, arena), copy(&r, 3, arena), copy(&r, 4, arena),
		};
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- proving ---- */

struct proving {
	struct audit_proof *proof;
	struct arena *arena; /* of a row */
	int64_t tenant, seq; /* of a kept head */
	const char *hash;
};

static bool says(const struct json *body, const char *name, const char *value)
{
	return value && !strcmp(json_text(json_get(body, name)), value);
}

/* What stands beside the body is in it, too. */
static bool is_own(const struct proving *p, const struct json *body, const struct rows *r)
{
	char at[INSTANT_ROOM];
	return says(body, "seq", arena_format(p->arena, "%lld", (long long)rows_int(r, 0))) &&
	       says(body, "tenant_id", arena_format(p->arena, "%lld", (long long)p->tenant)) &&
	       instant_fits(rows_int(r, 5)) && says(body, "at", instant_print(at, rows_int(r, 5)));
}

/* Details that were erased prove nothing, and disprove nothing. */
static bool is_detail(const struct json *body, const char *salt, const char *detail)
{
	char hash[TOKEN_HASH_ROOM];
	if (!detail || !salt || strlen(salt) >= SALT_ROOM)
		return !detail;
	hash_pair(hash, salt, detail);
	return !strcmp(hash, json_text(json_get(body, "detail_sha256")));
}

/* Returns: what is wrong with a row, NULL if nothing is. */
static const char *judge(const struct proving *p, const struct rows *r)
{
	char hash[TOKEN_HASH_ROOM];
	struct faults faults = { .arena = p->arena };
	const char *text = rows_text(r, 1);
	const struct json *body;
	if (rows_int(r, 0) != p->proof->head + 1)
		return "is missing";
	hash_pair(hash, p->proof->head ? p->proof->hash : first_hash, text);
	if (strcmp(hash, rows_text(r, 2)))
		return "does not follow from the one before";
	if (json_parse(&body, &faults, p->arena, text, strlen(text)) || !is_own(p, body, r))
		return "is another row's";
	if (!is_detail(body, rows_text(r, 3), rows_text(r, 4)))
		return "has a detail that is not its own";
	if (p->hash && p->seq == rows_int(r, 0) && strcmp(p->hash, rows_text(r, 2)))
		return "is not the one that was kept";
	return NULL;
}

static void blame(struct audit_proof *proof, int64_t seq, const char *cause)
{
	if (proof->first_bad)
		return;
	proof->first_bad = seq;
	proof->cause = cause;
}

static void prove_row(const struct proving *p, const struct rows *r)
{
	const char *cause = judge(p, r);
	if (cause)
		blame(p->proof, p->proof->head + 1, cause);
	p->proof->rows++;
	p->proof->redacted += rows_null(r, 4);
	p->proof->head = rows_int(r, 0);
	snprintf(p->proof->hash, TOKEN_HASH_ROOM, "%s", rows_text(r, 2));
}

/* How many rows were added: the last ones may have been taken away. */
static enum st prove_end(const struct proving *p, struct store *store)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_AUDIT_LAST, INT(p->tenant));
	if (!st)
		st = rows_next(&r);
	const int64_t last = st ? 0 : rows_int(&r, 0);
	rows_end(&r);
	if (p->proof->head < last || p->proof->head < p->seq)
		blame(p->proof, p->proof->head + 1, "is missing");
	return st == ST_DONE ? ST_OK : st;
}

enum st audit_prove(struct audit_proof *proof, struct store *store, int64_t tenant, int64_t seq, const char *hash)
{
	struct proving p = { proof, NULL, tenant, seq, hash };
	struct rows r = { 0 };
	*proof = (struct audit_proof){ 0 };
	enum st st = arena_open(&p.arena, 8 << 20);
	if (st)
		return st;
	st = ROWS(store, &r, SQL_AUDIT_ALL, INT(tenant));
	while (!st && !(st = rows_next(&r))) {
		prove_row(&p, &r);
		arena_reset(p.arena);
	}
	rows_end(&r);
	arena_close(p.arena);
	return st == ST_DONE ? prove_end(&p, store) : st;
}
