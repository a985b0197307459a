/* Columns: what their names say, and rows of cells as objects. */
#include "shape/inside.h"

#include <string.h>

/* ---- names ---- */

static bool is_choice(const struct param *row, const char *name)
{
	const size_t size = strlen(name);
	for (const char *c = row->choices; size && *c; c += strspn(c, " ")) {
		const size_t n = strcspn(c, " ");
		if (n == size && !memcmp(c, name, n))
			return true;
		c += n;
	}
	return false;
}

bool column_find(struct column *column, const struct param *shape, const char *name)
{
	const struct param *row = shape_find(shape, name);
	*column = (struct column){ .member = row && (row->presence != GIVEN || row->imported) ? row : NULL };
	for (; !row && shape->name; shape++) {
		const struct param *inside = shape->spread == SPREAD_FIRST ? shape_find(shape->of, name) : NULL;
		const bool choice = shape->spread == SPREAD_CHOICES && is_choice(shape->of, name);
		if (!inside && !choice)
			continue;
		row = shape;
		*column = (struct column){ shape, inside, choice ? name : NULL };
	}
	return row;
}

/* ---- parts of a list: it is told anew with what the cells say ---- */

struct parts {
	const struct param *member;
	const struct column *columns;
	const char *const *cells;
	unsigned count;
};

/* What a cell says of a member of the first item, or of a choice. NULL: there is no such column. */
static const char *said_of(const struct parts *p, const char *name)
{
	for (unsigned i = 0; i < p->count; i++) {
		const struct column *c = &p->columns[i];
		if (c->member == p->member && ((c->inside && !strcmp(c->inside->name, name)) ||
		                               (c->choice && !strcmp(c->choice, name))))
			return p->cells[i];
	}
	return NULL;
}

/* Without a member that has a value it is none. */
static void write_first(struct jwriter *w, const struct parts *p, const struct json *item)
{
	bool open = false;
	for (const struct param *row = p->member->of; row->name; row++) {
		const char *said = said_of(p, row->name);
		const struct json *kept = said ? NULL : json_get(item, row->name);
		if (said ? !*said : !kept || json_kind(kept) == JSON_NULL)
			continue;
		if (!open)
			jw_object(w, NULL);
		open = true;
		if (said)
			jw_string(w, row->name, said);
		else
			jw_value(w, row->name, kept);
	}
	if (open)
		jw_end(w);
}

static void write_choice(struct jwriter *w, const struct parts *p, const char *choice, const char *value)
{
	jw_object(w, NULL);
	jw_string(w, p->member->of[0].name, choice);
	jw_string(w, p->member->of[1].name, value);
	jw_end(w);
}

static bool has_choice(const struct parts *p, const struct json *item, const char *choice)
{
	for (; item; item = json_next(item))
		if (!strcmp(json_text(json_get(item, p->member->of[0].name)), choice))
			return true;
	return false;
}

/* Those that are there as they are, but for the first of a choice that a cell speaks of; then those that are not. */
static void write_choices(struct jwriter *w, const struct parts *p, const struct json *list)
{
	const struct json *first = json_first(list);
	for (const struct json *item = first; item; item = json_next(item)) {
		const char *choice = json_text(json_get(item, p->member->of[0].name)), *said = said_of(p, choice);
		bool again = false;
		for (const struct json *before = first; before != item && !again; before = json_next(before))
			again = !strcmp(json_text(json_get(before, p->member->of[0].name)), choice);
		if (!said || again)
			jw_value(w, NULL, item);
		else if (*said)
			write_choice(w, p, choice, said);
	}
	for (unsigned i = 0; i < p->count; i++) {
		const struct column *c = &p->columns[i];
		if (c->member == p->member && c->choice && *p->cells[i] && !has_choice(p, first, c->choice))
			write_choice(w, p, c->choice, p->cells[i]);
	}
}

static enum st read_parts(const struct reading *r, const struct parts *p, void *object)
{
	const char *kept = *shape_text(p->member, object);
	const struct json *list = NULL;
	struct faults faults = { .arena = r->arena };
	struct text t = text_new(r->arena, 4 * LIST_ROOM);
	struct jwriter w = jw_new(&t);
	if (kept && json_parse(&list, &faults, r->arena, kept, strlen(kept)))
		return ST_STORE;
	jw_array(&w, NULL);
	if (p->member->spread == SPREAD_CHOICES) {
		write_choices(&w, p, list);
	} else {
		const struct json *first = json_first(list);
		write_first(&w, p, first);
		for (const struct json *item = first ? json_next(first) : NULL; item; item = json_next(item))
			jw_value(&w, NULL, item);
	}
	jw_end(&w);
	if (t.failed)
		return fault_add(r->faults, r->pointer, "must be at most %d bytes of JSON", LIST_ROOM);
	return !kept && !strcmp(t.bytes, "[]") ? ST_OK : cell_take_json(r, p->member, t.bytes, object);
}

/* ---- rows ---- */

/* What the cell says already stays, in whatever form it is kept. */
static enum st read_cell(const struct reading *r, const struct param *row, const char *cell, void *object)
{
	char room[INSTANT_ROOM];
	const char *now = shape_cell(row, object, r->arena, room);
	return strcmp(now ? now : "", cell) ? cell_take(r, row, cell, object) : ST_OK;
}

static bool is_part(const struct column *c)
{
	return c->inside || c->choice;
}

/* Of a list that several columns have parts of, the first reads them all. */
static bool was_read(const struct column *columns, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (is_part(&columns[k]) && columns[k].member == columns[i].member)
			return true;
	return false;
}

enum st columns_read(void *object, const struct column *columns, const char *const *cells, unsigned count,
                     struct faults *faults, struct arena *arena)
{
	char pointer[POINTER_ROOM];
	const unsigned before = faults->count;
	enum st st = ST_OK;
	for (unsigned i = 0; i < count && (!st || st == ST_INVALID); i++) {
		const struct column *c = &columns[i];
		const struct parts parts = { c->member, columns, cells, count };
		if (!c->member || (is_part(c) && was_read(columns, i)))
			continue;
		const struct reading r = { pointer_to(pointer, "", c->member->name), faults, arena };
		st = is_part(c) ? read_parts(&r, &parts, object) : read_cell(&r, c->member, cells[i], object);
	}
	return st && st != ST_INVALID ? st : faults->count > before ? ST_INVALID : ST_OK;
}
