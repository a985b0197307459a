/* Accounts: who calls, what it may do, and by which plan its tenant is billed. */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "account/scope.h"
#include "catalog/cycle.h"
#include "exact/instant.h"
#include "store/store.h"

struct account {
	int64_t tenant_id, token_id, user_id; /* token and user are 0 where there is none */
	scopes scopes;
	const char *name, *currency, *timezone;
	int64_t subscription_id; /* 0: the tenant has no plan */
	int64_t plan_version_id;
	enum billing_cycle cycle, usage_cycle; /* of the base price; of the periods in which usage counts */
	instant anchor;
	int64_t generation; /* of all that it was read of: once that moves on, it is stale */
	int64_t catalog;    /* the generation of metrics and plans alone */
	bool clocked;       /* it has a time of its own, which is `clock`, and stands still until it is advanced */
	instant clock;
};

/** What time it is for an account. In: real  by the machine's clock */
static inline instant account_now(const struct account *account, instant real)
{
	return account->clocked ? account->clock : real;
}

/** Find the account of a token that is not revoked. A process keeps what it read last; one look at its
 *  generation, which advances with metrics and plans and with each revocation of the tenant's, tells whether that
 *  still holds.
 *  Returns: ST_OK; ST_UNAUTHENTICATED; what the store returns. Strings live until the next look by a token. */
enum st account_by_token(struct account *account, struct store *store, const char *token, struct arena *arena) MUST_USE;

/** The same without asking the store, if the process has cached it. It may have changed since: who acts on it
 *  must prove it in the transaction, or by account_proved() before answering. Returns: whether it was cached. */
bool account_kept(struct account *account, const struct store *store, const char *token);

/** The generation of all that a tenant's accounts are read of, as it stands now: the tenant's and the catalogue's.
 *  Returns: ST_OK; ST_STORE. */
enum st account_generation(int64_t *generation, struct store *store, int64_t tenant) MUST_USE;

/** Inside a write, before anything of the tenant is looked at: keep its other writers waiting until the
 *  transaction ends, and nobody else's. On SQLite they wait already.
 *  Returns: ST_OK; ST_BUSY; ST_STORE. */
enum st account_hold(struct store *store, int64_t tenant) MUST_USE;

/** Inside a transaction that changes a tenant, its tokens or its subscription: what processes keep of it is stale. */
enum st account_advance(struct store *store, int64_t tenant) MUST_USE;

/** Inside a transaction that holds the catalogue and changes metrics or plans: what processes keep of every account
 *  is stale. */
enum st account_advance_all(struct store *store) MUST_USE;

/** Does what is known of an account still hold?
 *  Returns: ST_OK; ST_OUTDATED: no, read it anew; what the store returns. */
enum st account_proved(const struct account *account, struct store *store) MUST_USE;

/** The account of a tenant itself, with no scopes: for the operator's command.
 *  Returns: ST_OK; ST_NOT_FOUND; what the store returns. */
enum st account_by_tenant(struct account *account, struct store *store, int64_t tenant, struct arena *arena) MUST_USE;

#endif
