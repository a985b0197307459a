/* Methods by name. */
#include <string.h>

#include "wire/fn.h"

static const char *const names[M__MAX] = {
	[M_GET] = "GET", [M_POST] = "POST", [M_PUT] = "PUT", [M_PATCH] = "PATCH", [M_DELETE] = "DELETE",
};

const char *method_name(enum method method)
{
	return names[method];
}

enum method method_of(const char *name)
{
	for (unsigned m = 0; m < M__MAX; m++)
		if (!strcmp(names[m], name))
			return (enum method)m;
	return M__MAX;
}
