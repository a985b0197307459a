/* Balances: making them anew when windows change. */
#ifndef METER_BALANCE_H
#define METER_BALANCE_H

#include "meter/usage.h"

/** Inside a write: forget an account's balances and sum each window again from its roll-ups.
 *  Call it in the transaction that changes a subscription's anchor or cycle, or a metric's window. */
enum st balances_rebuild(struct store *store, const struct account *account, struct arena *arena) MUST_USE;

/** From an account's first event to its last; from 0 to 0 where it has none. Returns: ST_OK; what the store returns. */
enum st balances_span(struct period *span, struct store *store, const struct account *account) MUST_USE;

#endif
