/* pennymeter tenant add|list and token add|list|revoke. */
#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "exact/zone.h"
#include "account/tenant.h"
#include "command.h"
#include "site.h"

enum { NAME_BYTES = 200 };

/* ---- tenants ---- */

/* A date starts at its midnight in the tenant's zone. An unknown zone is for tenant_add() to refuse. */
static enum st start_of_day(instant *start, wall day, const char *zone)
{
	enum st st = zone_instant(start, zone, floor_div(day, DAY) * DAY);
	return st == ST_INVALID ? ST_OK : st;
}

/* From then on it is what its clock says; a date is its midnight in UTC. */
static enum st read_clock(struct run *r, struct new_tenant *t)
{
	const char *clock = run_option(r, "clock");
	t->clocked = clock;
	if (clock && run_instant(&t->now, r, "clock"))
		return ST_INVALID;
	return ST_OK;
}

static enum st read_start(struct run *r, struct new_tenant *t)
{
	const char *start = run_option(r, "start"), *cycle = run_option(r, "cycle");
	wall day = t->now;
	t->start = t->now;
	(void)!zone_wall(&day, t->timezone, t->now);
	if (!start || !instant_read_date(&day, start, strlen(start))) {
		if (start_of_day(&t->start, day, t->timezone))
			return misuse(r, "--start", "must lie in the years 1 to 9999");
	} else if (instant_read(&t->start, start, strlen(start))) {
		return misuse(r, "--start", "must be a date like 2026-01-31, not \"%s\"", start);
	}
	t->cycle = cycle ? cycle_named(cycle) : CYCLE__MAX;
	if (cycle && t->cycle == CYCLE__MAX)
		return misuse(r, "--cycle", "must be weekly, monthly, quarterly, half_yearly or yearly, not \"%s\"", cycle);
	return ST_OK;
}

static void tell_added(struct run *r, const struct tenant_added *added, const char *name)
{
	if (r->json)
		return;
	say(r, "Tenant %lld, %s, is added.\nIts token, shown this once: %s\n", (long long)added->tenant_id, name, added->token);
	say(r, "It may read the tenant's usage and record it: keep it on your own servers.\n\n"
	       "Its page:  %s/usage#token=%s\n\n"
	       "To hand that link to the customer, make a token that can read and no more, and put it in its place:\n"
	       "  pennymeter token add --tenant %lld --name 'usage page' --scopes usage:read\n",
	    site_address(r), added->token, (long long)added->tenant_id);
}

enum st command_tenant_add(struct run *r)
{
	const char *currency = run_option(r, "currency"), *zone = run_option(r, "timezone");
	struct tenant_added added;
	struct new_tenant t = {
		.name = run_option(r, "name"), .plan = run_option(r, "plan"), .now = r->now,
		.currency = currency ? currency : r->conf.text[CONF_CURRENCY],
		.timezone = zone ? zone : r->conf.text[CONF_TIMEZONE],
	};
	enum st st = read_clock(r, &t);
	if (!st)
		st = read_start(r, &t);
	if (!st)
		st = run_store(r, STORE_WRITE);
	if (!st)
		st = tenant_add(&added, r->store, &t, &r->faults);
	if (st)
		return st;
	jw_object(&r->w, NULL);
	jw_int(&r->w, "tenant_id", added.tenant_id);
	if (added.subscription_id)
		jw_int(&r->w, "subscription_id", added.subscription_id);
	else
		jw_null(&r->w, "subscription_id");
	jw_string(&r->w, "token", added.token);
	jw_end(&r->w);
	tell_added(r, &added, t.name);
	return ST_OK;
}

static void list_tenant(void *context, const struct tenant_listed *t)
{
	struct run *r = context;
	char when[INSTANT_ROOM];
	jw_object(&r->w, NULL);
	jw_int(&r->w, "tenant_id", t->tenant_id);
	jw_string(&r->w, "name", t->name);
	jw_string(&r->w, "currency", t->currency);
	jw_string(&r->w, "timezone", t->timezone);
	jw_string(&r->w, "created_at", instant_print(when, t->created_at));
	jw_string(&r->w, "plan", t->plan);
	if (t->plan) {
		jw_int(&r->w, "plan_version", t->plan_version);
		jw_int(&r->w, "subscription_id", t->subscription_id);
		jw_string(&r->w, "cycle", t->cycle);
		jw_string(&r->w, "usage_cycle", t->usage_cycle);
		jw_string(&r->w, "anchor", instant_print(when, t->anchor));
	}
	jw_end(&r->w);
	say(r, "%6lld  %-32s %-14s %-8s %s %s\n", (long long)t->tenant_id, t->name,
	    t->plan ? t->plan : "-", t->cycle ? t->cycle : "-", t->currency,
	    t->timezone);
}

enum st command_tenant_list(struct run *r)
{
	enum st st = run_store(r, STORE_READ);
	jw_object(&r->w, NULL);
	jw_array(&r->w, "tenants");
	if (!st)
		st = tenants_list(r->store, list_tenant, r);
	jw_end(&r->w);
	jw_end(&r->w);
	return st;
}

/* ---- tokens ---- */

/* What a list can show in a line. */
static enum st check_token_name(struct run *r, const char *name)
{
	bool good = utf8_valid(name) && strlen(name) <= NAME_BYTES;
	for (const char *p = name; *p; p++)
		good &= !iscntrl((unsigned char)*p);
	return good ? ST_OK : misuse(r, "--name", "must be text of at most %d bytes in one line", NAME_BYTES);
}

enum st command_token_add(struct run *r)
{
	const char *name = run_option(r, "name"), *granted = run_option(r, "scopes");
	struct new_token t = { .name = name ? name : "", .scopes = granted ? granted : "*", .now = r->now };
	struct token_added added;
	char names[SCOPES_ROOM];
	enum st st = check_token_name(r, t.name);
	if (!st)
		st = run_number(&t.tenant_id, r, "tenant");
	if (!st)
		st = run_number(&t.user_id, r, "user");
	if (!st)
		st = run_store(r, STORE_WRITE);
	if (!st)
		st = token_add(&added, r->store, &t);
	if (st == ST_NOT_FOUND)
		return no_tenant(r, t.tenant_id);
	if ((st == ST_INVALID || st == ST_FORBIDDEN) && !r->faults.count)
		return misuse(r, "--scopes", "must name scopes like usage:read, or be *; not \"%s\"", t.scopes);
	if (st)
		return st;
	jw_object(&r->w, NULL);
	jw_int(&r->w, "tenant_id", t.tenant_id);
	jw_int(&r->w, "token_id", added.token_id);
	jw_string(&r->w, "token", added.token);
	jw_end(&r->w);
	say(r, "Token %lld of tenant %lld, shown this once: %s\nIt may: %s.\n", (long long)added.token_id, (long long)t.tenant_id, added.token,
	    scopes_print(names, added.granted));
	if (!r->json && scopes_have(added.granted, SCOPE_USAGE_READ))
		say(r, "Its page:  %s/usage#token=%s\n", site_address(r), added.token);
	return ST_OK;
}

static void list_token(void *context, const struct token_listed *t)
{
	struct run *r = context;
	char when[INSTANT_ROOM];
	jw_object(&r->w, NULL);
	jw_int(&r->w, "token_id", t->token_id);
	jw_string(&r->w, "prefix", t->prefix);
	jw_string(&r->w, "name", t->name);
	jw_string(&r->w, "scopes", t->scopes);
	if (t->user_id)
		jw_int(&r->w, "user_id", t->user_id);
	else
		jw_null(&r->w, "user_id");
	jw_string(&r->w, "created_at", instant_print(when, t->created_at));
	jw_string(&r->w, "revoked_at", t->revoked ? instant_print(when, t->revoked_at) : NULL);
	jw_end(&r->w);
	say(r, "%6lld  %s…  %-24s %-24s %s\n", (long long)t->token_id, t->prefix, t->name,
	    t->scopes, t->revoked ? "revoked" : "");
}

enum st command_token_list(struct run *r)
{
	struct account account;
	int64_t tenant;
	enum st st = run_number(&tenant, r, "tenant");
	if (!st)
		st = run_store(r, STORE_READ);
	if (!st)
		st = account_by_tenant(&account, r->store, tenant, r->arena);
	if (st == ST_NOT_FOUND)
		return no_tenant(r, tenant);
	jw_object(&r->w, NULL);
	jw_array(&r->w, "tokens");
	if (!st)
		st = tokens_list(r->store, tenant, list_token, r);
	jw_end(&r->w);
	jw_end(&r->w);
	return st;
}

enum st command_token_revoke(struct run *r)
{
	int64_t tenant, token;
	enum st st = run_number(&tenant, r, "tenant");
	if (!st)
		st = run_number(&token, r, "token");
	if (!st)
		st = run_store(r, STORE_WRITE);
	if (!st)
		st = token_revoke(r->store, tenant, token, r->now);
	if (st == ST_NOT_FOUND)
		fault_add(&r->faults, "--token", "tenant %lld has no token %lld; `pennymeter token list` has them", (long long)tenant, (long long)token);
	if (st)
		return st;
	jw_object(&r->w, NULL);
	jw_bool(&r->w, "revoked", true);
	jw_end(&r->w);
	say(r, "Token %lld of tenant %lld is revoked.\n", (long long)token, (long long)tenant);
	return ST_OK;
}
