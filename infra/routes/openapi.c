/* openapi.json: the declarations in the words of OpenAPI 3.1. */
#include <string.h>

#include "routes.h"

/* ---- schemas ---- */

static void text_schema(struct jwriter *w, const struct param *p)
{
	if (p->min || p->presence == REQUIRED)
		jw_int(w, "minLength", p->min ? p->min : 1);
	jw_int(w, "maxLength", p->max ? p->max : 255);
}

static void key_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_string(w, "pattern", "^[!-~]{1,255}$");
}

static void quantity_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_string(w, "pattern", "^-?[0-9]+(\\.[0-9]{1,6})?$");
}

static void instant_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_raw(w, "anyOf", "[{\"format\":\"date-time\"},{\"format\":\"date\"}]");
}

static void int_schema(struct jwriter *w, const struct param *p)
{
	jw_int(w, "minimum", p->type == P_ID ? 1 : p->min);
	jw_int(w, "maximum", p->type == P_ID ? ID_MAX : p->max);
}

static void email_schema(struct jwriter *w, const struct param *p)
{
	(void)p;
	jw_string(w, "format", "email");
	jw_int(w, "maxLength", 254);
}

static void code_schema(struct jwriter *w, const struct param *p)
{
	jw_string(w, "pattern", p->type == P_CURRENCY ? "^[A-Z]{3}$" : "^[A-Z]{2}$");
}

static void decimal_schema(struct jwriter *w, const struct param *p)
{
	char pattern[64];
	snprintf(pattern, sizeof pattern, "^[0-9]+(\\.[0-9]{1,%u})?$", p->digits);
	jw_string(w, "pattern", pattern);
	jw_int(w, "minimum", p->min);
	jw_int(w, "maximum", p->max);
}

static void custom_schema(struct jwriter *w, const struct param *p)
{
	jw_int(w, "maxProperties", p->max);
	jw_raw(w, "additionalProperties", "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}");
}

static void choice_schema(struct jwriter *w, const struct param *p, bool nullable)
{
	char word[64];
	jw_array(w, "enum");
	for (const char *c = p->choices; *c;) {
		size_t n = strcspn(c, " ");
		snprintf(word, sizeof word, "%.*s", (int)n, c);
		jw_string(w, NULL, word);
		c += n + strspn(c + n, " ");
	}
	if (nullable)
		jw_null(w, NULL);
	jw_end(w);
}

static const struct schema {
	const char *type, *other; /* that it may have, too */
	void (*more)(struct jwriter *, const struct param *);
} schemas[P__MAX] = {
	[P_TEXT] = { "string", NULL, text_schema },              [P_LINES] = { "string", NULL, text_schema },
	[P_KEY] = { "string", NULL, key_schema },                [P_QUANTITY] = { "number", "string", quantity_schema },
	[P_INSTANT] = { "string", NULL, instant_schema },        [P_END] = { "string", NULL, instant_schema },
	[P_INT] = { "integer", NULL, int_schema },               [P_ID] = { "integer", NULL, int_schema },
	[P_BOOL] = { "boolean", NULL, NULL },                    [P_OBJECT] = { "object", NULL, NULL },
	[P_CHOICE] = { "string", NULL, NULL },                   [P_EMAIL] = { "string", NULL, email_schema },
	[P_CURRENCY] = { "string", NULL, code_schema },          [P_COUNTRY] = { "string", NULL, code_schema },
	[P_DECIMAL] = { "number", "string", decimal_schema },    [P_LIST] = { "array", NULL, NULL },
	[P_CUSTOM] = { "object", NULL, custom_schema },
};

enum place { IN_QUERY, IN_BODY, IN_CHANGE, IN_ANSWER };

static void print_type(struct jwriter *w, const struct schema *s, bool nullable)
{
	if (!s->other && !nullable) {
		jw_string(w, "type", s->type);
		return;
	}
	jw_array(w, "type");
	jw_string(w, NULL, s->type);
	if (s->other)
		jw_string(w, NULL, s->other);
	if (nullable)
		jw_string(w, NULL, "null");
	jw_end(w);
}

static void print_object(struct jwriter *w, const char *name, const struct param *shape, enum place place);

static void print_schema(struct jwriter *w, const struct param *p, enum place place)
{
	const bool nullable = p->presence == OPTIONAL && place != IN_QUERY;
	print_type(w, &schemas[p->type], nullable);
	if (schemas[p->type].more)
		schemas[p->type].more(w, p);
	if (p->type == P_CHOICE)
		choice_schema(w, p, nullable);
	if (!p->of)
		return;
	jw_int(w, "maxItems", p->max);
	if (*p->of->name) {
		print_object(w, "items", p->of, place);
	} else {
		jw_object(w, "items");
		print_schema(w, p->of, place);
		jw_end(w);
	}
}

/* ---- what comes in ---- */

static void print_header_key(struct jwriter *w)
{
	jw_raw(w, NULL, "{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
	                "\"description\":\"1 to 255 visible characters; a repeat counts once\","
	                "\"schema\":{\"type\":\"string\",\"pattern\":\"^[!-~]{1,255}$\"}}");
}

/* One that is not in the body. In: where  "query" or "path" */
static void print_parameter(struct jwriter *w, const struct param *p, const char *where)
{
	jw_object(w, NULL);
	jw_string(w, "name", p->name);
	jw_string(w, "in", where);
	jw_bool(w, "required", p->presence == REQUIRED);
	jw_string(w, "description", p->doc);
	jw_object(w, "schema");
	print_schema(w, p, IN_QUERY);
	jw_end(w);
	jw_end(w);
}

static void print_parameters(struct jwriter *w, const struct fn *fn, const struct verb *v)
{
	static const struct param id = { "id", P_ID, REQUIRED, "of the object, from 1" };
	static const struct param if_match = { "If-Match", P_TEXT, REQUIRED, "the ETag of what was read, or *", 1, 255 };
	if (!v->query && !v->lists && !v->idempotent && !v->matches && !fn->takes_id)
		return;
	jw_array(w, "parameters");
	if (fn->takes_id)
		print_parameter(w, &id, "path");
	for (const struct param *p = v->query; p && p->name; p++)
		print_parameter(w, p, "query");
	for (const struct param *p = list_query; v->lists && p->name; p++)
		print_parameter(w, p, "query");
	if (v->matches)
		print_parameter(w, &if_match, "header");
	if (v->idempotent)
		print_header_key(w);
	jw_end(w);
}

/* Of a change nothing is required, in an answer everything is there. */
static void print_required(struct jwriter *w, const struct param *shape, enum place place)
{
	bool open = false;
	for (const struct param *p = shape; p && p->name; p++) {
		if (place == IN_CHANGE || (place == IN_BODY && p->presence != REQUIRED))
			continue;
		if (!open)
			jw_array(w, "required");
		open = true;
		jw_string(w, NULL, p->name);
	}
	if (open)
		jw_end(w);
}

static void print_object(struct jwriter *w, const char *name, const struct param *shape, enum place place)
{
	jw_object(w, name);
	jw_string(w, "type", "object");
	if (place != IN_ANSWER)
		jw_bool(w, "additionalProperties", false);
	print_required(w, shape, place);
	jw_object(w, "properties");
	for (const struct param *p = shape; p && p->name; p++) {
		if (p->presence == GIVEN && place != IN_ANSWER)
			continue;
		jw_object(w, p->name);
		print_schema(w, p, place);
		jw_string(w, "description", p->doc);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

/* The declared fields are the body's, or of a raw body each item's: of a JSON array, or of a line. */
static void print_content(struct jwriter *w, const struct verb *v, const char *type)
{
	const enum place place = v->matches ? IN_CHANGE : IN_BODY;
	jw_object(w, type);
	if (v->kind == BODY_RAW && v->body && !strcmp(type, "application/json")) {
		jw_object(w, "schema");
		jw_string(w, "type", "array");
		print_object(w, "items", v->body, place);
		jw_end(w);
	} else if (v->body) {
		print_object(w, "schema", v->body, place);
	} else if (!strncmp(type, "text/", 5)) {
		jw_raw(w, "schema", "{\"type\":\"string\"}");
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

static const char any_text[] = "{\"schema\":{\"type\":\"string\"}}";

/* What one address answers with. */
struct answering {
	bool reads;                /* by GET: there is something in the answer */
	const char *kind;          /* "customers" of /api/customers/archive/{id} */
	const struct param *shape; /* of the kind's objects, which stands once by that name; NULL: it has none */
};

static void print_reference(struct jwriter *w, const char *name, const char *kind)
{
	char reference[160];
	snprintf(reference, sizeof reference, "#/components/schemas/%s", kind);
	jw_object(w, name);
	jw_string(w, "$ref", reference);
	jw_end(w);
}

/* {"customers": […], "next": …} */
static void print_list(struct jwriter *w, const char *kind)
{
	jw_object(w, "schema");
	jw_string(w, "type", "object");
	jw_array(w, "required");
	jw_string(w, NULL, kind);
	jw_string(w, NULL, "next");
	jw_end(w);
	jw_object(w, "properties");
	jw_object(w, kind);
	jw_string(w, "type", "array");
	print_reference(w, "items", kind);
	jw_end(w);
	jw_raw(w, "next", "{\"type\":[\"string\",\"null\"],\"description\":\"`after` of the next page\"}");
	jw_end(w);
	jw_end(w);
}

static void print_json(struct jwriter *w, const struct verb *v, const struct answering *a)
{
	jw_object(w, "application/json");
	if (v->gives && v->lists)
		print_list(w, a->kind);
	else if (v->gives && v->gives == a->shape)
		print_reference(w, "schema", a->kind);
	else if (v->gives)
		print_object(w, "schema", v->gives, IN_ANSWER);
	else
		jw_raw(w, "schema", "{\"type\":\"object\"}");
	if (v->answers)
		jw_raw(w, "example", v->answers);
	jw_end(w);
}

static void print_answers(struct jwriter *w, const struct verb *v, const struct answering *a)
{
	const bool csv = v->lists || v->csv, json = v->gives || v->answers || (a->reads && !v->lists);
	jw_object(w, "responses");
	jw_object(w, "2XX");
	jw_string(w, "description", "Done.");
	if (json || csv)
		jw_object(w, "content");
	if (json)
		print_json(w, v, a);
	if (csv)
		jw_raw(w, "text/csv", any_text);
	if (json || csv)
		jw_end(w);
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
	char id[200];
	jw_object(w, lower[method]);
	snprintf(id, sizeof id, "%s-%s%s%s", lower[method], a->entry->path, a->entry->fn->takes_id ? "-id" : "",
	         a->kind == AT_ALSO ? "-also" : "");
	for (char *p = id; *p; p++)
		if (*p == '/')
			*p = '-';
	jw_string(w, "operationId", id);
}

/* The kind of an address: "customers" of /api/customers/archive/{id}. Out: kind  100 bytes */
static void name_kind(char *kind, const struct address *a)
{
	snprintf(kind, 100, "%.*s", (int)strcspn(a->entry->path, "/"), a->entry->path);
}

/* What the method that lists a kind gives. */
static const struct param *shape_of(const struct address *a)
{
	const struct verb *v = &a->entry->fn->on[M_GET];
	return a->kind == AT_API && v->lists ? v->gives : NULL;
}

static const struct param *shape_of_kind(const struct addresses *list, const char *kind)
{
	char name[100];
	for (size_t i = 0; i < list->count; i++) {
		name_kind(name, &list->at[i]);
		if (!strcmp(name, kind) && shape_of(&list->at[i]))
			return shape_of(&list->at[i]);
	}
	return NULL;
}

static void print_path(struct jwriter *w, const struct address *a, const struct addresses *list)
{
	char tag[100];
	name_kind(tag, a);
	const struct param *shape = shape_of_kind(list, tag);
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
		print_parameters(w, a->entry->fn, v);
		print_body(w, v);
		print_answers(w, v, &(struct answering){ m == M_GET, tag, shape });
		jw_end(w);
	}
	jw_end(w);
}

static const char security[] =
	"{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A token pm_…\"},"
	"\"apiKey\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Api-Key\"}}";

static const char answers[] =
	"{\"Problem\":{\"description\":\"What went wrong (RFC 9457).\",\"content\":{\"application/problem+json\":"
	"{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}";

static const char problem[] =
	"{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\",\"errors\"],"
	"\"properties\":{\"type\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
	"\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},\"errors\":{\"type\":\"array\",\"items\":"
	"{\"type\":\"object\",\"required\":[\"pointer\",\"detail\"],\"properties\":{\"pointer\":{\"type\":\"string\"},"
	"\"detail\":{\"type\":\"string\"}}}}}}";

static void print_kind(struct jwriter *w, const struct address *a)
{
	char kind[100];
	name_kind(kind, a);
	if (shape_of(a))
		print_object(w, kind, shape_of(a), IN_ANSWER);
}

static void print_components(struct jwriter *w, const struct addresses *list)
{
	jw_object(w, "components");
	jw_raw(w, "securitySchemes", security);
	jw_raw(w, "responses", answers);
	jw_object(w, "schemas");
	jw_raw(w, "Problem", problem);
	for (size_t i = 0; i < list->count; i++)
		print_kind(w, &list->at[i]);
	jw_end(w);
	jw_end(w);
}

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
			print_path(w, &list->at[i], list);
	jw_end(w);
	print_components(w, list);
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
