/* Writing JSON: values go to a text one by one, escaped where they must be. */
#include "base/json.h"

#include <string.h>

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
