/* Scopes: what a token may do. A verb of a function names one. */
#ifndef ACCOUNT_SCOPE_H
#define ACCOUNT_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum scope {
	SCOPE_UNSET,  /* a verb that forgot to say: the route generator refuses it */
	SCOPE_PUBLIC, /* no token is needed */
	SCOPE_USAGE_READ,
	SCOPE_USAGE_WRITE,
	SCOPE_CUSTOMERS_READ,
	SCOPE_CUSTOMERS_WRITE,
	SCOPE_PRODUCTS_READ,
	SCOPE_PRODUCTS_WRITE,
	SCOPE_SETTINGS_READ,
	SCOPE_SETTINGS_WRITE,
	SCOPE_AUDIT_READ,
	SCOPE_OPERATOR_READ,
	SCOPE_OPERATOR_WRITE,
	SCOPE__MAX
};

typedef uint64_t scopes; /* a set: bit n is scope n */

#define SCOPE_BIT(scope) ((scopes)1 << (scope))

/* Each scope that a token may have is one or the other, which scope.c sees to when it is compiled: a new one is nobody's
 * before it is put here. */
#define SCOPES_OF_TENANT \
	(SCOPE_BIT(SCOPE_USAGE_READ) | SCOPE_BIT(SCOPE_USAGE_WRITE) | SCOPE_BIT(SCOPE_CUSTOMERS_READ) | \
	 SCOPE_BIT(SCOPE_CUSTOMERS_WRITE) | SCOPE_BIT(SCOPE_PRODUCTS_READ) | SCOPE_BIT(SCOPE_PRODUCTS_WRITE) | \
	 SCOPE_BIT(SCOPE_SETTINGS_READ) | SCOPE_BIT(SCOPE_SETTINGS_WRITE) | SCOPE_BIT(SCOPE_AUDIT_READ))
/* For tokens of tenant 1 alone, by name. */
#define SCOPES_OF_OPERATOR (SCOPE_BIT(SCOPE_OPERATOR_READ) | SCOPE_BIT(SCOPE_OPERATOR_WRITE))

enum { SCOPES_ROOM = 2048 };

/** "usage:read". "public" needs no token. */
const char *scope_name(enum scope scope);

/** Read names parted by spaces or commas, as tokens are stored with them.
 *  Returns: ST_OK; ST_INVALID for an unknown name, which "*" is here, or none at all. */
enum st scopes_read(scopes *set, const char *text) MUST_USE;

/** Read what a new token is to have: names, or "*", which is taken for what it stands for now and never for what comes later.
 *  In: may  what the giver may give; "*" is what of it is a tenant's
 *  Returns: ST_OK; ST_INVALID as scopes_read(); ST_FORBIDDEN for a name that he may not give. */
enum st scopes_grant(scopes *set, const char *text, scopes may) MUST_USE;

/** What of scopes a tenant's tokens may have at all: the operator's own are for tenant 1. */
scopes scopes_within(int64_t tenant);

/** Their names, parted by spaces. Out: out  SCOPES_ROOM bytes. Returns: out. */
const char *scopes_print(char *out, scopes set);

bool scopes_have(scopes set, enum scope scope);

#endif
