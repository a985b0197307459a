/* Usage events off the wire: what record and batch read, and what all that record answer. */
#ifndef API_USAGE_EVENT_H
#define API_USAGE_EVENT_H

#include "meter/record.h"
#include "wire/fn.h"

/** The members of one event in /api/usage/record and /api/usage/batch. */
extern const struct param usage_event_params[];

/** The event that rq->args hold. */
struct usage_event usage_event_of(const struct request *rq);

/** Read an event from an item of a batch, as if it were a body by itself.
 *  Returns: ST_OK; ST_INVALID with faults; ST_MEMORY.
 *  Out: event  in the request's arena  In: room  to work in, where the item lies too */
enum st usage_event_read(struct usage_event *event, struct faults *faults, const struct request *rq,
                         const struct json *item, struct arena *room) MUST_USE;

/** Copy an event's texts into an arena: what it was read from does not last. Returns: ST_OK; ST_MEMORY. */
enum st usage_event_keep(struct usage_event *event, struct arena *arena) MUST_USE;

/** Memory for reading one event; between two of them it is reset. */
enum { EVENT_ROOM = 8 << 20 };

/** What an event's failure adds to a problem: the metric's standing, where to upgrade. */
void usage_refusal(struct request *rq, struct reply *rp, const struct usage_result *result);

/** What recording a whole that has a key came to: names the header where it is to blame. Returns: `st`. */
enum st usage_named(struct request *rq, enum st st) MUST_USE;

#endif
