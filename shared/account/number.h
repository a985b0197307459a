/* Numbers: of a tenant's objects, kind by kind, from 1. What was given once is never given again. */
#ifndef ACCOUNT_NUMBER_H
#define ACCOUNT_NUMBER_H

#include "store/store.h"

/** The next number of a kind, inside a write that holds the tenant. Returns: ST_OK; what the store returns. */
enum st number_next(int64_t *number, struct store *store, int64_t tenant, const char *kind) MUST_USE;

#endif
