/* CloudEvents 1.0 off the wire, as OpenMeter's clients send them: one, or an array. */
#ifndef API_CLOUD_EVENT_H
#define API_CLOUD_EVENT_H

#include "api/usage_event.h"

struct cloud_events {
	struct usage_event events[BATCH_CAP];
	struct usage_result results[BATCH_CAP];
	unsigned count;
	bool many; /* an array came: pointers begin with the index */
};

/** Read rq->raw. id and source are an event's key, subject its resource, type its metric, time its instant, data.value
 *  its quantity (1 if absent), data its metadata.
 *  Returns: ST_OK; ST_INVALID with faults; ST_MEMORY. In: in  zeroed */
enum st cloud_events_read(struct cloud_events *in, struct request *rq) MUST_USE;

/** Name what was refused of what was read and recorded, by the names that CloudEvents has.
 *  Returns: ST_OK: nothing; the first one's status. */
enum st cloud_events_refuse(const struct cloud_events *in, struct request *rq, struct reply *rp) MUST_USE;

#endif
