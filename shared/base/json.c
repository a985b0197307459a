/* Strict JSON on cJSON: a scan before it refuses what it would let pass, and
 * keeps each number's digits by handing them to cJSON as a marked string. */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Behind this byte, which no valid UTF-8 holds, a cJSON string is a number's text. */
#define NUMBER_MARK '\xff'

enum { MARK_BYTES = 3, MEMBERS_CAP = 256, ARRAY_CAP = 10000, NUMBER_CAP = 64, POINTER_CAP = 512 };

/* ---- the scan: bytes in, bytes for cJSON out ---- */

struct scan {
	const unsigned char *start, *at, *end;
	struct text out;
	struct faults *faults;
	unsigned depth;
};

static enum st refuse(struct scan *s, const char *what)
{
	return fault_add(s->faults, "", "%s at byte %zu", what, (size_t)(s->at - s->start) + 1);
}

static enum st scan_string(struct scan *s)
{
	const unsigned char *from = s->at++;
	for (;;) {
		if (s->at == s->end)
			return refuse(s, "a string does not end");
		unsigned char c = *s->at;
		if (c < 0x20)
			return refuse(s, "a raw control character in a string");
		if (c == '\\' && s->end - s->at >= 6 && !memcmp(s->at, "\\u0000", 6))
			return refuse(s, "the character U+0000");
		unsigned length = c == '\\' ? 1 : utf8_length(s->at, s->end);
		if (!length)
			return refuse(s, "bad UTF-8");
		s->at += length;
		if (c == '\\' && s->at < s->end && *s->at < 0x80)
			s->at++;
		if (c == '"')
			break;
	}
	text_add(&s->out, (const char *)from, (size_t)(s->at - from));
	return ST_OK;
}

static bool digits(struct scan *s)
{
	const unsigned char *from = s->at;
	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > from;
}

static bool skip(struct scan *s, const char *any)
{
	if (s->at == s->end || !*s->at || !strchr(any, *s->at))
		return false;
	s->at++;
	return true;
}

/* number = [ minus ] int [ frac ] [ exp ], RFC 8259 section 6. */
static bool number_grammar(struct scan *s)
{
	skip(s, "-");
	if (!skip(s, "0") && !digits(s))
		return false;
	if (skip(s, ".") && !digits(s))
		return false;
	if (skip(s, "eE")) {
		skip(s, "+-");
		if (!digits(s))
			return false;
	}
	return s->at == s->end || !strchr("0123456789.+-", *s->at) || !*s->at;
}

static enum st scan_number(struct scan *s)
{
	const unsigned char *from = s->at;
	if (!number_grammar(s))
		return refuse(s, "a malformed number");
	if (s->at - from > NUMBER_CAP)
		return refuse(s, "a number of more than 64 characters");
	text_addc(&s->out, '"');
	text_addc(&s->out, NUMBER_MARK);
	text_add(&s->out, (const char *)from, (size_t)(s->at - from));
	text_addc(&s->out, '"');
	return ST_OK;
}

static enum st scan_other(struct scan *s)
{
	unsigned char c = *s->at;
	if (c >= 0x80 || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
		return refuse(s, "an unexpected character");
	if (c == '{' || c == '[')
		s->depth++;
	if ((c == '}' || c == ']') && s->depth)
		s->depth--;
	if (s->depth > JSON_DEPTH_CAP)
		return refuse(s, "nested more than 32 levels deep");
	s->at++;
	text_addc(&s->out, (char)c);
	return ST_OK;
}

static enum st scan_all(struct scan *s)
{
	while (s->at < s->end) {
		unsigned char c = *s->at;
		enum st st = c == '"' ? scan_string(s)
		           : c == '-' || (c >= '0' && c <= '9') ? scan_number(s)
		           : scan_other(s);
		if (st)
			return st;
	}
	text_addc(&s->out, '\0');
	return s->out.failed ? ST_MEMORY : ST_OK;
}

/* ---- cJSON ---- */

static struct arena *cjson_arena; /* cJSON's hooks carry no context; set for the length of one parse */

static void *cjson_take(size_t size)
{
	return arena_take(cjson_arena, size);
}

static void cjson_leave(void *p)
{
	(void)p; /* the arena frees it */
}

/* Where cJSON stopped, in bytes of the original text. */
static size_t original_offset(const struct text *out, const char *stop)
{
	size_t marks = 0;
	for (const char *p = out->bytes; p < stop; p++)
		marks += *p == NUMBER_MARK;
	size_t offset = (size_t)(stop - out->bytes);
	return offset > marks * MARK_BYTES ? offset - marks * MARK_BYTES : 0;
}

static enum st build(cJSON **root, struct scan *s)
{
	static cJSON_Hooks hooks = { cjson_take, cjson_leave };
	const char *stop = s->out.bytes;
	cJSON_InitHooks(&hooks);
	cjson_arena = s->out.arena;
	*root = cJSON_ParseWithLengthOpts(s->out.bytes, s->out.size, &stop, true);
	cjson_arena = NULL;
	if (*root)
		return ST_OK;
	return fault_add(s->faults, "", "not valid JSON near byte %zu", original_offset(&s->out, stop) + 1);
}

/* ---- the walk: what needs the finished tree ---- */

struct path {
	char text[POINTER_CAP];
	size_t size;
};

static void path_push(struct path *p, const char *name)
{
	if (p->size + 2 >= sizeof p->text)
		return;
	p->text[p->size++] = '/';
	for (; *name && p->size + 3 < sizeof p->text; name++) {
		if (*name == '~' || *name == '/') { /* RFC 6901: ~0 and ~1 */
			p->text[p->size++] = '~';
			p->text[p->size++] = *name == '~' ? '0' : '1';
		} else {
			p->text[p->size++] = *name;
		}
	}
	p->text[p->size] = '\0';
}

static enum st check_name(const cJSON *object, const cJSON *member, struct faults *faults, const struct path *path)
{
	for (const cJSON *other = object->child; other != member; other = other->next)
		if (!strcmp(other->string, member->string))
			return fault_add(faults, path->text, "the name stands twice");
	return ST_OK;
}

static enum st check_tree(const cJSON *parent, struct faults *faults, struct path *path)
{
	const size_t size = path->size;
	const bool object = cJSON_IsObject(parent);
	unsigned n = 0;
	for (const cJSON *c = parent->child; c; c = c->next, n++) {
		char index[16] = "";
		if (n >= (object ? (unsigned)MEMBERS_CAP : (unsigned)ARRAY_CAP))
			return fault_add(faults, path->text, object ? "more than 256 members" : "more than 10,000 items");
		if (object && *c->string == NUMBER_MARK)
			return fault_add(faults, path->text, "a name must be a string");
		if (!object)
			snprintf(index, sizeof index, "%u", n);
		path_push(path, object ? c->string : index);
		enum st st = object ? check_name(parent, c, faults, path) : ST_OK;
		if (!st && c->child)
			st = check_tree(c, faults, path);
		if (st)
			return st;
		path->text[path->size = size] = '\0';
	}
	return ST_OK;
}

enum st json_parse(const struct json **root, struct faults *faults, struct arena *arena,
                   const char *bytes, size_t size)
{
	const unsigned char *start = (const unsigned char *)bytes;
	struct scan s = { start, start, start + size, text_new(arena, size * 5 + 16), faults, 0 };
	struct path path = { .size = 0 };
	cJSON *tree = NULL;
	if (!size)
		return fault_add(faults, "", "empty; JSON is wanted");
	enum st st = scan_all(&s);
	if (!st)
		st = build(&tree, &s);
	if (!st)
		st = check_tree(tree, faults, &path);
	if (!st)
		*root = (const struct json *)tree;
	return st;
}

/* ---- reading the tree ---- */

static const cJSON *node(const struct json *value)
{
	return (const cJSON *)value;
}

enum json_kind json_kind(const struct json *value)
{
	const cJSON *n = node(value);
	if (cJSON_IsString(n))
		return *n->valuestring == NUMBER_MARK ? JSON_NUMBER : JSON_STRING;
	return cJSON_IsObject(n) ? JSON_OBJECT : cJSON_IsArray(n) ? JSON_ARRAY : cJSON_IsBool(n) ? JSON_BOOL : JSON_NULL;
}

const char *json_kind_name(const struct json *value)
{
	static const char *const names[] = { "null", "true or false", "a number", "a string", "an array", "an object" };
	return names[json_kind(value)];
}

const char *json_text(const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_STRING: return node(value)->valuestring;
	case JSON_NUMBER: return node(value)->valuestring + 1;
	default: return "";
	}
}

bool json_true(const struct json *value)
{
	return cJSON_IsTrue(node(value));
}

const struct json *json_get(const struct json *object, const char *name)
{
	if (!object || !cJSON_IsObject(node(object)))
		return NULL;
	return (const struct json *)cJSON_GetObjectItemCaseSensitive(node(object), name);
}

const struct json *json_first(const struct json *parent)
{
	return parent ? (const struct json *)node(parent)->child : NULL;
}

const struct json *json_next(const struct json *child)
{
	return (const struct json *)node(child)->next;
}

const char *json_name(const struct json *member)
{
	return node(member)->string ? node(member)->string : "";
}

size_t json_count(const struct json *parent)
{
	size_t n = 0;
	for (const struct json *c = json_first(parent); c; c = json_next(c))
		n++;
	return n;
}

/* ---- writing ---- */

struct jwriter jw_new(struct text *text)
{
	return (struct jwriter){ .text = text };
}

/* memcpy for the few bytes that most names and values have: 4 to 16 in two moves that may overlap. */
static void put(char *to, const char *from, size_t size)
{
	if (size >= 8 && size <= 16) {
		uint64_t head, tail;
		memcpy(&head, from, 8);
		memcpy(&tail, from + size - 8, 8);
		memcpy(to, &head, 8);
		memcpy(to + size - 8, &tail, 8);
	} else if (size >= 4 && size < 8) {
		uint32_t head, tail;
		memcpy(&head, from, 4);
		memcpy(&tail, from + size - 4, 4);
		memcpy(to, &head, 4);
		memcpy(to + size - 4, &tail, 4);
	} else {
		memcpy(to, from, size);
	}
}

static bool is_special(char c)
{
	return (unsigned char)c < ' ' || c == '"' || c == '\\';
}

typedef unsigned char eight __attribute__((vector_size(8)));

/* Which of eight bytes need an escape. */
static eight specials(const void *at, size_t size)
{
	eight bytes = { ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ' };
	memcpy(&bytes, at, size);
	return (eight)((bytes < ' ') | (bytes == '"') | (bytes == '\\'));
}

/* Whether none of these bytes needs one; the last eight may be looked at twice. */
static bool is_plain(const char *s, size_t size)
{
	uint64_t any;
	eight found = { 0 };
	if (size < sizeof found)
		found = specials(s, size);
	for (size_t i = 0; size >= sizeof found && i < size; i += sizeof found)
		found |= specials(s + (i + sizeof found > size ? size - sizeof found : i), sizeof found);
	memcpy(&any, &found, sizeof any);
	return !any;
}

static size_t escaped_size(const char *s)
{
	size_t size = 0;
	for (; *s; s++)
		size += *s == '"' || *s == '\\' ? 2 : is_special(*s) ? 6 : 1;
	return size;
}

static void put_escaped(char *at, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	for (; *s; s++) {
		if (!is_special(*s)) {
			*at++ = *s;
			continue;
		}
		*at++ = '\\';
		if (*s == '"' || *s == '\\') {
			*at++ = *s;
		} else {
			memcpy(at, "u00", 3);
			at[3] = hex[*s >> 4];
			at[4] = hex[*s & 15];
			at += 5;
		}
	}
}

/* Make room for a value of `size` bytes behind its comma and name. Returns its place; NULL where there is none. */
static char *begin(struct jwriter *w, const char *name, size_t size)
{
	const size_t comma = w->some[w->depth], name_size = name ? strlen(name) : 0;
	char *at = text_grow(w->text, comma + (name ? name_size + 3 : 0) + size);
	if (!at)
		return NULL;
	w->some[w->depth] = true;
	if (comma)
		*at++ = ',';
	if (!name)
		return at;
	*at = '"';
	put(at + 1, name, name_size);
	at[name_size + 1] = '"';
	at[name_size + 2] = ':';
	return at + name_size + 3;
}

static void open(struct jwriter *w, const char *name, char opens, char closes)
{
	char *at = begin(w, name, 1);
	if (at)
		*at = opens;
	if (w->depth == JSON_DEPTH_CAP) {
		w->text->failed = true;
		return;
	}
	w->depth++;
	w->some[w->depth] = false;
	w->close[w->depth] = closes;
}

void jw_object(struct jwriter *w, const char *name)
{
	open(w, name, '{', '}');
}

void jw_array(struct jwriter *w, const char *name)
{
	open(w, name, '[', ']');
}

void jw_end(struct jwriter *w)
{
	text_addc(w->text, w->close[w->depth]);
	w->depth--;
}

void jw_string(struct jwriter *w, const char *name, const char *string)
{
	if (!string) {
		jw_null(w, name);
		return;
	}
	const size_t size = strlen(string);
	const bool plain = is_plain(string, size);
	const size_t inner = plain ? size : escaped_size(string);
	char *at = begin(w, name, inner + 2);
	if (!at)
		return;
	at[0] = at[inner + 1] = '"';
	if (plain)
		put(at + 1, string, size);
	else
		put_escaped(at + 1, string);
}

void jw_int(struct jwriter *w, const char *name, int64_t value)
{
	begin(w, name, 0);
	text_addi(w->text, value);
}

void jw_bool(struct jwriter *w, const char *name, bool value)
{
	jw_raw(w, name, value ? "true" : "false");
}

void jw_null(struct jwriter *w, const char *name)
{
	jw_raw_n(w, name, "null", 4);
}

void jw_raw(struct jwriter *w, const char *name, const char *json)
{
	jw_raw_n(w, name, json, strlen(json));
}

void jw_raw_n(struct jwriter *w, const char *name, const char *json, size_t size)
{
	char *at = begin(w, name, size);
	if (at)
		put(at, json, size);
}

/* A member of somebody else's making: its name may need escapes. What follows then is unnamed. */
static void begin_member(struct jwriter *w, const char *name)
{
	jw_string(w, NULL, name);
	text_addc(w->text, ':');
	w->some[w->depth] = false;
}

static void write_children(struct jwriter *w, const struct json *parent)
{
	const bool named = json_kind(parent) == JSON_OBJECT;
	for (const struct json *c = json_first(parent); c; c = json_next(c)) {
		if (named)
			begin_member(w, json_name(c));
		jw_value(w, NULL, c);
	}
	jw_end(w);
}

void jw_value(struct jwriter *w, const char *name, const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_NULL: jw_null(w, name); break;
	case JSON_BOOL: jw_bool(w, name, json_true(value)); break;
	case JSON_NUMBER: jw_raw(w, name, json_text(value)); break;
	case JSON_STRING: jw_string(w, name, json_text(value)); break;
	case JSON_ARRAY: jw_array(w, name); write_children(w, value); break;
	case JSON_OBJECT: jw_object(w, name); write_children(w, value); break;
	}
}
