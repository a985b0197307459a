/* Serving one request: route, authenticate, check scope, validate, call, reply. */
#include "wire/serve.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shape/conf_check.h"
#include "base/log.h"
#include "meter/calls.h"
#include "wire/body.h"
#include "wire/etag.h"
#include "wire/params.h"
#include "wire/problem.h"
#include "wire/rate_limit.h"
#include "wire/route.h"
#include "wire/tick.h"

enum {
	ARENA_CAP = 64 << 20,
	REPLY_CAP = 16 << 20,
	REPLY_ARENA_CAP = 2 * REPLY_CAP + (2 << 20), /* a body that grows leaves half as much behind, and that a quarter … */
	PIECE_CAP = 1 << 20
};

struct server {
	const struct fn_entry *table;
	struct arena *arena;      /* of a request */
	struct arena *reply_arena; /* of its answer: what a request has used up cannot take the room to say so */
	struct arena *conf_arena; /* of the process */
	struct conf conf;
	struct store *store; /* NULL until it could be opened */
	bool writes;         /* some verb of the table is not a GET */
	struct rate_limit *limits;
	struct calls *calls; /* where those that are metered are counted */
};

/* One request on its way. */
struct exchange {
	struct server *server;
	const struct incoming *in;
	const char *site;    /* what stands before /api */
	const struct fn *fn;
	const struct verb *verb;
	struct account account;
	struct faults faults;
	instant began;       /* by the machine's clock: the request's `now` is its tenant's */
	struct request rq;
	struct reply rp;
	bool head;           /* a HEAD request: GET without its body */
	bool kept;           /* the account is what the process kept of it: it is still to be proved */
	bool handled;        /* the handler was called */
	bool let_in;         /* by its token, its scope and its rate */
	struct text headers; /* beside those that every answer has */
};

/* ---- the process ---- */

enum st server_open(struct server **out, const struct fn_entry *table)
{
	struct server *s = calloc(1, sizeof *s);
	if (!s)
		return ST_MEMORY;
	s->table = table;
	s->writes = routes_write(table);
	enum st st = arena_open(&s->arena, ARENA_CAP);
	if (!st)
		st = arena_open(&s->reply_arena, REPLY_ARENA_CAP);
	if (!st)
		st = arena_open(&s->conf_arena, 1 << 20);
	struct faults faults = { .arena = s->conf_arena };
	if (!st)
		st = conf_load(&s->conf, &faults, s->conf_arena);
	if (!st)
		(void)!conf_check(&s->conf, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		log_error("%s: %s", faults.item[i].pointer, faults.item[i].detail);
	if (st) {
		server_close(s);
		return st;
	}
	s->limits = rate_limit_open(&s->conf);
	s->calls = calls_open(&s->conf);
	*out = s;
	return ST_OK;
}

void server_close(struct server *s)
{
	if (!s)
		return;
	store_close(s->store);
	rate_limit_close(s->limits);
	calls_close(s->calls);
	arena_close(s->arena);
	arena_close(s->reply_arena);
	arena_close(s->conf_arena);
	free(s);
}

/* Where the file that the configuration named has been moved to a server since, it is read again. */
static enum st open_store(struct server *s, struct faults *why)
{
	const enum store_mode mode = s->writes ? STORE_WRITE : STORE_READ;
	struct conf now = s->conf;
	enum st st = store_was_put_aside(&s->conf) ? conf_load(&now, why, s->arena) : ST_OK;
	return st ? st : store_open(&s->store, &now, mode, why);
}

/* The store is opened by the first request that wants it, and again after a failure or a
 * restore, so that a process started too early heals by itself. */
static enum st fetch_store(struct exchange *x, bool anew)
{
	struct server *s = x->server;
	struct faults why = { .arena = s->arena };
	enum st st = !s->store ? open_store(s, &why)
	             : anew    ? store_reopen(s->store, &why)
	                       : store_refresh(s->store, x->began, &why);
	for (unsigned i = 0; i < why.count; i++)
		log_error("%s: %s", why.item[i].pointer, why.item[i].detail);
	x->rq.store = st ? NULL : s->store;
	return st && st != ST_BUSY ? ST_STORE : st;
}

static enum st want_store(struct exchange *x)
{
	return fetch_store(x, false);
}

/* ---- the steps of a request ---- */

/* Some hosts let GET and POST through alone. */
static const char *method_meant(const struct incoming *in)
{
	const char *method = in->method ? in->method : "", *other = in->method_override;
	const enum method m = other && !strcmp(method, "POST") ? method_of(other) : M__MAX;
	return m == M_PUT || m == M_PATCH || m == M_DELETE ? other : method;
}

static enum st find_verb(struct exchange *x)
{
	const char *method = method_meant(x->in);
	struct route route;
	enum st st = route_find(&route, &x->faults, x->server->table, x->in->uri ? x->in->uri : "",
	                        x->server->conf.text[CONF_BASE_PATH], x->in->script, x->server->arena);
	if (st)
		return st;
	x->fn = route.fn;
	x->rq.id = route.id;
	x->rq.path = route.path;
	x->site = route.site;
	x->head = !strcmp(method, "HEAD");
	enum method m = x->head ? M_GET : method_of(method);
	if (m < M__MAX && x->fn->on[m].handle) {
		x->verb = &x->fn->on[m];
		return ST_OK;
	}
	const char *comma = "Allow: ";
	for (unsigned k = 0; k < M__MAX; k++)
		if (x->fn->on[k].handle) {
			text_addf(&x->headers, "%s%s", comma, method_name((enum method)k));
			comma = ", ";
		}
	text_adds(&x->headers, "\r\n");
	return ST_BAD_METHOD;
}

static const char *presented_token(const struct incoming *in)
{
	const char *a = in->authorization;
	if (a && !strncasecmp(a, "Bearer ", 7))
		return a + 7 + strspn(a + 7, " ");
	return in->api_key;
}

static enum st find_account(struct exchange *x, const char *token)
{
	enum st st = store_read_begin(x->rq.store);
	if (!st)
		st = account_by_token(&x->account, x->rq.store, token, x->server->arena);
	if (st == ST_UNAUTHENTICATED)
		text_adds(&x->headers, "WWW-Authenticate: Bearer realm=\"Pennymeter\"\r\n");
	return st;
}

/* Who calls is known: what time it is for him, and may he? */
static enum st take_account(struct exchange *x)
{
	x->rq.account = &x->account;
	x->rq.now = account_now(&x->account, x->began);
	if (scopes_have(x->account.scopes, x->verb->scope))
		return ST_OK;
	jw_string(&x->rp.more, "scope", scope_name(x->verb->scope));
	return ST_FORBIDDEN;
}

static enum st authenticate(struct exchange *x)
{
	if (x->verb->scope == SCOPE_PUBLIC)
		return ST_OK;
	const char *token = presented_token(x->in);
	enum st st = token ? want_store(x) : ST_UNAUTHENTICATED;
	if (!token)
		text_adds(&x->headers, "WWW-Authenticate: Bearer realm=\"Pennymeter\"\r\n");
	x->kept = !st && x->verb->proves_account && account_kept(&x->account, x->rq.store, token) &&
	          scopes_have(x->account.scopes, x->verb->scope);
	if (!st && !x->kept)
		st = find_account(x, token);
	if (st)
		return st;
	st = take_account(x);
	if (!st)
		st = rate_limit_check(x->server->limits, &x->account, x->began, &x->headers);
	x->let_in = !st;
	return st;
}

static enum st validate(struct exchange *x)
{
	const struct body_reading reading = { &x->rq, x->in, x->verb, &x->rp.more, &x->headers };
	enum st st = params_query(&x->rq, x->verb->query, x->verb->lists ? list_query : NULL, x->in->query);
	return st ? st : body_read(&reading);
}

static enum st handle(struct exchange *x)
{
	x->handled = true;
	enum st st = x->verb->handle(&x->rq, &x->rp);
	if (!st && x->rp.body.failed) {
		log_error("an answer passed %d bytes", REPLY_CAP);
		st = ST_TOO_LARGE;
	}
	return st;
}

/* Who changes what he has read says which version that was. */
static enum st check_match(const struct exchange *x)
{
	return x->verb->matches && !x->rq.if_match ? ST_NO_PRECONDITION : ST_OK;
}

/* Which of the two was meant cannot be told. */
static enum st check_headers(struct exchange *x)
{
	return x->in->repeated ? fault_add(&x->faults, x->in->repeated, "came twice; send it once") : ST_OK;
}

static enum st run(struct exchange *x)
{
	enum st st = find_verb(x);
	if (!st)
		st = check_headers(x);
	if (!st)
		st = authenticate(x);
	if (!st)
		st = validate(x);
	if (!st)
		st = check_match(x);
	if (!st && !x->rq.store)
		want_store(x); /* a public verb decides itself what an absent store means */
	return st ? st : handle(x);
}

static void forget_reply(struct exchange *x)
{
	x->faults.count = 0;
	text_clear(&x->rp.body);
	text_clear(&x->rp.problem);
	x->rp = (struct reply){ .body = x->rp.body, .problem = x->rp.problem, .content_type = "application/json" };
	x->rp.json = jw_new(&x->rp.body);
	x->rp.more = jw_new(&x->rp.problem);
}

/* With the account as it stands now. What was found of the request itself holds. */
static enum st run_anew(struct exchange *x, enum st found)
{
	x->kept = false;
	store_read_end(x->rq.store);
	enum st st = find_account(x, presented_token(x->in));
	if (!st)
		st = take_account(x);
	if (!st && !x->handled)
		return found;
	forget_reply(x);
	return st ? st : handle(x);
}

/* Does the account that was acted on still stand? A write's transaction tells, or else a look. */
static bool is_proved(struct exchange *x, enum st st, uint64_t writes_before)
{
	if (st == ST_OUTDATED)
		return false; /* also where an act counts itself, and could not */
	if (!x->verb || !x->verb->proves_account)
		return true;
	return !x->kept || store_writes(x->rq.store) != writes_before || !account_proved(&x->account, x->rq.store);
}

/* Was what it read the store, all the time? A write's transaction sees to that itself. */
static bool is_sound(const struct exchange *x, uint64_t writes_before)
{
	return !x->rq.store || store_writes(x->rq.store) != writes_before || store_sound(x->rq.store);
}

/* On the store as it is now. A body that was read cannot be read again, nor has it to. */
static enum st run_on_reopened(struct exchange *x, enum st found)
{
	enum st st = fetch_store(x, true);
	if (st)
		return st;
	if (x->verb->scope != SCOPE_PUBLIC && (x->handled || x->rq.raw))
		return run_anew(x, found);
	forget_reply(x);
	if (x->handled)
		return handle(x);
	text_clear(&x->headers);
	return run(x);
}

static enum st run_proved(struct exchange *x)
{
	const uint64_t writes = x->server->store ? store_writes(x->server->store) : 0;
	enum st st = run(x);
	for (unsigned tries = 1;; tries++) {
		const bool sound = is_sound(x, writes);
		if (sound && is_proved(x, st, writes))
			return st;
		if (tries == 4)
			return ST_BUSY;
		st = sound ? run_anew(x, st) : run_on_reopened(x, st);
	}
}

/* ---- the answer ---- */

static void send(struct exchange *x, const char *bytes, size_t size)
{
	if (size)
		x->in->write(x->in->stream, bytes, size);
}

/* "Name: value", where there is a value. */
static void add_header(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	text_adds(t, name);
	text_adds(t, value);
	text_add(t, "\r\n", 2);
}

/* RFC 6266: bare where HTTP takes it so, else quoted. What no header may hold is no part of a name. */
static void add_file_name(struct text *t, const struct reply *rp)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+!#$&^`|~";
	const char *name = rp->file_name;
	if (!name)
		return;
	const bool bare = *name && !name[strspn(name, token)];
	text_adds(t, rp->file_shown ? "Content-Disposition: inline; filename=" : "Content-Disposition: attachment; filename=");
	text_adds(t, bare ? name : "\"");
	for (; *name && !bare; name++) {
		if (*name == '"' || *name == '\\')
			text_addc(t, '\\');
		text_addc(t, (unsigned char)*name < 0x20 || (unsigned char)*name > 0x7e ? '_' : *name);
	}
	text_adds(t, bare ? "\r\n" : "\"\r\n");
}

static void send_head(struct exchange *x, unsigned status, const char *type)
{
	static const char always[] = "Cache-Control: private, no-cache\r\n"
	                             "Vary: Accept, Authorization, X-Api-Key\r\n"
	                             "Cross-Origin-Resource-Policy: same-origin\r\n";
	/* Of what is not sent again, as a poll's 304, who has it kept them with it. */
	static const char with_content[] = "X-Content-Type-Options: nosniff\r\n"
	                                   "Referrer-Policy: no-referrer\r\n"
	                                   "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";
	struct text head = text_new(x->server->reply_arena, 8192);
	text_adds(&head, "Status: ");
	text_addi(&head, status);
	text_add(&head, "\r\n", 2);
	add_header(&head, "Content-Type: ", type);
	add_file_name(&head, &x->rp);
	text_add(&head, always, sizeof always - 1);
	if (status != 304)
		text_add(&head, with_content, sizeof with_content - 1);
	text_add(&head, x->headers.bytes, x->headers.size);
	text_add(&head, "\r\n", 2);
	send(x, head.bytes, head.size);
}

static void send_pieces(struct exchange *x)
{
	enum st st = ST_OK;
	while (!st) {
		text_clear(&x->rp.body);
		st = x->rp.piece(&x->rq, &x->rp, x->rp.piece_context);
		if (!store_sound(x->rq.store)) /* what was sent was right; what comes now would not be */
			st = ST_STALE;
		else if (!x->rp.body.failed)
			send(x, x->rp.body.bytes, x->rp.body.size);
	}
	if (st != ST_DONE)
		log_error("an export broke off: %s", st_name(st));
}

/* Below the folder that the site lies in, whoever named it. */
static void add_location(struct exchange *x)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/";
	if (!x->rp.location)
		return;
	text_adds(&x->headers, "Location: ");
	for (const char *p = x->site; *p; p++)
		text_addf(&x->headers, strchr(plain, *p) ? "%c" : "%%%02X", (unsigned char)*p);
	text_addf(&x->headers, "/api/%s\r\n", x->rp.location);
}

static void send_answer(struct exchange *x)
{
	static const unsigned status[] = { [REPLY_OK] = 200, [REPLY_CREATED] = 201, [REPLY_EMPTY] = 204 };
	struct reply *rp = &x->rp;
	char tag[ETAG_ROOM] = "";
	const bool reads = x->verb == &x->fn->on[M_GET];
	if (rp->version)
		snprintf(tag, sizeof tag, "\"%lld\"", (long long)rp->version);
	else if (reads && !rp->piece)
		etag_of(tag, rp->body.bytes ? rp->body.bytes : "", rp->body.size);
	add_header(&x->headers, "ETag: ", *tag ? tag : NULL);
	add_header(&x->headers, "Idempotency-Replayed: ", rp->replayed ? "true" : NULL);
	add_location(x);
	const bool unchanged = reads && *tag && etag_matches(x->in->if_none_match, tag);
	if (unchanged || rp->kind == REPLY_EMPTY) {
		send_head(x, unchanged ? 304 : 204, NULL);
		return;
	}
	send_head(x, status[rp->kind], rp->content_type);
	if (x->head)
		return;
	send(x, rp->body.bytes, rp->body.size);
	if (rp->piece)
		send_pieces(x);
}

/* In the handler's own words, if it has any. */
static struct problem problem_said(enum st st, const struct reply *rp)
{
	struct problem p = *problem_of(st);
	p.code = rp->code ? rp->code : p.code;
	p.title = rp->title ? rp->title : p.title;
	p.detail = rp->detail ? rp->detail : p.detail;
	return p;
}

static void send_problem(struct exchange *x, enum st st)
{
	struct reply *rp = &x->rp;
	const struct problem problem = problem_said(st, rp);
	rp->file_name = NULL;
	problem_write(&rp->body, &problem, &x->faults, &rp->problem);
	if (problem.status == 503)
		text_adds(&x->headers, "Retry-After: 1\r\n");
	send_head(x, problem.status, "application/problem+json");
	if (!x->head)
		send(x, rp->body.bytes, rp->body.size);
}

/* Metering itself, and what runs beside requests, costs no call. */
static bool is_metered(const char *path)
{
	static const char *const free[] = { "usage/", "events", "budgets", "jobs/", "clocks/" };
	for (size_t i = 0; i < sizeof free / sizeof *free; i++)
		if (!strncmp(path, free[i], strlen(free[i])))
			return false;
	return true;
}

/* What failed for a reason of ours is not the tenant's to pay. */
static void meter_call(const struct exchange *x, enum st st)
{
	if (x->let_in && is_metered(x->rq.path) && (!st || problem_of(st)->status < 500))
		calls_count(x->server->calls, x->account.tenant_id, x->began);
}

void serve(struct server *s, const struct incoming *in)
{
	struct exchange x = { .server = s, .in = in, .faults.arena = s->reply_arena, .began = clock_now() };
	x.headers = text_new(s->reply_arena, 4096);
	x.rq = (struct request){ .arena = s->arena, .faults = &x.faults, .conf = &s->conf, .now = x.began,
		.address = in->address, .user_agent = in->user_agent, .if_match = in->if_match, .query = in->query,
		.wants_csv = in->accept && strstr(in->accept, "text/csv") };
	x.rp = (struct reply){ .body = text_new(s->reply_arena, REPLY_CAP), .problem = text_new(s->reply_arena, 4096),
		.content_type = "application/json" };
	x.rp.json = jw_new(&x.rp.body);
	x.rp.more = jw_new(&x.rp.problem);
	enum st st = run_proved(&x);
	meter_call(&x, st); /* first: what was answered is counted, whoever is killed meanwhile */
	if (st)
		send_problem(&x, st);
	else
		send_answer(&x);
	if (s->store)
		store_read_end(s->store);
	arena_reset(s->arena);
	arena_reset(s->reply_arena);
}

void serve_after(struct server *s)
{
	tick_after(&s->conf, s->table);
}
