/* openapi.json: the declarations in the words of OpenAPI 3.1. */
#include <string.h>

#include "routes.h"

/* ---- schemas ---- */

static void text_schema(struct jwriter *w, const struct param *p)
{
	jw_string(w, "type", "string");
	jw_int(w, "minLength", p->min ? p->min : 1);
	jw_int(w, "maxLength", p->max ? p->max : 255);
}

static void key_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_string(w, "type", "string");
	jw_string(w, "pattern", "^[!-~]{1,255}$");
}

static void quantity_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_raw(w, "type", "[\"number\",\"string\"]");
	jw_string(w, "pattern", "^-?[0-9]+(\\.[0-9]{1,6})?$");
}

static void instant_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_string(w, "type", "string");
	jw_raw(w, "anyOf", "[{\"format\":\"date-time\"},{\"format\":\"date\"}]");
}

static void int_schema(struct jwriter *w, const struct param *p)
{
	jw_string(w, "type", "integer");
	jw_int(w, "minimum", p->min);
	jw_int(w, "maximum", p->max);
}

static void bool_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_string(w, "type", "boolean");
}

static void object_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_string(w, "type", "object");
}

static void choice_schema(struct jwriter *w, const struct param *p)
{
	char word[64];
	jw_string(w, "type", "string");
	jw_array(w, "enum");
	for (const char *c = p->choices; *c;) {
		size_t n = strcspn(c, " ");
		snprintf(word, sizeof word, "%.*s", (int)n, c);
		jw_string(w, NULL, word);
		c += n + strspn(c + n, " ");
	}
	jw_end(w);
}

static void (*const schemas[P__MAX])(struct jwriter *, const struct param *) = {
	[P_TEXT] = text_schema,       [P_KEY] = key_schema,     [P_QUANTITY] = quantity_schema,
	[P_INSTANT] = instant_schema, [P_END] = instant_schema, [P_INT] = int_schema,
	[P_BOOL] = bool_schema,       [P_OBJECT] = object_schema, [P_CHOICE] = choice_schema,
};

/* ---- what comes in ---- */

static void print_header_key(struct jwriter *w)
{
	jw_raw(w, NULL, "{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
	                "\"description\":\"1 to 255 visible characters; a repeat counts once\","
	                "\"schema\":{\"type\":\"string\",\"pattern\":\"^[!-~]{1,255}$\"}}");
}

static void print_query(struct jwriter *w, const struct verb *v)
{
	if (!v->query && !v->idempotent)
		return;
	jw_array(w, "parameters");
	for (const struct param *p = v->query; p && p->name; p++) {
		jw_object(w, NULL);
		jw_string(w, "name", p->name);
		jw_string(w, "in", "query");
		jw_bool(w, "required", p->presence == REQUIRED);
		jw_string(w, "description", p->doc);
		jw_object(w, "schema");
		schemas[p->type](w, p);
		jw_end(w);
		jw_end(w);
	}
	if (v->idempotent)
		print_header_key(w);
	jw_end(w);
}

static void print_required(struct jwriter *w, const struct param *body)
{
	bool open = false;
	for (const struct param *p = body; p && p->name; p++) {
		if (p->presence != REQUIRED)
			continue;
		if (!open)
			jw_array(w, "required");
		open = true;
		jw_string(w, NULL, p->name);
	}
	if (open)
		jw_end(w);
}

static void print_object(struct jwriter *w, const char *name, const struct param *body)
{
	jw_object(w, name);
	jw_string(w, "type", "object");
	jw_bool(w, "additionalProperties", false);
	print_required(w, body);
	jw_object(w, "properties");
	for (const struct param *p = body; p && p->name; p++) {
		jw_object(w, p->name);
		schemas[p->type](w, p);
		jw_string(w, "description", p->doc);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

/* The declared fields are the body's, or of a raw body each item's: of a JSON array, or of a line. */
static void print_content(struct jwriter *w, const struct verb *v, const char *type)
{
	jw_object(w, type);
	if (v->kind == BODY_RAW && v->body && !strcmp(type, "application/json")) {
		jw_object(w, "schema");
		jw_string(w, "type", "array");
		print_object(w, "items", v->body);
		jw_end(w);
	} else if (v->body) {
		print_object(w, "schema", v->body);
	}
	jw_end(w);
}

static void print_body(struct jwriter *w, const struct verb *v)
{
	char type[128];
	if (v->kind == BODY_NONE)
		return;
	jw_object(w, "requestBody");
	jw_bool(w, "required", true);
	jw_object(w, "content");
	for (const char *m = v->kind == BODY_RAW ? v->media : "application/json"; *m;) {
		size_t n = strcspn(m, " ");
		snprintf(type, sizeof type, "%.*s", (int)n, m);
		print_content(w, v, type);
		m += n + strspn(m + n, " ");
	}
	jw_end(w);
	jw_end(w);
}

/* ---- what goes out ---- */

static void print_answers(struct jwriter *w, const struct verb *v)
{
	jw_object(w, "responses");
	jw_object(w, "2XX");
	jw_string(w, "description", "Done.");
	if (v->answers) {
		jw_object(w, "content");
		jw_object(w, "application/json");
		jw_raw(w, "example", v->answers);
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
	jw_raw(w, "default", "{\"$ref\":\"#/components/responses/Problem\"}");
	jw_end(w);
}

static void print_security(struct jwriter *w, enum scope scope)
{
	static const char *const schemes[] = { "bearer", "apiKey" };
	jw_array(w, "security");
	for (unsigned i = 0; i < 2 && scope != SCOPE_PUBLIC; i++) {
		jw_object(w, NULL);
		jw_array(w, schemes[i]);
		jw_string(w, NULL, scope_name(scope));
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

/* ---- the document ---- */

/* "get-usage-record", "get-usage-record-also": unique, and stable when functions are added. */
static void print_id(struct jwriter *w, const struct address *a, unsigned method)
{
	static const char *const lower[M__MAX] = { "get", "post", "put", "patch", "delete" };
	char id[160];
	jw_object(w, lower[method]);
	snprintf(id, sizeof id, "%s-%s%s", lower[method], a->program, a->kind == AT_ALSO ? "-also" : "");
	jw_string(w, "operationId", id);
}

static void print_path(struct jwriter *w, const struct address *a)
{
	char tag[100];
	snprintf(tag, sizeof tag, "%.*s", (int)strcspn(a->entry->path, "/"), a->entry->path);
	jw_object(w, a->path);
	for (unsigned m = 0; m < M__MAX; m++) {
		const struct verb *v = &a->entry->fn->on[m];
		if (!v->handle)
			continue;
		print_id(w, a, m);
		jw_string(w, "summary", v->summary);
		if (v->doc)
			jw_string(w, "description", v->doc);
		jw_array(w, "tags");
		jw_string(w, NULL, tag);
		jw_end(w);
		print_security(w, v->scope);
		print_query(w, v);
		print_body(w, v);
		print_answers(w, v);
		jw_end(w);
	}
	jw_end(w);
}

static const char components[] =
	"{\"securitySchemes\":{"
	"\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A token pm_…\"},"
	"\"apiKey\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Api-Key\"}},"
	"\"responses\":{\"Problem\":{\"description\":\"What went wrong (RFC 9457).\",\"content\":{\"application/problem+json\":"
	"{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}},"
	"\"schemas\":{\"Problem\":{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\",\"errors\"],"
	"\"properties\":{\"type\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
	"\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},\"errors\":{\"type\":\"array\",\"items\":"
	"{\"type\":\"object\",\"required\":[\"pointer\",\"detail\"],\"properties\":{\"pointer\":{\"type\":\"string\"},"
	"\"detail\":{\"type\":\"string\"}}}}}}}}";

static void print_document(struct jwriter *w, const struct addresses *list)
{
	jw_object(w, NULL);
	jw_string(w, "openapi", "3.1.0");
	jw_object(w, "info");
	jw_string(w, "title", "Pennymeter");
	jw_string(w, "version", PM_VERSION);
	jw_string(w, "description", "Meters usage, enforces plan limits, and turns usage into exact bills. "
	                            "Every address below /api is also below /api/v1.");
	jw_raw(w, "license", "{\"name\":\"MIT\",\"identifier\":\"MIT\"}");
	jw_end(w);
	jw_raw(w, "servers", "[{\"url\":\"/\"}]");
	jw_object(w, "paths");
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].kind != AT_V1)
			print_path(w, &list->at[i]);
	jw_end(w);
	jw_raw(w, "components", components);
	jw_end(w);
}

/* One member a line, so that a change shows in review. */
static void print_indented(FILE *out, const char *json)
{
	unsigned depth = 0;
	bool quoted = false;
	for (const char *p = json; *p; p++) {
		bool opens = !quoted && strchr("{[", *p), closes = !quoted && strchr("}]", *p);
		bool empty = opens && strchr("}]", p[1]);
		depth -= closes && !strchr("{[", p[-1]);
		if (closes && !strchr("{[", p[-1]))
			fprintf(out, "\n%*s", (int)depth, "");
		putc(*p, out);
		if (quoted && *p == '\\')
			putc(*++p, out);
		else if (*p == '"')
			quoted = !quoted;
		depth += opens && !empty;
		if ((opens && !empty) || (!quoted && *p == ','))
			fprintf(out, "\n%*s", (int)depth, "");
		else if (!quoted && *p == ':')
			putc(' ', out);
	}
	putc('\n', out);
}

int print_openapi(FILE *out, const struct site *site, const struct fn_entry *table)
{
	static struct addresses list;
	struct arena *arena;
	(void)site;
	if (!addresses_list(&list, table, false) || arena_open(&arena, 16 << 20))
		return 1;
	struct text t = text_new(arena, 4 << 20);
	struct jwriter w = jw_new(&t);
	print_document(&w, &list);
	if (!t.failed)
		print_indented(out, t.bytes);
	arena_close(arena);
	return t.failed;
}
