/* Recording usage: event, roll-ups, limit and alerts in one durable transaction. */
#ifndef METER_RECORD_H
#define METER_RECORD_H

#include "account/account.h"
#include "base/conf.h"
#include "meter/level.h"
#include "catalog/metric.h"
#include "catalog/plan.h"

enum { BATCH_CAP = 1000, METADATA_CAP = 4096 };

/** One event as it came. Strings live as long as the call. */
struct usage_event {
	const char *metric; /* a name or an alias */
	qty quantity;
	bool dated;         /* recorded_at was given; it is the arrival otherwise */
	instant recorded_at;
	const char *resource_id, *metadata, *key; /* NULL: none. metadata: JSON without white space */
	bool enforce;       /* refuse past what is included, whatever the policy */
	bool by_key_alone;  /* its key says what it is: with another payload it is the same event still */
};

/** Where a use stands after an event, or would stand. */
struct standing {
	const struct metric *metric;
	bool counted; /* false: it lies before the subscription's start, and counts in no window */
	enum policy policy;
	qty used, included;
};

/** What became of one event. */
struct usage_result {
	enum st st;     /* ST_OK; ST_INVALID, ST_RANGE (see faults); ST_LIMIT_EXCEEDED; ST_KEY_REUSED */
	bool duplicate; /* an exact repeat: nothing was counted */
	instant recorded_at;
	int64_t event;
	struct standing standing;
	struct faults faults; /* pointers as in the body of one event: "/quantity" */
};

/** A body that its sender names as a whole by a key, beside the keys that its events have. */
struct usage_once {
	const char *key;
	const char *body; /* what the key stands for, byte for byte */
	size_t size;
	/** Inside the transaction, once the results are there: what a repeat shall be told. It may be called again after a
	 *  try that was undone. Returns: a text; NULL: nothing, the whole is refused and takes no key. */
	const char *(*keep)(void *context);
	void *context;
	/* found: */
	bool repeated;    /* it was recorded before: the results say nothing */
	const char *kept; /* what keep() gave then */
	int64_t taken;    /* how many of its events stood recorded after it */
};

/** Record up to BATCH_CAP events of an account, together, in order; each succeeds or fails by
 *  itself. Returns once those that succeeded are on disk.
 *  In:     whole  where one event is not valid in itself, none is recorded
 *  In/Out: once   NULL: the whole has no key
 *  Returns: ST_OK (look at each result); ST_INVALID for such a whole; ST_KEY_REUSED: the key of the whole has another
 *  body or is an event's; ST_OUTDATED: the catalogue or the account
 *  has changed since it was read: read it again and repeat; ST_BUSY, ST_STORE, ST_IO, ST_MEMORY: nothing was recorded.
 *  Out: results  one an event */
enum st usage_record(struct usage_result *results, struct store *store, const struct conf *conf,
                     const struct account *account, const struct usage_event *events, unsigned count, bool whole,
                     struct usage_once *once, instant now, struct arena *arena) MUST_USE;

/** Record what an act itself uses, in the transaction of the act, which holds the tenant: at least one event, and all
 *  or none. Returns: ST_OK: all of them count, or are repeats; else the act must fail, so that its transaction is
 *  undone: what the first that is refused says (look at the results); as usage_record(). */
enum st usage_within(struct usage_result *results, struct store *store, const struct conf *conf,
                     const struct account *account, const struct usage_event *events, unsigned count, instant now,
                     struct arena *arena) MUST_USE;

/** Is this the fingerprint of a payload that an event came of? In: stored  as it stands recorded, by its metric's own name.
 *  Returns: ST_OK; ST_MEMORY. */
enum st usage_fingerprint_fits(bool *fits, const char *fingerprint, const struct usage_event *stored, struct arena *arena) MUST_USE;

#endif
