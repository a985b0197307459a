/* Refusing members that nobody reads: a misspelt name must not pass for a default. */
#include <string.h>

#include "base/field.h"

static bool among(const char *names, const char *name)
{
	const size_t size = strlen(name);
	for (const char *p = names; *p;) {
		size_t n = strcspn(p, " ");
		if (n == size && !memcmp(p, name, n))
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

void field_only(const struct fields *f, const char *names)
{
	if (!f->object || json_kind(f->object) != JSON_OBJECT) {
		field_fault(f, "", "must be an object");
		return;
	}
	for (const struct json *m = json_first(f->object); m; m = json_next(m))
		if (!among(names, json_name(m)))
			field_fault(f, json_name(m), "is not a known member here");
}
