/* Faults: what is wrong with an input, each with a pointer to its place. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/arena.h"

struct fault {
	const char *pointer; /* RFC 6901 in a body ("/quantity"), or a query parameter's name */
	const char *detail;  /* one sentence for a person */
};

enum { FAULTS_CAP = 16 }; /* the first ones are enough to repair an input */

struct faults {
	struct arena *arena;
	unsigned count;
	struct fault item[FAULTS_CAP];
};

/** Note a fault; past FAULTS_CAP it is dropped. Pointer and text are copied.
 *  Returns: ST_INVALID always, so that `return fault_add(…)` reads well. */
enum st fault_add(struct faults *faults, const char *pointer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
