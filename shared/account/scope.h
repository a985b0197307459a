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
	SCOPE__MAX
};

typedef uint32_t scopes; /* a set: bit n is scope n */

/** "usage:read". "public" needs no token. */
const char *scope_name(enum scope scope);

/** Read names parted by spaces or commas; "*" is every scope.
 *  Returns: ST_OK; ST_INVALID for an unknown name or none at all. */
enum st scopes_read(scopes *set, const char *text) MUST_USE;

bool scopes_have(scopes set, enum scope scope);

#endif
