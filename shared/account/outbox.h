/* The outbox: messages that are rows of the transaction that caused them, to be sent once it is safe. */
#ifndef ACCOUNT_OUTBOX_H
#define ACCOUNT_OUTBOX_H

#include "exact/instant.h"
#include "store/store.h"

/** A message to be sent. */
struct outbox_new {
	const char *kind;    /* "usage_alert" */
	const char *payload; /* a JSON object: what it tells, or what is sent as it is: to, subject, text, links */
	instant now, due;    /* due 0: at once */
};

/** Inside a write that holds the tenant: add a message. Returns: ST_OK; what the store returns.
 *  Out: id  the tenant's next number of a message */
enum st outbox_add(int64_t *id, struct store *store, int64_t tenant, const struct outbox_new *message) MUST_USE;

/** A message as it stands. Texts live until the next one is told, or in the arena. */
struct outbox_row {
	int64_t tenant_id, id, attempts;
	const char *kind, *payload;
	instant created_at, due_at, done_at;
	bool done;
};

/** Tell at most `limit` messages, newest first. In: tenant  0: of all. Returns: ST_OK; what the store returns. */
enum st outbox_list(struct store *store, int64_t tenant, unsigned limit,
                    void (*tell)(void *context, const struct outbox_row *row), void *context) MUST_USE;

/** Find one. In: tenant  0: whosever it is.
 *  Returns: ST_OK; ST_NOT_FOUND; ST_CONFLICT: several tenants have one of that number; what the store returns. */
enum st outbox_find(struct outbox_row *row, struct store *store, int64_t tenant, int64_t id,
                    struct arena *arena) MUST_USE;

#endif
