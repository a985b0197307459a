/* Usage events off the wire: what record, batch and CloudEvents read, and what they answer. */
#ifndef WIRE_USAGE_EVENT_H
#define WIRE_USAGE_EVENT_H

#include "billing/record.h"
#include "wire/fn.h"

/** The members of one event in /api/usage/record and /api/usage/batch. */
extern const struct param usage_event_params[];

/** The event that rq->args hold. */
struct usage_event usage_event_of(const struct request *rq);

/** Read an event from an item of a batch, as if it were a body by itself.
 *  Returns: ST_OK; ST_INVALID with faults; ST_MEMORY. */
enum st usage_event_read(struct usage_event *event, struct faults *faults, const struct request *rq,
                         const struct json *item) MUST_USE;

/** Read a CloudEvents 1.0 event: id and source are the key, subject the resource, type the
 *  metric, time the instant, data.value the quantity (default 1), data the metadata.
 *  Returns: as usage_event_read(). In: pointer  of the event in the body */
enum st cloud_event_read(struct usage_event *event, struct request *rq, const struct json *item, const char *pointer) MUST_USE;

/** What an event's failure adds to a problem: the metric's standing, where to upgrade. */
void usage_refusal(struct request *rq, struct reply *rp, const struct usage_result *result);

#endif
