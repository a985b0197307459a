/* Facts of serving: what a handler's status becomes, and how often the handler is asked. */
#include "scratch_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/tenant.h"
#include "wire/serve.h"

/* ---- functions that answer as they are told ---- */

static struct {
	enum st says[8]; /* of each call, the last of them for ever */
	unsigned calls, told;
	void (*fill)(struct reply *rp);
} script;

static enum st as_told(struct request *rq, struct reply *rp)
{
	const unsigned at = script.calls < script.told ? script.calls : script.told - 1;
	(void)rq;
	script.calls++;
	if (script.fill)
		script.fill(rp);
	jw_object(&rp->json, NULL);
	jw_end(&rp->json);
	return script.says[at];
}

static const struct fn fn_thing = {
	.on[M_GET] = { .summary = "Told", .scope = SCOPE_USAGE_READ, .handle = as_told },
	.on[M_POST] = { .summary = "Told", .scope = SCOPE_USAGE_WRITE, .proves_account = true, .handle = as_told },
};

static const struct fn_entry table[] = { { "thing", &fn_thing }, { 0 } };

/* ---- a request and its answer ---- */

static struct server *server;
static char token[TOKEN_ROOM];
static struct text answer;

static size_t no_body(void *stream, char *bytes, size_t room)
{
	(void)stream, (void)bytes, (void)room;
	return 0;
}

static void keep_answer(void *stream, const char *bytes, size_t size)
{
	(void)stream;
	text_add(&answer, bytes, size);
}

/* Returns: the answer's status. */
static long ask(const char *method)
{
	const char *bearer = arena_format(arena, "Bearer %s", token);
	const struct incoming in = { .method = method, .uri = "/api/thing", .authorization = bearer, .read = no_body, .write = keep_answer };
	text_clear(&answer);
	script.calls = 0;
	serve(server, &in);
	text_addc(&answer, '\0');
	assert_memory_equal(answer.bytes, "Status: ", 8);
	return strtol(answer.bytes + 8, NULL, 10);
}

static void tell(enum st first, enum st then)
{
	script.says[0] = first;
	script.says[1] = then;
	script.told = 2;
	script.fill = NULL;
}

static bool answered(const char *what)
{
	return strstr(answer.bytes, what);
}

static int served(void **state)
{
	(void)state;
	struct faults faults = { .arena = arena };
	struct tenant_added added;
	const struct new_tenant t = { .name = "Acme", .currency = "USD", .timezone = "UTC" };
	if (scratch_store_made("serve", "pennymeter.db"))
		return 1;
	struct store *s = open_store(STORE_WRITE);
	if (tenant_add(&added, s, &t, &faults) || server_open(&server, table))
		return 1;
	store_close(s);
	memcpy(token, added.token, sizeof token);
	answer = text_new(arena, 64 << 10);
	return 0;
}

static int unserved(void **state)
{
	server_close(server);
	return scratch_store_removed(state);
}

/* ---- a state that forbids, and a decision that is outdated ---- */

static void a_conflict_is_answered_at_once_by_a_verb_that_proves_its_account_too(void **state)
{
	(void)state;
	tell(ST_CONFLICT, ST_OK);
	for (unsigned time = 0; time < 2; time++) { /* the second time with the account that the process keeps */
		assert_int_equal(ask("POST"), 409);
		assert_int_equal(script.calls, 1);
		assert_true(answered("\"code\":\"conflict\""));
	}
	assert_int_equal(ask("GET"), 409);
	assert_int_equal(script.calls, 1);
}

static void what_was_decided_by_the_outdated_is_decided_again(void **state)
{
	(void)state;
	tell(ST_OUTDATED, ST_OK);
	assert_int_equal(ask("POST"), 200);
	assert_int_equal(script.calls, 2);
	tell(ST_OUTDATED, ST_CONFLICT);
	assert_int_equal(ask("POST"), 409);
	assert_int_equal(script.calls, 2);
}

static void what_is_always_outdated_is_busy_in_the_end(void **state)
{
	(void)state;
	tell(ST_OUTDATED, ST_OUTDATED);
	assert_int_equal(ask("POST"), 503);
	assert_true(answered("\"code\":\"busy\""));
}

#define SERVE_FACT(function) cmocka_unit_test_setup_teardown(function, served, unserved)

int main(void)
{
	const struct CMUnitTest facts[] = {
		SERVE_FACT(a_conflict_is_answered_at_once_by_a_verb_that_proves_its_account_too),
		SERVE_FACT(what_was_decided_by_the_outdated_is_decided_again),
		SERVE_FACT(what_is_always_outdated_is_busy_in_the_end),
	};
	if (arena_open(&arena, 8 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
