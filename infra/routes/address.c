/* Every address of every function, and what all server configurations say alike. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "routes.h"
#include "wire/route.h"

const struct pair page_headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
	  "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ 0 }
};

const struct pair file_types[] = {
	{ "html", "text/html" },      { "css", "text/css" },          { "js", "text/javascript" },
	{ "mjs", "text/javascript" }, { "json", "application/json" }, { "svg", "image/svg+xml" },
	{ "png", "image/png" },       { "ico", "image/x-icon" },      { "woff2", "font/woff2" },
	{ "txt", "text/plain" },      { "md", "text/markdown" },      { 0 }
};

static const char *const prefix[] = { [AT_API] = "/api/", [AT_V1] = "/api/v1/", [AT_ALSO] = "/" };

/* How much of a function's path is its program's: "usage/stats" is in usage.fcgi with all of its folder, and
 * "usage/record", which is alone, in usage-record.fcgi. */
static size_t size_of_prefix(const struct fn_entry *e)
{
	return e->fn->alone ? strlen(e->path) : strcspn(e->path, "/");
}

/* Out: name  PROGRAM_ROOM bytes */
static bool name_program(char *name, const struct fn_entry *e, bool all)
{
	int n = snprintf(name, PROGRAM_ROOM, "%.*s", (int)size_of_prefix(e), e->path);
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '-';
	if (all)
		n = snprintf(name, PROGRAM_ROOM, "pennymeter-all");
	return n > 0 && n < PROGRAM_ROOM;
}

static size_t body_cap_of(const struct fn *fn)
{
	size_t most = BODY_CAP;
	for (unsigned m = 0; m < M__MAX; m++)
		if (fn->on[m].handle && fn->on[m].body_cap > most)
			most = fn->on[m].body_cap;
	return most;
}

static bool add(struct addresses *out, const struct fn_entry *entry, enum kind kind, bool all)
{
	const char *path = kind == AT_ALSO ? entry->fn->also : entry->path;
	if (!path)
		return true;
	if (out->count < sizeof out->at / sizeof *out->at) {
		struct address *a = &out->at[out->count++];
		*a = (struct address){ .kind = kind, .entry = entry, .body_cap = body_cap_of(entry->fn) };
		snprintf(a->prefix, sizeof a->prefix, "%s%s", prefix[kind], path);
		int n = snprintf(a->path, sizeof a->path, "%s%s%s", prefix[kind], path, entry->fn->takes_id ? "/{id}" : "");
		if (n > 0 && (size_t)n < sizeof a->path && name_program(a->program, entry, all))
			return true;
	}
	fprintf(stderr, "routes: no room for the address %s%s\n", prefix[kind], path);
	return false;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct address *)a)->path, ((const struct address *)b)->path);
}

/* "/api/usage/record" sorts behind "/api/usage", so reversed it is before. */
static int by_depth(const void *a, const void *b)
{
	return strcmp(((const struct address *)b)->prefix, ((const struct address *)a)->prefix);
}

bool addresses_list(struct addresses *out, const struct fn_entry *table, bool all)
{
	out->count = 0;
	for (const struct fn_entry *e = table; e->path; e++)
		for (unsigned k = AT_API; k <= AT_ALSO; k++)
			if (!add(out, e, (enum kind)k, all))
				return false;
	qsort(out->at, out->count, sizeof *out->at, by_path);
	return true;
}

void addresses_by_prefix(struct addresses *list)
{
	size_t count = 0;
	qsort(list->at, list->count, sizeof *list->at, by_depth);
	for (size_t i = 0; i < list->count; i++) {
		struct address *last = count ? &list->at[count - 1] : NULL;
		if (!last || strcmp(last->prefix, list->at[i].prefix))
			list->at[count++] = list->at[i];
		else if (last->body_cap < list->at[i].body_cap)
			last->body_cap = list->at[i].body_cap;
	}
	list->count = count;
}

/* ---- programs ---- */

static struct program *find_program(struct programs *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->at[i].name, name))
			return &list->at[i];
	return NULL;
}

static struct program *add_program(struct programs *list, const struct fn_entry *e, const char *name, bool all)
{
	struct program *p = list->count < PROGRAMS ? &list->at[list->count++] : NULL;
	if (!p)
		return NULL;
	*p = (struct program){ .procs = 0 };
	snprintf(p->name, sizeof p->name, "%s", name);
	snprintf(p->prefix, sizeof p->prefix, "%.*s", all ? 0 : (int)size_of_prefix(e), e->path);
	return p;
}

/* One that writes in any of its functions has as many processes as writers have. */
static unsigned procs_of(const struct site *site, const struct fn_entry *e)
{
	return route_writes(e->fn) && site->writers ? site->writers : site->procs;
}

/* "usage" begins "usage/record", so reversed it is behind. */
static int by_prefix(const void *a, const void *b)
{
	return strcmp(((const struct program *)b)->prefix, ((const struct program *)a)->prefix);
}

bool programs_list(struct programs *out, const struct site *site, const struct fn_entry *table)
{
	out->count = 0;
	for (const struct fn_entry *e = table; e->path; e++) {
		char name[PROGRAM_ROOM];
		const bool named = name_program(name, e, site->all);
		struct program *p = named ? find_program(out, name) : NULL;
		if (named && !p)
			p = add_program(out, e, name, site->all);
		if (!p) {
			fprintf(stderr, "routes: no room for the program of %s\n", e->path);
			return false;
		}
		if (!p->procs || route_writes(e->fn))
			p->procs = procs_of(site, e);
	}
	qsort(out->at, out->count, sizeof *out->at, by_prefix);
	return true;
}

/* ---- large bodies ---- */

/* The next cap above `than`, 0 if there is none. */
static size_t next_cap(const struct addresses *list, size_t than)
{
	size_t next = 0;
	for (size_t i = 0; i < list->count; i++) {
		const size_t cap = list->at[i].body_cap;
		if (cap > than && (!next || cap < next))
			next = cap;
	}
	return next;
}

void large_bodies_each(FILE *out, const struct site *site, const struct addresses *list,
                       void (*each)(FILE *out, const struct site *site, size_t cap, const char *paths))
{
	char paths[16384];
	for (size_t cap = next_cap(list, BODY_CAP); cap; cap = next_cap(list, cap)) {
		size_t size = 0;
		for (size_t i = 0; i < list->count && size < sizeof paths; i++)
			if (list->at[i].kind == AT_API && list->at[i].body_cap == cap)
				size += (size_t)snprintf(paths + size, sizeof paths - size, "%s%s", size ? "|" : "", list->at[i].entry->path);
		each(out, site, cap, paths);
	}
}

const char *catch_all(const struct site *site)
{
	return site->all ? "pennymeter-all" : "health";
}

bool has_error_page(const struct site *site)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/404.html", site->www);
	return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}
