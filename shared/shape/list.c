/* Lists and custom objects: checked whole, and kept as canonical JSON text. */
#include "shape/inside.h"

#include <stdio.h>
#include <string.h>

#include "base/normal.h"
#include "base/utf8.h"

enum { CUSTOM_NAME_CAP = 40, CUSTOM_TEXT_CAP = 500 };

/* ---- lists ---- */

/* A list's items are objects of a shape, or values of one type: whose row has no name. */
static bool of_objects(const struct param *of)
{
	return *of->name;
}

static void write_item(struct jwriter *w, const struct param *of, void *item)
{
	if (of_objects(of))
		shape_write(w, NULL, of, item);
	else if (of->type == P_ID)
		jw_int(w, NULL, *shape_number(of, item));
	else
		jw_string(w, NULL, *shape_text(of, item));
}

/* One that was refused is the same as none. */
static bool is_same(const struct param *of, void *a, void *b)
{
	if (of->type == P_ID)
		return *shape_number(of, a) == *shape_number(of, b);
	const char *one = *shape_text(of, a), *other = *shape_text(of, b);
	return one && other && !strcmp(one, other);
}

/* Of texts and ids each stands once. */
static enum st refuse_twice(const struct reading *r, const struct param *of, char *items, size_t i)
{
	const size_t size = shape_size(of);
	for (size_t k = 0; k < i && !of_objects(of); k++)
		if (is_same(of, items + k * size, items + i * size))
			return fault_add(r->faults, r->pointer, "stands in the list already");
	return ST_OK;
}

static enum st read_item(const struct reading *list, const struct param *row, const struct json *json, char *items,
                         size_t i)
{
	char pointer[POINTER_ROOM], number[24];
	void *item = items + i * shape_size(row->of);
	snprintf(number, sizeof number, "%zu", i);
	const struct reading r = { pointer_to(pointer, list->pointer, number), list->faults, list->arena };
	shape_clear(item, row->of);
	enum st st = of_objects(row->of) ? object_read(&r, item, row->of, json, MAKING, NULL)
	                                 : value_read(&r, row->of, json, MAKING, item);
	if (!st)
		st = refuse_twice(&r, row->of, items, i);
	if (!st && row->check)
		row->check(item, pointer, list->faults);
	return st;
}

static enum st keep_list(const struct reading *r, const struct param *row, char *items, size_t count, void *object)
{
	struct text kept = text_new(r->arena, LIST_ROOM);
	struct jwriter w = jw_new(&kept);
	jw_array(&w, NULL);
	for (size_t i = 0; i < count; i++)
		write_item(&w, row->of, items + i * shape_size(row->of));
	jw_end(&w);
	*shape_text(row, object) = kept.bytes;
	return kept.failed ? fault_add(r->faults, r->pointer, "must be at most %d bytes of JSON", LIST_ROOM) : ST_OK;
}

enum st list_read(const struct reading *r, const struct param *row, const struct json *json, void *object)
{
	const size_t count = json_count(json);
	const unsigned before = r->faults->count;
	if (count < (size_t)row->min || count > (size_t)row->max)
		return fault_add(r->faults, r->pointer, "must have %lld to %lld items, not %zu", (long long)row->min,
		                 (long long)row->max, count);
	char *items = arena_take(r->arena, (count + 1) * shape_size(row->of));
	if (!items)
		return ST_MEMORY;
	size_t i = 0;
	for (const struct json *item = json_first(json); item; item = json_next(item)) {
		enum st st = read_item(r, row, item, items, i++);
		if (st == ST_MEMORY)
			return st;
	}
	return r->faults->count > before ? ST_INVALID : keep_list(r, row, items, count, object);
}

/* ---- custom objects ---- */

static bool is_custom_text(const char *text, size_t most)
{
	return !value_has_control(text, false) && utf8_count(text) <= most;
}

static enum st check_custom(const struct reading *r, const struct json *member)
{
	char pointer[POINTER_ROOM];
	const enum json_kind kind = json_kind(member);
	pointer_to(pointer, r->pointer, json_name(member));
	if (!*json_name(member) || !is_custom_text(json_name(member), CUSTOM_NAME_CAP))
		return fault_add(r->faults, pointer, "a name must have 1 to %d characters, none of them a control character",
		                 CUSTOM_NAME_CAP);
	if (kind == JSON_ARRAY || kind == JSON_OBJECT)
		return fault_add(r->faults, pointer, "must be text, a number, true or false, not %s", json_kind_name(member));
	if (!is_custom_text(json_text(member), CUSTOM_TEXT_CAP))
		return fault_add(r->faults, pointer, "must have at most %d characters, none of them a control character",
		                 CUSTOM_TEXT_CAP);
	return ST_OK;
}

/* The members' names are not ours: they are escaped. Out: whether there was memory */
static bool add_custom(struct text *kept, const struct json *member, struct arena *arena)
{
	struct jwriter key = jw_new(kept), value = jw_new(kept);
	const bool string = json_kind(member) == JSON_STRING;
	const char *name = text_nfc(json_name(member), arena), *text = string ? text_nfc(json_text(member), arena) : NULL;
	if (kept->size > 1)
		text_addc(kept, ',');
	jw_string(&key, NULL, name);
	text_addc(kept, ':');
	if (string)
		jw_string(&value, NULL, text);
	else
		jw_value(&value, NULL, member);
	return name && (text || !string);
}

/* What stays of the members that are there, then what comes. Returns: how many there are; 0 also without memory */
static size_t merge_custom(struct text *kept, const struct json *there, const struct json *json, struct arena *arena)
{
	size_t count = 0;
	bool sound = true;
	text_addc(kept, '{');
	for (const struct json *m = json_first(there); m && sound; m = json_next(m))
		if (!json_get(json, json_name(m)) && ++count)
			sound = add_custom(kept, m, arena);
	for (const struct json *m = json_first(json); m && sound; m = json_next(m))
		if (json_kind(m) != JSON_NULL && ++count)
			sound = add_custom(kept, m, arena);
	text_addc(kept, '}');
	kept->failed |= !sound;
	return count;
}

enum st custom_read(const struct reading *r, const struct param *row, const struct json *json, enum shape_how how,
                    void *object)
{
	const char *old = how == PATCHING ? *shape_text(row, object) : NULL;
	const struct json *there = NULL;
	struct text kept = text_new(r->arena, LIST_ROOM);
	const unsigned before = r->faults->count;
	for (const struct json *m = json_first(json); m; m = json_next(m))
		(void)!check_custom(r, m);
	if (r->faults->count > before)
		return ST_INVALID;
	if (old && json_parse(&there, r->faults, r->arena, old, strlen(old)))
		return ST_STORE;
	const size_t count = merge_custom(&kept, there, json, r->arena);
	if (kept.failed || count > (size_t)row->max)
		return fault_add(r->faults, r->pointer, "must have at most %lld members, together of %d bytes",
		                 (long long)row->max, LIST_ROOM);
	*shape_text(row, object) = kept.bytes;
	return ST_OK;
}
