/* Routing: from the raw address of a request to the function that answers it. */
#ifndef WIRE_ROUTE_H
#define WIRE_ROUTE_H

#include "wire/fn.h"

/** Where a request goes. */
struct route {
	const struct fn *fn;
	const char *path; /* of the function below /api */
	const char *site; /* what stands before /api, decoded: "/meter", or "" */
	int64_t id;       /* behind it; 0: none */
};

/** Find the function of a raw REQUEST_URI (path and query; an absolute address is allowed).
 *  The path is cut at "?", freed of `base`, split at "/", and each segment decoded once.
 *  An id is a whole number from 1 to 2^53, written as such. %2F and %00 are refused, since servers disagree about them.
 *  In: script  SCRIPT_NAME, whose folder stands for a base that nobody named; may be NULL
 *  Returns: ST_OK; ST_NOT_FOUND; ST_INVALID with a fault; ST_MEMORY. */
enum st route_find(struct route *route, struct faults *faults, const struct fn_entry *table, const char *uri,
                   const char *base, const char *script, struct arena *arena) MUST_USE;

/** Does it have a verb that may store something? */
bool route_writes(const struct fn *fn);
/** Does any of them? */
bool routes_write(const struct fn_entry *table);

#endif
