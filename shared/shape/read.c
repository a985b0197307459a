/* Reading objects: each member by its row, each fault at its pointer. */
#include "shape/inside.h"

#include <string.h>

unsigned shape_count(const struct param *shape)
{
	unsigned n = 0;
	while (shape[n].name)
		n++;
	return n;
}

const struct param *shape_find(const struct param *shape, const char *name)
{
	for (; shape->name; shape++)
		if (!strcmp(shape->name, name))
			return shape;
	return NULL;
}

/* Every member is a pointer or a number of 64 bits. */
size_t shape_size(const struct param *shape)
{
	size_t size = 0;
	for (; shape->name; shape++)
		if (size < shape->at + sizeof(int64_t))
			size = shape->at + sizeof(int64_t);
	return size;
}

static bool is_number(const struct param *row)
{
	return row->type == P_ID || row->type == P_INT || row->type == P_BOOL || row->type == P_INSTANT;
}

int64_t *shape_number(const struct param *row, void *object)
{
	return (int64_t *)(void *)((char *)object + row->at);
}

const char **shape_text(const struct param *row, void *object)
{
	return (const char **)(void *)((char *)object + row->at);
}

void member_clear(const struct param *row, void *object)
{
	if (is_number(row))
		*shape_number(row, object) = row->type == P_BOOL ? 0 : ABSENT;
	else
		*shape_text(row, object) = NULL;
}

void shape_clear(void *object, const struct param *shape)
{
	for (; shape->name; shape++)
		member_clear(shape, object);
}

static bool is_absent(const struct param *row, const void *object)
{
	void *there = (void *)object;
	return is_number(row) ? *shape_number(row, there) == ABSENT : !*shape_text(row, there);
}

/* RFC 6901: ~0 for ~, ~1 for /. */
const char *pointer_to(char *out, const char *pointer, const char *name)
{
	char *to = stpncpy(out, pointer, POINTER_ROOM - 4);
	for (*to++ = '/'; *name && to < out + POINTER_ROOM - 3; name++)
		if (*name == '~' || *name == '/') {
			*to++ = '~';
			*to++ = *name == '~' ? '0' : '1';
		} else {
			*to++ = *name;
		}
	*to = '\0';
	return out;
}

static enum st read_member(const struct reading *r, void *object, const struct param *row, const struct json *json,
                           enum shape_how how)
{
	if (!row)
		return fault_add(r->faults, r->pointer, "is not a field of this request");
	if (row->presence == GIVEN)
		return fault_add(r->faults, r->pointer, "is computed, and cannot be set");
	if (json_kind(json) != JSON_NULL)
		return value_read(r, row, json, how, object);
	if (how == PATCHING && row->presence == REQUIRED)
		return fault_add(r->faults, r->pointer, "is required, and cannot be cleared");
	if (how == PATCHING)
		member_clear(row, object);
	return ST_OK;
}

enum st object_read(const struct reading *r, void *object, const struct param *shape, const struct json *json,
                    enum shape_how how, const char *beside)
{
	char pointer[POINTER_ROOM];
	const unsigned before = r->faults->count;
	if (json_kind(json) != JSON_OBJECT)
		return fault_add(r->faults, r->pointer, "must be an object, not %s", json_kind_name(json));
	for (const struct json *m = json_first(json); m; m = json_next(m)) {
		const struct reading member = { pointer_to(pointer, r->pointer, json_name(m)), r->faults, r->arena };
		if (beside && !strcmp(json_name(m), beside))
			continue;
		enum st st = read_member(&member, object, shape_find(shape, json_name(m)), m, how);
		if (st && st != ST_INVALID)
			return st;
	}
	(void)!shape_required(object, shape, r->pointer, r->faults);
	return r->faults->count > before ? ST_INVALID : ST_OK;
}

enum st shape_read(void *object, const struct param *shape, const struct json *json, enum shape_how how,
                   const char *beside, struct faults *faults, struct arena *arena)
{
	const struct reading r = { "", faults, arena };
	return object_read(&r, object, shape, json, how, beside);
}

static bool is_named(const struct faults *faults, const char *pointer)
{
	const size_t size = strlen(pointer);
	for (unsigned i = 0; i < faults->count; i++)
		if (!strncmp(faults->item[i].pointer, pointer, size) && strchr("/", faults->item[i].pointer[size]))
			return true;
	return false;
}

enum st shape_required(const void *object, const struct param *shape, const char *pointer, struct faults *faults)
{
	char at[POINTER_ROOM];
	enum st st = ST_OK;
	for (; shape->name; shape++)
		if (shape->presence == REQUIRED && is_absent(shape, object) &&
		    !is_named(faults, pointer_to(at, pointer, shape->name)))
			st = fault_add(faults, at, "is required: %s", shape->doc);
	return st;
}

enum st shape_items(void *items, unsigned *count, const struct param *row, const char *kept, struct arena *arena)
{
	struct faults faults = { .arena = arena };
	const struct reading r = { "", &faults, arena };
	const struct json *root;
	const size_t size = shape_size(row->of);
	*count = 0;
	if (!kept)
		return ST_OK;
	if (json_parse(&root, &faults, arena, kept, strlen(kept)))
		return ST_STORE;
	for (const struct json *item = json_first(root); item && *count < row->max; item = json_next(item)) {
		void *to = (char *)items + size * (*count)++;
		shape_clear(to, row->of);
		enum st st = *row->of->name ? object_read(&r, to, row->of, item, MAKING, NULL)
		                            : value_read(&r, row->of, item, MAKING, to);
		if (st)
			return st == ST_INVALID ? ST_STORE : st;
	}
	return ST_OK;
}
