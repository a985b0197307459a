/* Bodies of requests. */
#ifndef WIRE_BODY_H
#define WIRE_BODY_H

#include "wire/serve.h"

struct body_reading {
	struct request *rq;
	const struct incoming *in;
	const struct verb *verb;
	struct jwriter *more; /* members of the problem, where there is one */
	struct text *headers; /* of the answer */
};

/** Take what the method's declaration says: the body as it is (rq->raw), as arguments, or as a JSON object (rq->body),
 *  and the idempotency key, of the header or of the body.
 *  Returns: ST_OK; ST_INVALID with faults; ST_TOO_LARGE; ST_BAD_MEDIA; ST_MEMORY. */
enum st body_read(const struct body_reading *reading) MUST_USE;

#endif
