/* Numbers: of a tenant's objects, kind by kind, from 1. What was given once is never given again. */
#ifndef ACCOUNT_NUMBER_H
#define ACCOUNT_NUMBER_H

#include "store/store.h"

/** The next number of a kind, inside a write that holds the tenant. Returns: ST_OK; what the store returns. */
enum st number_next(int64_t *number, struct store *store, int64_t tenant, const char *kind) MUST_USE;

/** Numbers that are taken at once, for a work that wants many of a kind. */
struct numbers {
	const char *kind; /* NULL: none were taken */
	int64_t next;
};

/** Take `count` numbers, and give back those that were not used, in the same write. Returns: as number_next(). */
enum st numbers_take(struct numbers *numbers, struct store *store, int64_t tenant, const char *kind,
                     int64_t count) MUST_USE;
enum st numbers_return(struct numbers *numbers, struct store *store, int64_t tenant) MUST_USE;

#endif
