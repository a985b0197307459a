/* Objects as rows of the store, as JSON, and as CSV. */
#include "shape/shape.h"

#include <string.h>

#include "base/normal.h"
#include "exact/instant.h"

enum form { FORM_TEXT, FORM_INT, FORM_BOOL, FORM_INSTANT, FORM_DECIMAL, FORM_JSON };

static const enum form forms[P__MAX] = {
	[P_ID] = FORM_INT, [P_INT] = FORM_INT, [P_BOOL] = FORM_BOOL, [P_INSTANT] = FORM_INSTANT,
	[P_DECIMAL] = FORM_DECIMAL, [P_LIST] = FORM_JSON, [P_CUSTOM] = FORM_JSON,
};

static bool is_number(const struct param *row)
{
	return forms[row->type] >= FORM_INT && forms[row->type] <= FORM_INSTANT;
}

static int64_t number_of(const struct param *row, const void *object)
{
	return *shape_number(row, (void *)object);
}

static const char *text_of(const struct param *row, const void *object)
{
	return *shape_text(row, (void *)object);
}

/* ---- the store ---- */

enum st shape_row(void *object, const struct param *shape, const struct rows *rows, unsigned column,
                  struct arena *arena)
{
	for (; shape->name; shape++, column++) {
		const char *text = is_number(shape) ? NULL : rows_text(rows, column);
		if (is_number(shape))
			*shape_number(shape, object) = rows_null(rows, column) ? ABSENT : rows_int(rows, column);
		else if (!(*shape_text(shape, object) = text ? arena_copy(arena, text, strlen(text)) : NULL) && text)
			return ST_MEMORY;
	}
	return ST_OK;
}

unsigned shape_vals(struct val *vals, const struct param *shape, const void *object)
{
	const struct val *first = vals;
	for (; shape->name; shape++, vals++) {
		*vals = is_number(shape) ? INT(number_of(shape, object)) : OPT(text_of(shape, object));
		if (is_number(shape) && vals->number == ABSENT)
			*vals = (struct val){ .kind = VAL_NULL };
	}
	return (unsigned)(vals - first);
}

/* ---- other processes ---- */

void shape_pack(struct text *flat, const struct param *shape, const void *object)
{
	for (; shape->name; shape++)
		if (is_number(shape))
			flat_add_int(flat, number_of(shape, object));
		else
			flat_add_text(flat, text_of(shape, object));
}

void shape_unpack(void *object, const struct param *shape, struct flat_reader *reader)
{
	for (; shape->name; shape++)
		if (is_number(shape))
			*shape_number(shape, object) = flat_int(reader);
		else
			*shape_text(shape, object) = flat_text(reader);
}

/* ---- JSON ---- */

static void write_number(struct jwriter *w, const struct param *row, int64_t n)
{
	char at[INSTANT_ROOM];
	if (forms[row->type] == FORM_BOOL)
		jw_bool(w, row->name, n == 1);
	else if (n == ABSENT)
		jw_null(w, row->name);
	else if (forms[row->type] == FORM_INSTANT)
		jw_string(w, row->name, instant_print(at, n));
	else
		jw_int(w, row->name, n);
}

static void write_text(struct jwriter *w, const struct param *row, const char *text)
{
	if (forms[row->type] == FORM_TEXT || (!text && forms[row->type] == FORM_DECIMAL))
		jw_string(w, row->name, text);
	else
		jw_raw(w, row->name, text ? text : row->type == P_LIST ? "[]" : "{}");
}

static void write_member(struct jwriter *w, const struct param *row, const void *object)
{
	if (is_number(row))
		write_number(w, row, number_of(row, object));
	else
		write_text(w, row, text_of(row, object));
}

void shape_write(struct jwriter *w, const char *name, const struct param *shape, const void *object)
{
	jw_object(w, name);
	for (; shape->name; shape++)
		write_member(w, shape, object);
	jw_end(w);
}

static bool is_same(const struct param *row, const void *a, const void *b)
{
	if (is_number(row))
		return number_of(row, a) == number_of(row, b);
	const char *one = text_of(row, a), *other = text_of(row, b);
	return one && other ? !strcmp(one, other) : one == other;
}

void shape_write_changes(struct jwriter *w, const char *name, const struct param *shape, const void *object,
                         const void *other)
{
	jw_object(w, name);
	for (; shape->name; shape++)
		if (!is_same(shape, object, other))
			write_member(w, shape, object);
	jw_end(w);
}

/* ---- searching ---- */

const char *shape_search(const struct param *shape, const void *object, struct arena *arena)
{
	struct text lines = text_new(arena, 16 << 10);
	text_adds(&lines, "");
	for (; shape->name; shape++)
		if (shape->searched && text_of(shape, object)) {
			text_adds(&lines, lines.size ? "\n" : "");
			text_adds(&lines, text_of(shape, object));
		}
	return lines.failed ? NULL : text_fold(lines.size ? lines.bytes : "", arena);
}
