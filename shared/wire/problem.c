/* Problems, one row a status. */
#include "wire/problem.h"

#include <stdio.h>

#include "present/write.h"

static const struct problem problems[ST__MAX] = {
	[ST_INVALID] = { 400, "invalid-request", "The request is not valid",
		"Correct what `errors` names and send it again. Nothing was changed." },
	[ST_RANGE] = { 400, "out-of-range", "A value does not fit",
		"A quantity or a total would pass what can be counted. Nothing was changed." },
	[ST_UNAUTHENTICATED] = { 401, "unauthenticated", "A valid token is needed",
		"Send `Authorization: Bearer pm_…` or `X-Api-Key: pm_…` with a token that was not revoked." },
	[ST_FORBIDDEN] = { 403, "missing-scope", "The token lacks the scope for this",
		"Use a token with the scope that `scope` names." },
	[ST_LIMIT_EXCEEDED] = { 403, "limit-exceeded", "The plan's limit is reached",
		"Nothing was changed. Wait for the window to end, or change to a larger plan." },
	[ST_NOT_FOUND] = { 404, "not-found", "There is nothing here", "Check the address." },
	[ST_BAD_METHOD] = { 405, "method-not-allowed", "The method is not allowed here", "Use a method that `Allow` names." },
	[ST_CONFLICT] = { 409, "conflict", "The object's state does not allow this", "Read it again, then decide." },
	[ST_NO_PRECONDITION] = { 428, "precondition-required", "The header If-Match is needed here",
		"Send `If-Match` with the ETag of what you have read, so that no change of others is lost." },
	[ST_PRECONDITION] = { 412, "precondition-failed", "It has changed since you have read it",
		"Read it again, and decide again. Nothing was changed." },
	[ST_KEY_REUSED] = { 422, "idempotency-key-reused", "The idempotency key was used with another payload",
		"Send a new key for something new, or the same payload for a repeat. Nothing was changed." },
	[ST_TOO_LARGE] = { 413, "too-large", "The body is too large", "Send less at once: split a batch." },
	[ST_BAD_MEDIA] = { 415, "unsupported-media-type", "The body's type or encoding is not taken here",
		"Send it as `accepts` or `errors` says." },
	[ST_RATE_LIMITED] = { 429, "rate-limited", "Too many requests", "Wait as long as `Retry-After` says." },
	[ST_BUSY] = { 503, "busy", "The store is busy", "Send the request again in a moment; nothing was changed." },
	[ST_STORE] = { 503, "store-unavailable", "The store cannot be used",
		"Nothing was changed. The operator finds the cause in the log, or with `pennymeter doctor`." },
	[ST_IO] = { 503, "outcome-unknown", "The store did not answer",
		"It may have been done or not. Send it again with the same Idempotency-Key: then it is done once." },
	[ST_MEMORY] = { 413, "too-large", "The request needs too much memory", "Send less at once." },
};

static const struct problem unknown = { 500, "internal", "Something went wrong", "The operator finds the cause in the log." };

const struct problem *problem_of(enum st st)
{
	return (unsigned)st < ST__MAX && problems[st].status ? &problems[st] : &unknown;
}

void problem_write(struct text *body, const struct problem *p, const struct faults *faults, const struct text *more)
{
	struct jwriter w = jw_new(body);
	char type[64];
	snprintf(type, sizeof type, "/problems/%s", p->code);
	text_clear(body);
	jw_object(&w, NULL);
	jw_string(&w, "type", type);
	jw_string(&w, "code", p->code);
	jw_string(&w, "title", p->title);
	jw_int(&w, "status", p->status);
	jw_string(&w, "detail", p->detail);
	jw_array(&w, "errors");
	write_faults(&w, faults);
	jw_end(&w);
	if (more->size) {
		text_addc(body, ',');
		text_add(body, more->bytes, more->size);
	}
	jw_end(&w);
}
