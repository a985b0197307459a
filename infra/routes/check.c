/* What a declaration must not forget, and what no two may share. */
#include <string.h>

#include "routes.h"

/* One declaration under check: where faults go, and what they are prefixed with. */
struct check {
	FILE *out;
	const char *method, *path;
	unsigned faults;
};

static void fault(struct check *c, const char *what, const char *name)
{
	fprintf(c->out, "%s /api/%s: %s%s%s\n", c->method, c->path, what, name ? ": " : "", name ? name : "");
	c->faults++;
}

static bool empty(const char *text)
{
	return !text || !*text;
}

/* Returns how many they are. */
static unsigned check_params(struct check *c, const struct param *params)
{
	unsigned count = 0;
	for (const struct param *p = params; p && p->name; p++, count++) {
		if (empty(p->doc))
			fault(c, "a parameter without a doc", p->name);
		if (p->type < P_TEXT || p->type >= P__MAX)
			fault(c, "a parameter without a type", p->name);
		if (p->type == P_CHOICE && empty(p->choices))
			fault(c, "a choice without choices", p->name);
		if (p->type == P_INT && p->min == p->max)
			fault(c, "a whole number without bounds", p->name);
		if ((p->type == P_LIST) != (p->of != NULL))
			fault(c, "a list that does not tell of what", p->name);
		check_params(c, p->of);
		for (const struct param *q = p + 1; q->name; q++)
			if (!strcmp(p->name, q->name))
				fault(c, "a parameter declared twice", p->name);
	}
	return count;
}

static void check_example(struct check *c, const char *example)
{
	struct arena *arena;
	const struct json *root;
	if (empty(example) || arena_open(&arena, 1 << 20))
		return;
	struct faults why = { .arena = arena };
	if (json_parse(&root, &why, arena, example, strlen(example)))
		fault(c, "the example of an answer is not JSON", why.count ? why.item[0].detail : NULL);
	arena_close(arena);
}

static void check_verb(struct check *c, const struct verb *v, bool writes)
{
	if (v->scope <= SCOPE_UNSET || v->scope >= SCOPE__MAX)
		fault(c, "a method without a scope", NULL);
	if (v->scope == SCOPE_PUBLIC && writes && !v->pure)
		fault(c, "a public method that writes", NULL);
	if (empty(v->summary))
		fault(c, "a method without a summary", NULL);
	if (v->kind == BODY_RAW && empty(v->media))
		fault(c, "a raw body without content types", NULL);
	if (v->kind == BODY_NONE && v->body)
		fault(c, "fields of a body that is not read", NULL);
	if (check_params(c, v->query) + check_params(c, v->body) > ARGS_CAP && v->kind != BODY_SHAPE)
		fault(c, "more parameters than a request holds", NULL);
	check_params(c, v->gives);
	check_example(c, v->answers);
}

static unsigned check_addresses(FILE *out, const struct fn_entry *table)
{
	static struct addresses list;
	unsigned faults = 0;
	if (!addresses_list(&list, table, false))
		return 1;
	for (size_t i = 1; i < list.count; i++)
		if (!strcmp(list.at[i - 1].path, list.at[i].path)) {
			fprintf(out, "%s: two functions at one address\n", list.at[i].path);
			faults++;
		}
	return faults;
}

unsigned check_functions(FILE *out, const struct fn_entry *table)
{
	unsigned faults = check_addresses(out, table);
	for (const struct fn_entry *e = table; e->path; e++) {
		struct check c = { .out = out, .path = e->path };
		unsigned methods = 0;
		for (unsigned m = 0; m < M__MAX; m++) {
			const struct verb *v = &e->fn->on[m];
			c.method = method_name((enum method)m);
			if (v->handle)
				check_verb(&c, v, m != M_GET);
			else if (v->summary)
				fault(&c, "a method without a handler", NULL);
			methods += v->handle != NULL;
		}
		c.method = "*";
		if (!methods)
			fault(&c, "a function without a method", NULL);
		if (e->fn->alone && !strchr(e->path, '/'))
			fault(&c, "alone, and the folder's own", NULL);
		faults += c.faults;
	}
	return faults;
}
