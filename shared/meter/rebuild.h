/* Making roll-ups anew, of the events that they are kept of. */
#ifndef METER_REBUILD_H
#define METER_REBUILD_H

#include "account/account.h"

/** Inside a write, with the tenant held: forget an account's hours and days, and what unique and weighted_sum keep beside
 *  them, and count all of its events again into those of its zone. Balances are windows, not roll-ups, and stay.
 *  Needs the same memory however many events there are.
 *  Returns: ST_OK; ST_RANGE: a sum does not fit; what the store returns. Then the log says of whom. */
enum st rollups_rebuild(struct store *store, const struct account *account) MUST_USE;

#endif
