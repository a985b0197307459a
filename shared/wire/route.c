/* Routing by REQUEST_URI, the one thing that every server passes on unchanged. */
#include "wire/route.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "wire/params.h"

static const char *after_host(const char *uri)
{
	const char *scheme = strstr(uri, "://");
	if (*uri == '/' || !scheme)
		return uri;
	const char *path = strchr(scheme + 3, '/');
	return path ? path : "/";
}

/* As its number is written: no sign, no zero before it. */
static bool read_id(int64_t *id, const char *text)
{
	char *end;
	if (*text < '1' || *text > '9' || strlen(text) > 16)
		return false;
	*id = strtoll(text, &end, 10);
	return !*end && *id <= ID_MAX;
}

static bool refused_escape(const char *path)
{
	for (const char *p = strchr(path, '%'); p; p = strchr(p + 1, '%'))
		if (!strncasecmp(p, "%2f", 3) || !strncmp(p, "%00", 3))
			return true;
	return false;
}

/* "/meter/api/v1/usage/record" with the base "/meter" is "usage/record"; NULL if it is no API address. */
static const char *below_api(const char *path)
{
	if (!strncmp(path, "/api/v1/", 8))
		return path + 8;
	return strncmp(path, "/api/", 5) ? NULL : path + 5;
}

/* Where Apache runs a program, as "/meter/fn/usage-record.fcgi", for "/meter/api/usage/record": the folder that both lie in,
 * and the program in one of its own, is the site's. No header can say so. */
static size_t folder_of_site(const char *path, const char *script)
{
	const size_t size = script ? strlen(script) : 0;
	size_t folder = 0;
	if (size < 5 || strcmp(script + size - 5, ".fcgi"))
		return 0;
	for (size_t i = 0; path[i] && path[i] == script[i]; i++)
		if (path[i] == '/' && strchr(script + i + 1, '/'))
			folder = i;
	return folder;
}

/* What of a name stands behind a function's path; NULL: it begins otherwise. A program asks each of its folder's. */
static const char *behind(const char *name, const char *path)
{
	for (; *path && *name == *path; path++)
		name++;
	return *path ? NULL : name;
}

/* Does the path lead to this function? Out: id  that stands behind it */
static bool leads_to(int64_t *id, const char *name, const struct fn_entry *e)
{
	const char *rest = behind(name, e->path);
	*id = 0;
	if (!rest)
		return false;
	return e->fn->takes_id ? *rest == '/' && read_id(id, rest + 1) : !*rest;
}

enum st route_find(struct route *route, struct faults *faults, const struct fn_entry *table, const char *uri,
                   const char *base, const char *script, struct arena *arena)
{
	const char *raw = after_host(uri);
	char *path = arena_copy(arena, raw, strcspn(raw, "?#"));
	if (!path)
		return ST_MEMORY;
	if (refused_escape(path))
		return fault_add(faults, "path", "must not hold %%2F or %%00");
	if (!percent_decode(path, false) || !utf8_valid(path))
		return fault_add(faults, "path", "holds a bad %%-escape");
	const bool based = *base && !strncmp(path, base, strlen(base));
	const size_t before = based ? strlen(base) : folder_of_site(path, script);
	const char *site = arena_copy(arena, path, before);
	if (!site)
		return ST_MEMORY;
	path += before;
	const char *name = below_api(path);
	for (const struct fn_entry *e = table; e->path; e++) {
		int64_t id = 0;
		if ((!name || !leads_to(&id, name, e)) && !(e->fn->also && !strcmp(path + (*path == '/'), e->fn->also)))
			continue;
		*route = (struct route){ .fn = e->fn, .path = e->path, .id = id, .site = site };
		return ST_OK;
	}
	return ST_NOT_FOUND;
}

bool route_writes(const struct fn *fn)
{
	for (unsigned m = M_POST; m < M__MAX; m++)
		if (fn->on[m].handle && !fn->on[m].pure)
			return true;
	return false;
}

bool routes_write(const struct fn_entry *table)
{
	for (const struct fn_entry *e = table; e->path; e++)
		if (route_writes(e->fn))
			return true;
	return false;
}
