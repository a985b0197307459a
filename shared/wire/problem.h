/* Problems: the one place where a status becomes an HTTP answer (RFC 9457). */
#ifndef WIRE_PROBLEM_H
#define WIRE_PROBLEM_H

#include "wire/reply.h"

struct problem {
	unsigned status;
	const char *code, *title, *detail;
};

/** What a failed status means over HTTP. */
const struct problem *problem_of(enum st st);

/** Write the problem as JSON into `body`: type, code, title, status, detail, errors, and `more`.
 *  In: more  members written by a handler, may be empty */
void problem_write(struct text *body, const struct problem *problem, const struct faults *faults, const struct text *more);

#endif
