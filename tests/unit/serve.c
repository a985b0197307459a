/* Facts of serving: what a handler's status becomes, and how often the handler is asked. */
#include "scratch_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/tenant.h"
#include "wire/problem.h"
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

/* ---- words ---- */

static void forbid_in_own_words(struct reply *rp)
{
	rp->code = "hold-settled";
	rp->title = "The hold is settled already";
	jw_int(&rp->more, "event", 7);
}

static void a_refusal_may_be_in_the_handlers_own_words(void **state)
{
	(void)state;
	tell(ST_CONFLICT, ST_CONFLICT);
	script.fill = forbid_in_own_words;
	assert_int_equal(ask("POST"), 409);
	assert_true(answered("\"type\":\"/problems/hold-settled\",\"code\":\"hold-settled\",\"title\":\"The hold is settled already\",\"status\":409,"));
	assert_true(answered("\"detail\":\"Read it again, then decide.\"")); /* the status's, where it has none of its own */
	assert_true(answered("\"event\":7"));
	tell(ST_CONFLICT, ST_CONFLICT);
	assert_int_equal(ask("POST"), 409);
	assert_false(answered("hold"));
}

static void only_what_is_final_says_that_nothing_was_changed(void **state)
{
	(void)state;
	for (unsigned st = 0; st < ST__MAX; st++) { /* of invoices and of members as of events */
		assert_null(strstr(problem_of((enum st)st)->detail, "record"));
		assert_null(strstr(problem_of((enum st)st)->title, "record"));
	}
	assert_non_null(strstr(problem_of(ST_STORE)->detail, "Nothing was changed"));
	assert_null(strstr(problem_of(ST_IO)->detail, "Nothing was changed"));
}

/* ---- files ---- */

static const char *file;

static void name_file(struct reply *rp)
{
	rp->file_name = file;
}

static void show_file(struct reply *rp)
{
	rp->file_name = file;
	rp->file_shown = true;
}

static void named(const char *name, void (*fill)(struct reply *), const char *header)
{
	file = name;
	tell(ST_OK, ST_OK);
	script.fill = fill;
	assert_int_equal(ask("GET"), 200);
	if (!answered(header))
		fail_msg("%s is not in %s", header, answer.bytes);
}

static void a_file_has_its_name_whatever_it_holds(void **state)
{
	(void)state;
	named("Invoice-INV-2026-001.pdf", name_file, "\r\nContent-Disposition: attachment; filename=Invoice-INV-2026-001.pdf\r\n");
	named("Offer 7; final.pdf", name_file, "\r\nContent-Disposition: attachment; filename=\"Offer 7; final.pdf\"\r\n");
	named("a\"b\\c", name_file, "filename=\"a\\\"b\\\\c\"\r\n");
	named("a\r\nX-Evil: 1", name_file, "filename=\"a__X-Evil: 1\"\r\n");
	named("", name_file, "filename=\"\"\r\n");
}

static void a_file_may_be_shown_in_place_of_kept(void **state)
{
	(void)state;
	named("INV-1.pdf", show_file, "\r\nContent-Disposition: inline; filename=INV-1.pdf\r\n");
	tell(ST_CONFLICT, ST_CONFLICT);
	script.fill = show_file;
	assert_int_equal(ask("GET"), 409);
	assert_false(answered("Disposition"));
}

#define SERVE_FACT(function) cmocka_unit_test_setup_teardown(function, served, unserved)

int main(void)
{
	const struct CMUnitTest facts[] = {
		SERVE_FACT(a_conflict_is_answered_at_once_by_a_verb_that_proves_its_account_too),
		SERVE_FACT(what_was_decided_by_the_outdated_is_decided_again),
		SERVE_FACT(what_is_always_outdated_is_busy_in_the_end),
		SERVE_FACT(a_refusal_may_be_in_the_handlers_own_words),
		SERVE_FACT(only_what_is_final_says_that_nothing_was_changed),
		SERVE_FACT(a_file_has_its_name_whatever_it_holds),
		SERVE_FACT(a_file_may_be_shown_in_place_of_kept),
	};
	if (arena_open(&arena, 8 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
