/* Strict JSON in, exact JSON out. The one header between Pennymeter and cJSON.
 *
 * What json_parse() refuses that cJSON takes: duplicate names, bad UTF-8, raw
 * control characters, U+0000, a byte-order mark, numbers that JSON's grammar
 * does not allow, and more depth or members than the caps. Numbers are never
 * made binary: json_text() gives their digits as they were written. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

/* ---- reading ---- */

struct json; /* a value; it lives in the arena it was parsed into */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

enum { JSON_DEPTH_CAP = 32, JSON_ITEM_CAP = 64 << 10 };

/** Parse one JSON text.
 *  Returns: ST_OK; ST_INVALID with a fault; ST_MEMORY: the arena has no room for its tree.
 *  Out: root    the value, owned by `arena`
 *  Out: faults  the cause, with the pointer where it is known
 *  In:  bytes   `size` bytes, need not end in NUL */
enum st json_parse(const struct json **root, struct faults *faults, struct arena *arena,
                   const char *bytes, size_t size) MUST_USE;

/** An array of which only one item at a time is a tree, so that its memory does not grow with their number. */
struct json_items {
	const char *start, *at, *end;
	struct faults *faults;
	unsigned count; /* of the items so far */
};

/** Begin to read the items of an array.
 *  Returns: ST_OK; ST_DONE if the text begins with something else. */
enum st json_items_open(struct json_items *items, struct faults *faults, const char *bytes, size_t size) MUST_USE;

/** Parse the next item; what is wrong with it is wrong with the whole text, save its size.
 *  Returns: ST_OK; ST_DONE behind the last; ST_TOO_LARGE: it has more than JSON_ITEM_CAP bytes, the next one can be
 *  read all the same; ST_INVALID with a fault; ST_MEMORY.
 *  Out: item  owned by `arena`, which may be another one for each */
enum st json_items_next(const struct json **item, struct json_items *items, struct arena *arena) MUST_USE;

enum json_kind json_kind(const struct json *value);

/** "an object", "a number", …: the kind in words for a message. */
const char *json_kind_name(const struct json *value);

/** A string's content, or a number's digits as written; "" for other kinds. Never NULL. */
const char *json_text(const struct json *value);

/** true of a JSON_BOOL that is true. */
bool json_true(const struct json *value);

/** The member with exactly this name, or NULL. `object` may be NULL or of any kind. */
const struct json *json_get(const struct json *object, const char *name);

/** Walk an array or object: first child, next sibling (NULL at the end), a member's name. */
const struct json *json_first(const struct json *parent);
const struct json *json_next(const struct json *child);
const char *json_name(const struct json *member);

/** The number of children. Walks them: do not call it in a loop over them. */
size_t json_count(const struct json *parent);

/* ---- writing ---- */

/** A writer: values go to `text` one by one; commas and closing brackets are its care. */
struct jwriter {
	struct text *text;
	unsigned depth;
	bool some[JSON_DEPTH_CAP + 1];  /* a value was written at this depth */
	char close[JSON_DEPTH_CAP + 1]; /* what ends it: } or ] */
};

struct jwriter jw_new(struct text *text);

/** Each takes the member's name, NULL inside an array or at the root. A name is one of ours, in the
 *  source: it holds nothing that JSON escapes. */
void jw_object(struct jwriter *w, const char *name);
void jw_array(struct jwriter *w, const char *name);
void jw_end(struct jwriter *w); /* the innermost open object or array */
void jw_string(struct jwriter *w, const char *name, const char *string); /* NULL string: null */
void jw_int(struct jwriter *w, const char *name, int64_t value);
void jw_bool(struct jwriter *w, const char *name, bool value);
void jw_null(struct jwriter *w, const char *name);
/** A JSON text that is written already: an exact decimal, or a stored object. */
void jw_raw(struct jwriter *w, const char *name, const char *json);
void jw_raw_n(struct jwriter *w, const char *name, const char *json, size_t size);
/** A parsed value, without white space, its members in order, its numbers as they were. */
void jw_value(struct jwriter *w, const char *name, const struct json *value);

#endif
