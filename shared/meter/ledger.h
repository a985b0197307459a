/* Ledgers: what the events of one transaction add to roll-ups and balances, held back until its end, so that
 * a row that many of them share is read once and written once. Between record_apply.c and ledger.c only. */
#ifndef METER_LEDGER_H
#define METER_LEDGER_H

#include "meter/rollup.h"
#include "rate/period.h"

enum { LEDGER_ROWS = 96 };

enum ledger_kind { LEDGER_HOUR, LEDGER_DAY, LEDGER_BALANCE };

/** A row of usage_hours, usage_days or usage_balances. */
struct ledger_key {
	enum ledger_kind kind;
	int64_t tenant_id;
	instant start; /* of the bucket or window */
	int64_t other; /* a bucket's user, a window's end */
	const char *metric;
};

struct ledger_row {
	struct ledger_key key;
	struct rollup rollup; /* buckets: what is to be added; balances: what stands */
	bool changed;         /* there is something to write */
};

struct ledger {
	struct store *store;
	unsigned count;
	struct ledger_row rows[LEDGER_ROWS];
};

/** Begin one; `metric` of each key must live until ledger_write(). */
void ledger_begin(struct ledger *ledger, struct store *store);

/** What stands in a balance, with all that was counted so far. */
enum st ledger_balance(struct rollup *balance, struct ledger *ledger, const struct ledger_key *key) MUST_USE;

/** Let a balance stand at this from now on. */
enum st ledger_set_balance(struct ledger *ledger, const struct ledger_key *key, const struct rollup *balance) MUST_USE;

/** Add to an hour or a day. */
enum st ledger_add(struct ledger *ledger, const struct ledger_key *key, const struct rollup *more) MUST_USE;

/** Write what changed, and forget all.
 *  Returns: ST_OK; ST_RANGE where a sum would pass 2^63; what the store returns. Undo the transaction's part then. */
enum st ledger_write(struct ledger *ledger) MUST_USE;

#endif
