/* Batches off the wire: many events in one body, each judged by itself. */
#ifndef WIRE_USAGE_BATCH_H
#define WIRE_USAGE_BATCH_H

#include "wire/usage_event.h"

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

/** Write {"inserted", "duplicates", "rejected": [{"index", "code", "errors"}]}. */
void usage_batch_write(struct jwriter *w, const struct usage_batch *b);

#endif
