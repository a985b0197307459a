/* Balances: proving them against the roll-ups, and making them anew when windows change. */
#ifndef BILLING_BALANCE_H
#define BILLING_BALANCE_H

#include "billing/usage.h"

/** Inside a write, before anything of the tenant is looked at: keep its other writers waiting until the
 *  transaction ends. On SQLite they wait already.
 *  Returns: ST_OK; ST_BUSY; ST_STORE. */
enum st balances_hold(struct store *store, int64_t tenant_id) MUST_USE;

/** Inside a write: forget an account's balances and sum each window again from its roll-ups.
 *  Call it in the transaction that changes a subscription's anchor or cycle, or a metric's window. */
enum st balances_rebuild(struct store *store, const struct account *account, struct arena *arena) MUST_USE;

/** Compare each stored balance with the summary of its window, and each roll-up with its events.
 *  Out: differences  how many; each is also given to `report` (at most 20 a kind)
 *  Returns: ST_OK, also where there are differences; what the store returns. */
enum st usage_verify(unsigned *differences, struct store *store, const struct account *account, struct arena *arena,
                     void (*report)(void *context, const char *text), void *context) MUST_USE;

#endif
