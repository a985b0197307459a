/* Reading strict JSON on cJSON: a scan before it refuses what it would let pass, and
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
	const unsigned char *start, *from, *at, *end; /* start: of the whole text, from which a fault's byte is counted */
	bool item; /* ends at the comma or bracket behind an item of an array, in which it begins */
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
	if (s->item && s->depth == 1 && (c == ',' || c == ']'))
		return ST_DONE;
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
	enum st st = ST_OK;
	while (s->at < s->end && !st) {
		unsigned char c = *s->at;
		st = c == '"' ? scan_string(s)
		   : c == '-' || (c >= '0' && c <= '9') ? scan_number(s)
		   : scan_other(s);
	}
	if (st && st != ST_DONE)
		return st;
	text_addc(&s->out, '\0');
	return s->out.failed ? ST_MEMORY : ST_OK;
}

/* ---- cJSON ---- */

/* cJSON's hooks carry no context: these are set for the length of one parse. */
static struct arena *cjson_arena;
static bool cjson_starved;

static void *cjson_take(size_t size)
{
	void *p = arena_take(cjson_arena, size);
	cjson_starved |= !p;
	return p;
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
	cjson_starved = false;
	*root = cJSON_ParseWithLengthOpts(s->out.bytes, s->out.size, &stop, true);
	cjson_arena = NULL;
	if (*root)
		return ST_OK;
	if (cjson_starved)
		return ST_MEMORY;
	const size_t lead = (size_t)(s->from - s->start);
	return fault_add(s->faults, "", "not valid JSON near byte %zu", lead + original_offset(&s->out, stop) + 1);
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

/* A part of a text that begins at `start`. In: path, depth  where the part stands in the whole */
static enum st parse(const struct json **root, struct scan *s, struct path *path)
{
	cJSON *tree = NULL;
	enum st st = scan_all(s);
	if (!st)
		st = build(&tree, s);
	if (!st)
		st = check_tree(tree, s->faults, path);
	if (!st)
		*root = (const struct json *)tree;
	return st;
}

static struct scan scan_of(struct faults *faults, struct arena *arena, const char *start, const char *part, size_t size)
{
	const unsigned char *at = (const unsigned char *)part;
	return (struct scan){ .start = (const unsigned char *)start, .from = at, .at = at, .end = at + size,
		.out = text_new(arena, size * 5 + 16), .faults = faults };
}

enum st json_parse(const struct json **root, struct faults *faults, struct arena *arena,
                   const char *bytes, size_t size)
{
	struct scan s = scan_of(faults, arena, bytes, bytes, size);
	struct path path = { .size = 0 };
	return size ? parse(root, &s, &path) : fault_add(faults, "", "empty; JSON is wanted");
}

/* ---- an array item by item ---- */

static void skip_space(struct json_items *i)
{
	while (i->at < i->end && *i->at && strchr(" \t\r\n", *i->at))
		i->at++;
}

static enum st items_refuse(const struct json_items *i, const char *what)
{
	return fault_add(i->faults, "", "%s near byte %zu", what, (size_t)(i->at - i->start) + 1);
}

enum st json_items_open(struct json_items *i, struct faults *faults, const char *bytes, size_t size)
{
	*i = (struct json_items){ .start = bytes, .at = bytes, .end = bytes + size, .faults = faults };
	skip_space(i);
	if (i->at == i->end || *i->at != '[')
		return ST_DONE;
	i->at++;
	return ST_OK;
}

static const char *behind_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\' && end - at > 1;
	return at < end ? at + 1 : end;
}

/* The end of a value, judged by its brackets and quotes alone. */
static const char *behind_value(const char *at, const char *end)
{
	unsigned depth = 0;
	while (at < end && (depth || (*at != ',' && *at != ']'))) {
		if (*at == '"') {
			at = behind_string(at, end);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= depth && (*at == '}' || *at == ']');
		at++;
	}
	return at;
}

/* What could not be read in as many bytes as an item may have. Returns: `why`, or ST_TOO_LARGE if that is what it is. */
static enum st pass_over(struct json_items *i, const char *from, unsigned faults, enum st why)
{
	const char *end = behind_value(from, i->end);
	if (end - from <= JSON_ITEM_CAP)
		return why;
	i->faults->count = faults;
	i->at = end;
	return ST_TOO_LARGE;
}

/* Behind the array nothing may stand. */
static enum st close_items(struct json_items *i)
{
	i->at++;
	skip_space(i);
	return i->at == i->end ? ST_DONE : items_refuse(i, "not valid JSON");
}

/* Step over the comma before an item, or the bracket behind the last. */
static enum st begin_item(struct json_items *i)
{
	skip_space(i);
	if (i->at < i->end && *i->at == ']')
		return close_items(i);
	if (i->count && i->at < i->end && *i->at == ',') {
		i->at++;
		skip_space(i);
	}
	return i->at < i->end ? ST_OK : items_refuse(i, "not valid JSON");
}

static void path_start(struct path *p, unsigned index)
{
	char digits[12], *at = digits + sizeof digits;
	do
		*--at = (char)('0' + index % 10);
	while (index /= 10);
	p->size = (size_t)(digits + sizeof digits - at) + 1;
	p->text[0] = '/';
	memcpy(p->text + 1, at, p->size - 1);
	p->text[p->size] = '\0';
}

enum st json_items_next(const struct json **item, struct json_items *i, struct arena *arena)
{
	enum st st = begin_item(i);
	if (st)
		return st;
	const char *from = i->at;
	const unsigned faults = i->faults->count;
	const size_t rest = (size_t)(i->end - from), most = rest <= JSON_ITEM_CAP ? rest : JSON_ITEM_CAP + 1;
	struct scan s = scan_of(i->faults, arena, i->start, from, most);
	struct path path;
	s.item = true;
	s.depth = 1;
	path_start(&path, i->count++);
	st = parse(item, &s, &path);
	i->at = (const char *)s.at;
	if (most < rest && (st || s.at == s.end))
		st = pass_over(i, from, faults, st);
	return st || s.at > s.from ? st : items_refuse(i, "not valid JSON");
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
