/* What a web server says by itself below /api/, in the words of a function: a file for each status, for www/errors. */
#include "routes.h"
#include "wire/problem.h"

/* A request that a server broke off may have been done or not, and one that it never handed on was not. */
static const struct problem of_server[] = {
	{ 400, "bad-request", "The request cannot be read", "Nothing was changed. Send a request line and headers that HTTP allows." },
	{ 408, "request-timeout", "The request did not come whole", "Nothing was changed. Send it again, without pauses." },
	{ 414, "too-large", "The address is too long", "Nothing was changed. Ask for less in one request." },
	{ 431, "too-large", "The headers are too large", "Nothing was changed. Send fewer or shorter headers." },
	{ 500, "outcome-unknown", "The function ended without an answer",
	  "It may have been done or not. Send it again with the same Idempotency-Key: then it is done once. The operator finds the cause in the log." },
	{ 501, "method-not-allowed", "The method is not known here", "Use a method that openapi.json names." },
	{ 502, "outcome-unknown", "The function gave no answer",
	  "It may have been done or not. Send it again with the same Idempotency-Key: then it is done once. The operator finds the cause in the log." },
	{ 503, "not-reached", "The function cannot be reached", "Nothing was changed. Send it again in a moment. The operator finds the cause in the log." },
	{ 504, "outcome-unknown", "The function did not answer in time",
	  "It may have been done or not. Send it again with the same Idempotency-Key: then it is done once." },
	{ 0 }
};

static int print_of_server(FILE *out, unsigned status)
{
	for (const struct problem *p = of_server; p->code; p++)
		if (p->status == status) {
			fprintf(out, "{\"type\":\"/problems/%s\",\"code\":\"%s\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\",\"errors\":[]}",
			        p->code, p->code, p->title, p->status, p->detail);
			return 0;
		}
	fprintf(stderr, "routes: no server says %u by itself: want --status 400, 401, 408, 413, 414, 431, 500, 501, 502, 503 or 504\n", status);
	return 1;
}

/* What both say is in the function's own words. */
static enum st status_of(unsigned status)
{
	static const enum st both[] = { ST_UNAUTHENTICATED, ST_TOO_LARGE };
	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		if (problem_of(both[i])->status == status)
			return both[i];
	return ST_OK;
}

int print_problem(FILE *out, const struct site *site, const struct fn_entry *table)
{
	const enum st st = status_of(site->status);
	struct arena *arena;
	(void)table;
	if (!st)
		return print_of_server(out, site->status);
	if (arena_open(&arena, 1 << 20))
		return 1;
	struct text body = text_new(arena, 4096), more = text_new(arena, 64);
	const struct faults none = { .arena = arena };
	problem_write(&body, problem_of(st), &none, &more);
	fwrite(body.bytes, 1, body.size, out);
	const bool failed = body.failed;
	arena_close(arena);
	return failed;
}
