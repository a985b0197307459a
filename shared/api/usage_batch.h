/* Batches off the wire: many events in one body, each judged by itself. */
#ifndef API_USAGE_BATCH_H
#define API_USAGE_BATCH_H

#include "api/usage_event.h"

struct usage_batch {
	struct request *rq;
	unsigned count;                          /* items that came */
	enum st read[BATCH_CAP];                 /* what reading each came to */
	struct faults faults[BATCH_CAP];         /* of those that could not be read */
	struct usage_event events[BATCH_CAP];    /* those that could, packed */
	struct usage_result results[BATCH_CAP];
	unsigned good;
};

/** Read rq->raw as a JSON array or, by its content type, as one JSON object a line. An event that
 *  is not valid is kept aside with its faults.
 *  Returns: ST_OK; ST_INVALID if the whole is no batch; ST_MEMORY. In: b  zeroed, with `rq` set */
enum st usage_batch_read(struct usage_batch *b) MUST_USE;

/** [{"index", "code", "errors"}] of those that were not taken, in the request's arena. NULL: it has no room. */
const char *usage_batch_rejected(const struct usage_batch *b);

/** Write {"inserted", "duplicates", "rejected"}; of a repeat, what it was told at first.
 *  In: once  NULL: it had no key. Returns: ST_OK; ST_MEMORY. */
enum st usage_batch_write(struct jwriter *w, const struct usage_batch *b, const struct usage_once *once) MUST_USE;

#endif
