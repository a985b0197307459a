/* Scopes by name. */
#include "account/scope.h"

#include <string.h>

enum { FIRST = SCOPE_USAGE_READ, NAME_CAP = SCOPES_ROOM / 64 - 1 };

_Static_assert(SCOPE__MAX < 64, "a set of scopes has 64 bits");
_Static_assert((SCOPES_OF_TENANT ^ SCOPES_OF_OPERATOR) == SCOPE_BIT(SCOPE__MAX) - SCOPE_BIT(FIRST),
               "a scope is a tenant's or the operator's, and not both");

static const char names[SCOPE__MAX][NAME_CAP + 1] = {
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
	[SCOPE_OPERATOR_READ] = "operator:read",
	[SCOPE_OPERATOR_WRITE] = "operator:write",
};

const char *scope_name(enum scope scope)
{
	return names[scope];
}

static enum st add(scopes *set, const char *name, size_t size, scopes all)
{
	if (all && size == 1 && *name == '*') {
		*set |= all;
		return ST_OK;
	}
	for (unsigned s = FIRST; s < SCOPE__MAX; s++)
		if (strlen(names[s]) == size && !memcmp(names[s], name, size)) {
			*set |= SCOPE_BIT(s);
			return ST_OK;
		}
	return ST_INVALID;
}

/* In: all  what "*" stands for; 0: nothing */
static enum st read_names(scopes *set, const char *text, scopes all)
{
	*set = 0;
	for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
		size_t size = strcspn(text, " ,");
		if (add(set, text, size, all))
			return ST_INVALID;
		text += size;
	}
	return *set ? ST_OK : ST_INVALID;
}

enum st scopes_read(scopes *set, const char *text)
{
	return read_names(set, text, 0);
}

enum st scopes_grant(scopes *set, const char *text, scopes may)
{
	enum st st = read_names(set, text, may & SCOPES_OF_TENANT);
	return st ? st : *set & ~may ? ST_FORBIDDEN : ST_OK;
}

scopes scopes_within(int64_t tenant)
{
	return tenant == 1 ? SCOPES_OF_TENANT | SCOPES_OF_OPERATOR : SCOPES_OF_TENANT;
}

const char *scopes_print(char *out, scopes set)
{
	char *at = out;
	for (unsigned s = FIRST; s < SCOPE__MAX; s++) {
		if (!scopes_have(set, (enum scope)s))
			continue;
		if (at > out)
			*at++ = ' ';
		at = stpcpy(at, names[s]);
	}
	*at = '\0';
	return out;
}

bool scopes_have(scopes set, enum scope scope)
{
	return scope == SCOPE_PUBLIC || set >> scope & 1;
}
