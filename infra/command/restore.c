/* pennymeter restore FILE [--tenant N]: a backup put back, whole or of one tenant. */
#include "store/restore.h"

#include <string.h>

#include "check.h"
#include "command.h"

static void write_known(struct run *r, const char *name, bool known, int64_t count)
{
	if (known)
		jw_int(&r->w, name, count);
	else
		jw_null(&r->w, name);
}

static void write_answer(struct run *r, int64_t tenant, const struct restored *out)
{
	char when[INSTANT_ROOM];
	check_begin_answer(r);
	jw_string(&r->w, "restored", r->word[0]);
	if (tenant)
		jw_int(&r->w, "tenant_id", tenant);
	jw_int(&r->w, "tenants", out->tenants);
	jw_int(&r->w, "events", out->events);
	write_known(r, "lost_events", out->lost_known, out->lost);
	jw_int(&r->w, "lost_tenants", out->lost_tenants);
	jw_string(&r->w, "lost_newest", out->lost ? instant_print(when, out->lost_newest) : NULL);
	write_known(r, "tokens_revoked", out->tokens_known, out->tokens_revoked);
	write_known(r, "tokens_since", out->tokens_known, out->tokens_since);
	jw_string(&r->w, "kept", *out->kept ? out->kept : NULL);
	jw_end(&r->w);
}

static void say_tokens(const struct run *r, int64_t tenant, const struct restored *out)
{
	if (out->tokens_revoked)
		say(r, "%lld tokens were revoked since and stay revoked.\n", (long long)out->tokens_revoked);
	if (out->tokens_since)
		say(r, "%lld tokens were made since and %s.\n", (long long)out->tokens_since,
		    tenant ? "stay valid" : "are not in it: whoever holds one needs a new one");
}

static void say_answer(const struct run *r, int64_t tenant, const struct restored *out)
{
	char when[INSTANT_ROOM];
	if (tenant)
		say(r, "Tenant %lld is restored from %s: %lld events.\n", (long long)tenant, r->word[0], (long long)out->events);
	else
		say(r, "%s is the database now: %lld tenants, %lld events.\n", r->word[0], (long long)out->tenants, (long long)out->events);
	if (out->lost)
		say(r, "%lld events, the newest used at %s, were recorded since and are not in it.\n", (long long)out->lost,
		    instant_print(when, out->lost_newest));
	if (out->lost_tenants)
		say(r, "%lld tenants were added since and are not in it.\n", (long long)out->lost_tenants);
	if (out->lost_known && !out->lost && !out->lost_tenants)
		say(r, "Nothing was recorded since.\n");
	say_tokens(r, tenant, out);
	if (!out->lost_known)
		say(r, "What was recorded or revoked since cannot be told: %s.\n",
		    *out->kept ? "the file that lay there is empty, damaged or not Pennymeter's, or its log is another's" : "no database lay there");
	if (*out->kept)
		say(r, "What was there before is kept as %s.\n", out->kept);
}

/* What came must agree with the metrics of today as it did with its own. */
static enum st prove_tenant(struct run *r, int64_t tenant)
{
	const struct proof_view view = { check_tell, r };
	struct proof_result result;
	enum st st = proof_of_store(&result, r->store, tenant, &view);
	if (st || !result.differences)
		return st;
	fault_add(&r->faults, "--tenant", "came, but differs in %u places from what its events tell by today's metrics", result.differences);
	return ST_CONFLICT;
}

static enum st restore(struct run *r, int64_t tenant, struct restored *out)
{
	const struct copy_proof proof = { check_tell, check_copy, r };
	if (!tenant)
		return store_restore(out, &r->conf, r->word[0], &proof, &r->faults);
	enum st st = run_store(r, STORE_WRITE);
	if (!st)
		st = store_restore_tenant(out, r->store, &r->conf, r->word[0], tenant, &proof, &r->faults);
	return st ? st : prove_tenant(r, tenant);
}

enum st command_restore(struct run *r)
{
	struct restored out = { 0 };
	int64_t tenant;
	enum st st = check_begin(&tenant, r);
	if (st)
		return st;
	st = restore(r, tenant, &out);
	jw_end(&r->w);
	jw_end(&r->w);
	if (st)
		return st;
	write_answer(r, tenant, &out);
	say_answer(r, tenant, &out);
	return ST_OK;
}
