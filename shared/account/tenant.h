/* Tenants, their subscriptions and tokens: what the operator adds. */
#ifndef ACCOUNT_TENANT_H
#define ACCOUNT_TENANT_H

#include "account/account.h"
#include "account/token.h"

enum { TENANT_NAME_CAP = 200 }; /* characters */

struct new_tenant {
	const char *name;
	const char *plan; /* a plan's code, in any case; NULL: no subscription */
	const char *currency, *timezone;
	enum billing_cycle cycle; /* CYCLE__MAX: monthly, or the shortest that the plan offers */
	instant start; /* the subscription's anchor */
	instant now;
	bool clocked;  /* for good it has a clock of its own, which stands at `now` until it is advanced */
};

struct tenant_added {
	int64_t tenant_id, subscription_id; /* 0: none */
	char token[TOKEN_ROOM];             /* every scope of a tenant that there is now; shown this once */
};

/** Add a tenant with its subscription and a token.
 *  Returns: ST_OK; ST_INVALID with faults named as the options; what the store returns. */
enum st tenant_add(struct tenant_added *added, struct store *store, const struct new_tenant *tenant,
                   struct faults *faults) MUST_USE;

/** A tenant as a list has it; its texts live until the next one. */
struct tenant_listed {
	int64_t tenant_id;
	const char *name, *currency, *timezone;
	instant created_at;
	const char *plan, *cycle, *usage_cycle; /* NULL: no subscription */
	int64_t plan_version, subscription_id;
	instant anchor;
};

/** Tell every tenant, by number. Returns: ST_OK; what the store returns. */
enum st tenants_list(struct store *store, void (*tell)(void *context, const struct tenant_listed *tenant), void *context) MUST_USE;

/** Make tenant 1, the operator itself, if it is not there. */
enum st tenant_platform(struct store *store, const struct conf *conf, instant now) MUST_USE;

struct new_token {
	int64_t tenant_id, user_id; /* user 0: of no user */
	const char *name, *scopes; /* names, or "*": all of a tenant's that there are now */
	instant now;
};

struct token_added {
	int64_t token_id;
	char token[TOKEN_ROOM];
	scopes granted;
};

/** Returns: ST_OK; ST_NOT_FOUND for an unknown tenant; ST_INVALID for an unknown scope; ST_FORBIDDEN for one
 *  that tokens of this tenant never have; … */
enum st token_add(struct token_added *added, struct store *store, const struct new_token *token) MUST_USE;

/** A token as a list has it; its texts live until the next one. */
struct token_listed {
	int64_t token_id, user_id; /* user 0: of no user */
	const char *prefix, *name, *scopes;
	instant created_at, revoked_at;
	bool revoked;
};

/** Tell every token of a tenant, by number. Returns: ST_OK, also of an unknown tenant; what the store returns. */
enum st tokens_list(struct store *store, int64_t tenant, void (*tell)(void *context, const struct token_listed *token),
                    void *context) MUST_USE;

/** Revoke; it counts from the next request on. Returns: ST_OK; ST_NOT_FOUND; … */
enum st token_revoke(struct store *store, int64_t tenant, int64_t token, instant now) MUST_USE;

#endif
