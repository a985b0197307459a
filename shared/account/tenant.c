/* Tenants, their subscriptions and tokens. */
#include "account/tenant.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "exact/money.h"
#include "base/utf8.h"
#include "exact/zone.h"
#include "catalog/plan.h"
#include "account/window.h"
#include "account/number.h"
#include "account/tenant_clock.sql.h"
#include "account/tenants.sql.h"

/* ---- shared by the operations ---- */

/* In: granted  what t->scopes came to */
static enum st insert_token(struct token_added *out, struct store *store, const struct new_token *t, scopes granted)
{
	char hash[TOKEN_HASH_ROOM], prefix[TOKEN_PREFIX + 1], names[SCOPES_ROOM];
	enum st st = number_next(&out->token_id, store, t->tenant_id, "tokens");
	if (st)
		return st;
	token_make(out->token, t->tenant_id);
	token_hash(hash, out->token);
	snprintf(prefix, sizeof prefix, "%.*s", TOKEN_PREFIX, out->token);
	return RUN(store, SQL_TOKEN_INSERT, INT(t->tenant_id), INT(out->token_id), TEXT(hash), TEXT(prefix), TEXT(t->name),
	           TEXT(scopes_print(names, granted)), INT(t->user_id), INT(t->now));
}

/* ---- adding a tenant ---- */

struct adding {
	const struct new_tenant *tenant;
	int64_t plan_version; /* 0: none */
	enum billing_cycle cycle, usage_cycle;
};

static enum st apply_add(struct store *store, const void *request, size_t size, void *answer)
{
	const struct adding *a = request;
	const struct new_tenant *t = a->tenant;
	struct tenant_added *out = answer;
	struct token_added token;
	(void)size;
	enum st st = NUMBER(store, &out->tenant_id, SQL_TENANT_NEXT);
	if (!st)
		st = RUN(store, SQL_TENANT_INSERT, INT(out->tenant_id), TEXT(t->name), TEXT(t->currency), TEXT(t->timezone),
		         INT(t->now));
	if (!st && t->clocked)
		st = RUN(store, SQL_TENANT_CLOCK_BEGIN, INT(out->tenant_id), INT(t->now));
	if (!st && a->plan_version) {
		out->subscription_id = 1;
		st = RUN(store, SQL_SUBSCRIPTION_INSERT, INT(out->tenant_id), INT(1), INT(a->plan_version),
		         TEXT(cycle_name(a->cycle)), TEXT(cycle_name(a->usage_cycle)), INT(t->start), INT(t->now));
	}
	const struct new_token first = { .tenant_id = out->tenant_id, .name = "first", .now = t->now };
	if (!st)
		st = insert_token(&token, store, &first, SCOPES_OF_TENANT);
	if (!st)
		memcpy(out->token, token.token, sizeof out->token);
	return st;
}

static const struct write_op add_op = { .name = "tenant.add", .apply = apply_add };

static enum st choose_cycle(struct adding *a, const struct plan *plan, struct faults *faults)
{
	char names[PLAN_CYCLES_ROOM];
	a->cycle = a->tenant->cycle == CYCLE__MAX ? plan_cycle(plan) : a->tenant->cycle;
	a->usage_cycle = plan_usage_cycle(plan, a->cycle);
	if (plan->offered[a->cycle])
		return ST_OK;
	return fault_add(faults, "--cycle", "the plan %s is not offered %s, but %s", plan->code, cycle_name(a->cycle),
	                 plan_cycles(names, plan));
}

/* Whether the plan is offered so, and the tenant's currency has its money. */
static enum st check_plan(struct adding *a, struct store *store, struct faults *faults)
{
	const struct new_tenant *t = a->tenant;
	const struct plan *plan;
	enum st st = plan_load(&plan, store, a->plan_version);
	if (st == ST_NOT_FOUND)
		return fault_add(faults, "--plan", "its latest version is damaged; correct its file and apply it again");
	if (st)
		return st;
	if (plan->currency && strcmp(plan->currency, t->currency))
		return fault_add(faults, "--currency", "the plan %s has prices in %s only", plan->code, plan->currency);
	if (!plan_fits(plan, currency_find(t->currency)))
		return fault_add(faults, "--currency", "the plan %s has amounts with more decimals than %s has", plan->code, t->currency);
	return choose_cycle(a, plan, faults);
}

static enum st find_plan(struct adding *a, struct store *store, struct faults *faults)
{
	const struct new_tenant *t = a->tenant;
	if (!t->plan)
		return ST_OK;
	enum st st = plan_latest(&a->plan_version, store, t->plan);
	if (st == ST_NOT_FOUND)
		return fault_add(faults, "--plan", "there is no plan \"%.64s\"; `pennymeter plan list` shows them", t->plan);
	return st ? st : check_plan(a, store, faults);
}

static bool is_name(const char *name)
{
	if (!name || !utf8_valid(name) || name[strspn(name, " ")] == '\0' || utf8_count(name) > TENANT_NAME_CAP)
		return false;
	for (const char *p = name; *p; p++)
		if (iscntrl((unsigned char)*p))
			return false;
	return true;
}

/* The first period must lie in the calendar. */
static bool can_start(const struct new_tenant *t)
{
	const enum billing_cycle cycle = t->cycle == CYCLE__MAX ? CYCLE_MONTHLY : t->cycle;
	const struct account first = { .subscription_id = 1, .anchor = t->start, .usage_cycle = cycle, .timezone = t->timezone };
	struct period w;
	return !window_at(&w, &first, WINDOW_PERIOD, t->start);
}

static void check_tenant(const struct new_tenant *t, struct faults *faults)
{
	if (!is_name(t->name))
		fault_add(faults, "--name", "must have 1 to %d characters", TENANT_NAME_CAP);
	if (!currency_find(t->currency))
		fault_add(faults, "--currency", "\"%s\" is not an ISO 4217 code like USD", t->currency);
	if (zone_check(t->timezone))
		fault_add(faults, "--timezone", "\"%s\" is not an IANA time zone like Europe/Berlin", t->timezone);
	else if (!can_start(t))
		fault_add(faults, "--start", "must lie in the years 1 to 9998");
}

enum st tenant_add(struct tenant_added *added, struct store *store, const struct new_tenant *t, struct faults *faults)
{
	struct adding a = { .tenant = t };
	*added = (struct tenant_added){ 0 };
	check_tenant(t, faults);
	enum st st = faults->count ? ST_INVALID : find_plan(&a, store, faults);
	return st ? st : store_write(store, &add_op, &a, sizeof a, added, sizeof *added);
}

/* ---- the operator ---- */

static enum st apply_platform(struct store *store, const void *request, size_t size, void *answer)
{
	const struct new_tenant *t = request;
	struct rows r = { 0 };
	(void)size, (void)answer;
	enum st st = ROWS(store, &r, SQL_TENANT_EXISTS, INT(1));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st != ST_DONE ? st
	                     : RUN(store, SQL_TENANT_INSERT, INT(1), TEXT(t->name), TEXT(t->currency), TEXT(t->timezone),
	                           INT(t->now));
}

enum st tenant_platform(struct store *store, const struct conf *conf, instant now)
{
	static const struct write_op op = { .name = "tenant.platform", .holds_catalog = true, .apply = apply_platform };
	const struct new_tenant t = { .name = "Platform", .currency = conf->text[CONF_CURRENCY],
		.timezone = conf->text[CONF_TIMEZONE], .now = now };
	return store_write(store, &op, &t, sizeof t, NULL, 0);
}

/* ---- tokens ---- */

struct granting {
	const struct new_token *token;
	scopes granted;
};

static enum st apply_token(struct store *store, const void *request, size_t size, void *answer)
{
	const struct granting *g = request;
	const struct new_token *t = g->token;
	struct rows r = { 0 };
	(void)size;
	enum st st = account_hold(store, t->tenant_id);
	if (!st)
		st = ROWS(store, &r, SQL_TENANT_EXISTS, INT(t->tenant_id));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_NOT_FOUND : st ? st : insert_token(answer, store, t, g->granted);
}

enum st token_add(struct token_added *added, struct store *store, const struct new_token *t)
{
	static const struct write_op op = { .name = "token.add", .apply = apply_token };
	struct granting g = { .token = t };
	enum st st = scopes_grant(&g.granted, t->scopes, scopes_within(t->tenant_id));
	if (!st)
		st = store_write(store, &op, &g, sizeof g, added, sizeof *added);
	added->granted = g.granted;
	return st;
}

struct revoking {
	int64_t tenant, token;
	instant now;
};

static enum st apply_revoke(struct store *store, const void *request, size_t size, void *answer)
{
	const struct revoking *v = request;
	struct rows r = { 0 };
	(void)size, (void)answer;
	enum st st = account_hold(store, v->tenant);
	if (!st)
		st = ROWS(store, &r, SQL_TOKEN_REVOKE, INT(v->tenant), INT(v->token), INT(v->now));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	if (st)
		return st == ST_DONE ? ST_NOT_FOUND : st;
	return account_advance(store, v->tenant); /* processes keep what they know of a token */
}

enum st token_revoke(struct store *store, int64_t tenant, int64_t token, instant now)
{
	static const struct write_op op = { .name = "token.revoke", .apply = apply_revoke };
	const struct revoking v = { tenant, token, now };
	return store_write(store, &op, &v, sizeof v, NULL, 0);
}

/* ---- lists ---- */

enum st tenants_list(struct store *store, void (*tell)(void *context, const struct tenant_listed *tenant), void *context)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_TENANT_LIST, INT(0));
	while (!st && !(st = rows_next(&r)))
		tell(context, &(struct tenant_listed){
			.tenant_id = rows_int(&r, 0), .name = rows_text(&r, 1), .currency = rows_text(&r, 2), .timezone = rows_text(&r, 3),
			.created_at = rows_int(&r, 4), .plan = rows_text(&r, 5), .plan_version = rows_int(&r, 6),
			.subscription_id = rows_int(&r, 7), .cycle = rows_text(&r, 8), .usage_cycle = rows_text(&r, 9),
			.anchor = rows_int(&r, 10),
		});
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st tokens_list(struct store *store, int64_t tenant, void (*tell)(void *context, const struct token_listed *token), void *context)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_TOKEN_LIST, INT(tenant));
	while (!st && !(st = rows_next(&r)))
		tell(context, &(struct token_listed){
			.token_id = rows_int(&r, 0), .prefix = rows_text(&r, 1), .name = rows_text(&r, 2), .scopes = rows_text(&r, 3),
			.user_id = rows_int(&r, 4), .created_at = rows_int(&r, 5), .revoked_at = rows_int(&r, 6), .revoked = !rows_null(&r, 6),
		});
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}
