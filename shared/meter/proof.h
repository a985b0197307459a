/* Proofs: that what is kept of usage follows from its events, tenant by tenant, in the live store or in a copy of it. */
#ifndef METER_PROOF_H
#define METER_PROOF_H

#include "store/store.h"

/** Who is told of each difference, in a sentence that names tenant, table and key; at most 20 of a kind. */
struct proof_view {
	void (*tell)(void *context, const char *text);
	void *context;
};

struct proof_result {
	unsigned tenants, differences;
};

/** Prove every tenant, or one, at one instant of the store: events against hours, days, balances, keys, alerts and what is
 *  kept beside them, and that no row belongs to nobody. A tenant that cannot be read or computed is told, and the others go on.
 *  Returns: ST_OK, also where there are differences; ST_NOT_FOUND: there is no such tenant; what the store returns.
 *  In:  tenant  0: all */
enum st proof_of_store(struct proof_result *result, struct store *store, int64_t tenant, const struct proof_view *view) MUST_USE;

#endif
