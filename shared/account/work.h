/* The one door for changes: what a call changes, its idempotency key and its row of the audit are one transaction. */
#ifndef ACCOUNT_WORK_H
#define ACCOUNT_WORK_H

#include "account/account.h"
#include "account/number.h"
#include "account/token.h"
#include "base/flat.h"

enum { REQUEST_BYTES = 8, REQUEST_ROOM = 2 * REQUEST_BYTES + 1 };

/** What a work of many objects has at hand, so that it asks the store for it once: numbers, and the audit's last
 *  hash. */
struct many {
	struct numbers objects, audit;
	char hash[TOKEN_HASH_ROOM]; /* "": not read yet */
};

/** One call on its way. Strings are the caller's. */
struct work {
	struct store *store;
	const struct account *account;
	const struct conf *conf;
	struct arena *arena;
	struct faults *faults;
	instant now;
	const char *key;        /* Idempotency-Key; NULL: none */
	const char *call;       /* address and query, which with the body a repeated key must have again */
	const char *body;
	size_t size;
	const char *address, *user_agent; /* whose; may be NULL */
	struct many *many;      /* NULL: one object */
	char request[REQUEST_ROOM]; /* set here: its own number, by which the audit's row of it is known again */

	/* What apply() did. Of a repeat, which it is not called for: what the first call did. */
	const char *kind;       /* of the object, as the audit names it: "customer" */
	int64_t id;             /* 0: none */
	const char *before, *after; /* what of it has changed, as JSON objects; NULL: it was not there, it is no more */
	const char *answer;     /* JSON: what a repeat is told where no one object tells it; NULL: one does */
	bool repeated;
};

/** Carry out one call: hold its tenant, but no other's; take its key; apply; add a row to the audit.
 *  apply() works inside the transaction, may be called again after a failure that passes, and must hold to the work's
 *  store and arena.
 *  Returns: what apply() returned, and nothing is changed unless that is ST_OK; ST_KEY_REUSED: the key stands for
 *  another call, or for usage; what store_write() returns.
 *  In: action  as the audit names it: "customers.create" */
enum st work_do(struct work *work, const char *action, enum st (*apply)(struct work *work, void *context),
                void *context) MUST_USE;

/** Within a work: get ready for up to `count` objects of a kind, and put back what was not used of it. Returns: ST_OK;
 *  what the store returns. Out: many  must live until then */
enum st many_begin(struct many *many, struct work *work, const char *kind, int64_t count) MUST_USE;
enum st many_end(struct work *work) MUST_USE;

/** The same, of what is packed in flat bytes: works of one action that come at the same time are carried out together,
 *  by one of their processes in one transaction, each undone by itself (infra/notes/0045). So apply() may be given
 *  another process's work: it has what is packed, an account's numbers, and this one's store, arena and context.
 *  Returns: as work_do(), but faults are not handed back: after ST_INVALID do it alone. Of what apply() did only the id
 *  is told. */
enum st work_do_together(struct work *work, const char *action, const struct text *packed,
                         enum st (*apply)(struct work *work, struct flat_reader *packed, const void *context),
                         const void *context) MUST_USE;

#endif
