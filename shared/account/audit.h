/* The audit: who changed what, as a chain of hashes that proves itself after details were erased. */
#ifndef ACCOUNT_AUDIT_H
#define ACCOUNT_AUDIT_H

#include "account/token.h"
#include "account/work.h"

/** Add a row for what the work did, inside its transaction. `body` is RFC 8785; `hash` the hexadecimal SHA-256 of the
 *  row before's, a line feed and the body; the body holds that of the salt, a line feed and the detail.
 *  Returns: ST_OK; ST_MEMORY; what the store returns. */
enum st audit_add(struct work *work, const char *action) MUST_USE;

enum { AUDIT_DETAIL_DAYS = 730 /* that details are kept for */ };

/** Inside a write that holds the tenant: erase details of rows older than an instant, at most limit rows.
 *  Returns: ST_OK; what the store returns. Out: count  rows. In/Out: position  the last row that was looked at */
enum st audit_erase(unsigned *count, int64_t *position, struct store *store, int64_t tenant, instant before,
                    unsigned limit) MUST_USE;

/** When was the first row behind a position added? Returns: ST_OK; ST_DONE: there is none; what the store returns. */
enum st audit_oldest(instant *at, struct store *store, int64_t tenant, int64_t position) MUST_USE;

struct audit_row {
	int64_t seq;
	const char *body, *hash, *salt, *detail; /* the last two are NULL where they were erased */
};

/** Which rows: of numbers below one, of instants from <= t < to, and of an action or actor, as the body writes them:
 *  "\"action\":\"customers.create\""; "": any. */
struct audit_query {
	int64_t before;
	instant from, to;
	const char *action, *actor;
	unsigned limit;
};

/** Read at most limit rows, newest first. Returns: ST_OK; what the store returns. Out: rows, count */
enum st audit_list(struct audit_row *rows, unsigned *count, struct store *store, int64_t tenant,
                   const struct audit_query *query, struct arena *arena) MUST_USE;

/** What a chain comes to. */
struct audit_proof {
	int64_t rows, redacted; /* of these, those whose detail was erased */
	int64_t first_bad;      /* the number of the first row that is changed, removed or exchanged; 0: none is */
	const char *cause;      /* what is wrong with it, for a person */
	int64_t head;           /* the last row's number, 0: there is none, and its hash */
	char hash[TOKEN_HASH_ROOM];
};

/** Prove a tenant's chain from its first row to its last.
 *  Returns: ST_OK, whatever was found; ST_MEMORY; what the store returns.
 *  In: seq, hash  of a head that was kept: its row must be the same; 0 and NULL: none */
enum st audit_prove(struct audit_proof *proof, struct store *store, int64_t tenant, int64_t seq,
                    const char *hash) MUST_USE;

#endif
