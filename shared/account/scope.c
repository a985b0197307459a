/* Scopes by name. */
#include "account/scope.h"

#include <string.h>

static const char *const names[SCOPE__MAX] = {
	[SCOPE_UNSET] = "unset",
	[SCOPE_PUBLIC] = "public",
	[SCOPE_USAGE_READ] = "usage:read",
	[SCOPE_USAGE_WRITE] = "usage:write",
	[SCOPE_CUSTOMERS_READ] = "customers:read",
	[SCOPE_CUSTOMERS_WRITE] = "customers:write",
	[SCOPE_PRODUCTS_READ] = "products:read",
	[SCOPE_PRODUCTS_WRITE] = "products:write",
	[SCOPE_SETTINGS_READ] = "settings:read",
	[SCOPE_SETTINGS_WRITE] = "settings:write",
	[SCOPE_AUDIT_READ] = "audit:read",
};

const char *scope_name(enum scope scope)
{
	return names[scope];
}

static enum st add(scopes *set, const char *name, size_t size)
{
	if (size == 1 && *name == '*') {
		*set = ~(scopes)0;
		return ST_OK;
	}
	for (unsigned s = SCOPE_USAGE_READ; s < SCOPE__MAX; s++)
		if (strlen(names[s]) == size && !memcmp(names[s], name, size)) {
			*set |= (scopes)1 << s;
			return ST_OK;
		}
	return ST_INVALID;
}

enum st scopes_read(scopes *set, const char *text)
{
	*set = 0;
	for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
		size_t size = strcspn(text, " ,");
		if (add(set, text, size))
			return ST_INVALID;
		text += size;
	}
	return *set ? ST_OK : ST_INVALID;
}

bool scopes_have(scopes set, enum scope scope)
{
	return scope == SCOPE_PUBLIC || set >> scope & 1;
}
