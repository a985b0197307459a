/* The proofs of one tenant: between proof.c and proof_tenant.c only. */
#ifndef METER_PROOF_TENANT_H
#define METER_PROOF_TENANT_H

#include "account/account.h"
#include "meter/proof.h"

/** Out: differences  how many were told. Returns: ST_OK, also where there are differences; ST_RANGE, ST_INVALID: it cannot be
 *  computed; what the store returns. */
enum st proof_of_tenant(unsigned *differences, struct store *store, const struct account *account, struct arena *arena,
                        const struct proof_view *view) MUST_USE;

#endif
