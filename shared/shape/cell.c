/* Cells: members as texts, each way. */
#include "shape/inside.h"

#include <string.h>
#include <strings.h>

enum { CELL_ROOM = 64 << 10 };

/* ---- lists of texts and ids: parted by ; ---- */

static bool is_plain_list(const struct param *row)
{
	return row->type == P_LIST && !*row->of->name;
}

/* Would it be read as another, or as several? */
static bool is_ambiguous(const char *item)
{
	const size_t size = strlen(item);
	return !size || strchr(item, ';') || *item == '[' || *item == ' ' || item[size - 1] == ' ';
}

/* NULL: they are told as JSON. */
static const char *join(const struct param *of, char *items, unsigned count, struct arena *arena)
{
	const size_t size = shape_size(of);
	struct text t = text_new(arena, CELL_ROOM);
	for (unsigned i = 0; i < count; i++) {
		const char *text = of->type == P_ID ? NULL : *shape_text(of, items + i * size);
		if (text && is_ambiguous(text))
			return NULL;
		text_adds(&t, i ? ";" : "");
		if (text)
			text_adds(&t, text);
		else
			text_addi(&t, *shape_number(of, items + i * size));
	}
	return t.failed ? NULL : t.bytes;
}

static const char *list_cell(const struct param *row, const char *kept, struct arena *arena)
{
	unsigned count = 0;
	char *items = kept && is_plain_list(row) ? arena_take(arena, (size_t)row->max * shape_size(row->of)) : NULL;
	if (!items || shape_items(items, &count, row, kept, arena))
		return kept;
	const char *joined = join(row->of, items, count, arena);
	return joined || !count ? joined : kept;
}

/* A JSON array of the texts between ; without the spaces around them. */
static const char *split(const char *text, struct arena *arena)
{
	struct text t = text_new(arena, 2 * CELL_ROOM);
	struct jwriter w = jw_new(&t);
	char *rest = arena_copy(arena, text, strlen(text));
	jw_array(&w, NULL);
	for (char *item; rest && (item = strsep(&rest, ";"));) {
		item += strspn(item, " ");
		for (size_t size = strlen(item); size && item[size - 1] == ' '; size--)
			item[size - 1] = '\0';
		if (*item)
			jw_string(&w, NULL, item);
	}
	jw_end(&w);
	return t.failed ? NULL : t.bytes;
}

/* ---- as texts ---- */

const char *shape_cell(const struct param *row, const void *object, struct arena *arena, char *room)
{
	void *there = (void *)object;
	const int64_t n = *shape_number(row, there);
	switch (row->type) {
	case P_ID:
	case P_INT: return n == ABSENT ? NULL : arena_format(arena, "%lld", (long long)n);
	case P_BOOL: return n == 1 ? "true" : "false";
	case P_INSTANT: return n == ABSENT ? NULL : instant_print(room, n);
	case P_LIST: return list_cell(row, *shape_text(row, there), arena);
	default: return *shape_text(row, there);
	}
}

/* ---- from texts ---- */

enum st cell_take_json(const struct reading *r, const struct param *row, const char *text, void *object)
{
	struct faults why = { .arena = r->arena };
	const struct json *json;
	enum st st = json_parse(&json, &why, r->arena, text, strlen(text));
	if (st == ST_INVALID)
		return fault_add(r->faults, r->pointer, "must be JSON: %s", why.count ? why.item[0].detail : "this is none");
	return st ? st : value_read(r, row, json, MAKING, object);
}

/* Spreadsheets write TRUE. */
static enum st take_bool(const struct reading *r, const struct param *row, const char *text, void *object)
{
	if (strcasecmp(text, "true") && strcasecmp(text, "false"))
		return fault_add(r->faults, r->pointer, "must be true or false");
	*shape_number(row, object) = (*text | 0x20) == 't';
	return ST_OK;
}

/* Line ends of every kind are line feeds. */
static const char *with_line_feeds(const char *text, struct arena *arena)
{
	char *lines = arena_copy(arena, text, strlen(text)), *to = lines;
	for (const char *from = lines; from && *from; from++) {
		const bool ended = *from == '\r';
		*to++ = ended ? '\n' : *from;
		from += ended && from[1] == '\n';
	}
	if (to)
		*to = '\0';
	return lines;
}

enum st cell_take(const struct reading *r, const struct param *row, const char *text, void *object)
{
	if (!*text) {
		member_clear(row, object);
		return ST_OK;
	}
	if (row->type == P_BOOL)
		return take_bool(r, row, text, object);
	if (row->type == P_LINES)
		text = with_line_feeds(text, r->arena);
	else if (is_plain_list(row) && *text != '[')
		text = split(text, r->arena);
	if (!text)
		return ST_MEMORY;
	return row->type == P_LIST || row->type == P_CUSTOM ? cell_take_json(r, row, text, object)
	                                                    : value_take(r, row, text, object);
}
