/* Resources: each change is one work, on the object as it is inside its transaction. */
#include "account/resource.h"

#include <stdio.h>
#include <string.h>

#include "account/audit.h"
#include "account/number.h"

const struct param record_tag[] = { { "", P_TEXT, REQUIRED, "a word", 1, 40 }, { 0 } };

enum { OBJECT_JSON_CAP = 256 << 10 };

/* One change on its way. */
struct changing {
	const struct resource *resource;
	int64_t id; /* 0: it is made */
	const struct json *json;
	const struct expected *expected;
	const char *member; /* to set, in place of a patch */
	bool value;
	void *object; /* as it is now */
};

/* ---- reading ---- */

enum st resource_find(void **object, const struct resource *resource, struct store *store, int64_t tenant, int64_t id,
                      struct arena *arena)
{
	struct rows r = { 0 };
	*object = arena_take(arena, resource->size);
	enum st st = *object ? table_find(&r, store, resource->table, tenant, id) : ST_MEMORY;
	if (!st)
		st = rows_next(&r);
	if (!st)
		st = shape_row(*object, resource->shape, &r, 0, arena);
	rows_end(&r);
	return st == ST_DONE ? ST_NOT_FOUND : st;
}

enum st resource_taken(int64_t *id, const struct resource *resource, struct store *store, int64_t tenant,
                       const char *value)
{
	struct rows r = { 0 };
	enum st st = table_taken(&r, store, resource->table, tenant, value);
	if (!st)
		st = rows_next(&r);
	*id = st ? 0 : rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_NOT_FOUND : st;
}

/* The key of the last one is where the next page begins. */
void resource_place(struct place *place, const struct resource *resource, void *object)
{
	const struct param *row = place->order->key == KEY_ID ? NULL : shape_find(resource->shape, place->order->name);
	place->id = ((const struct record *)object)->id;
	if (row && place->order->key == KEY_NUMBER)
		place->key = INT(*shape_number(row, object));
	else if (row)
		place->key = TEXT(*shape_text(row, object) ? *shape_text(row, object) : "");
}

static unsigned filter_count(const struct resource *resource)
{
	unsigned n = 0;
	while (n < RESOURCE_FILTERS && resource->filters[n].name)
		n++;
	return n;
}

enum st resource_list(void **objects, unsigned *count, const struct resource *resource, struct store *store,
                      int64_t tenant, struct listing *l, struct arena *arena)
{
	struct rows r = { 0 };
	enum st st = table_list(&r, store, tenant, l->q, l->filters, filter_count(resource), &l->behind, l->limit);
	*count = 0;
	while (!st && *count < l->limit && !(st = rows_next(&r))) {
		objects[*count] = arena_take(arena, resource->size);
		st = objects[*count] ? shape_row(objects[*count], resource->shape, &r, 0, arena) : ST_MEMORY;
		*count += !st;
	}
	rows_end(&r);
	if (*count)
		resource_place(&l->behind, resource, objects[*count - 1]);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- what a change writes ---- */

static const char *json_of(const struct resource *resource, const void *object, struct arena *arena)
{
	struct text t = text_new(arena, OBJECT_JSON_CAP);
	struct jwriter w = jw_new(&t);
	shape_write(&w, NULL, resource->shape, object);
	return t.failed ? NULL : t.bytes;
}

/* Those members alone that another version of the object has otherwise. */
static const char *changes_of(const struct resource *resource, const void *object, const void *other,
                              struct arena *arena)
{
	struct text t = text_new(arena, OBJECT_JSON_CAP);
	struct jwriter w = jw_new(&t);
	shape_write_changes(&w, NULL, resource->shape + RECORD_COMPUTED, object, other);
	return t.failed ? NULL : t.bytes;
}

static enum st note_change(struct work *work, const struct resource *resource, const void *before, const void *after)
{
	const void *object = after ? after : before;
	const bool both = before && after;
	work->kind = resource->one;
	work->id = ((const struct record *)object)->id;
	if (before)
		work->before = both ? changes_of(resource, before, after, work->arena) : json_of(resource, before, work->arena);
	if (after)
		work->after = both ? changes_of(resource, after, before, work->arena) : json_of(resource, after, work->arena);
	return (before && !work->before) || (after && !work->after) ? ST_MEMORY : ST_OK;
}

static enum st write_row(struct work *work, const struct resource *resource, const void *object, bool made)
{
	const char *search = shape_search(resource->shape, object, work->arena);
	const struct account *by = work->account;
	struct val vals[RESOURCE_VALUES] = { INT(by->tenant_id), INT(by->user_id), INT(by->token_id) };
	unsigned n = made ? 3 : 1;
	if (!search || shape_count(resource->shape) > RESOURCE_VALUES - 4)
		return ST_MEMORY;
	vals[n++] = TEXT(search);
	n += shape_vals(vals + n, resource->shape, object);
	return (made ? table_insert : table_update)(work->store, resource->table, vals, n);
}

/* ---- what may be written ---- */

static enum st check_unique(struct work *work, const struct resource *resource, void *object)
{
	char pointer[80];
	int64_t id;
	const char *name = resource->table->unique;
	const char *value = name ? *shape_text(shape_find(resource->shape, name), object) : NULL;
	if (!value)
		return ST_OK;
	enum st st = resource_taken(&id, resource, work->store, work->account->tenant_id, value);
	if (st || id == ((const struct record *)object)->id)
		return st == ST_NOT_FOUND ? ST_OK : st;
	snprintf(pointer, sizeof pointer, "/%s", name);
	return fault_add(work->faults, pointer, "is that of %s %lld already", resource->one, (long long)id);
}

static enum st check(struct work *work, const struct resource *resource, void *object, const void *before)
{
	enum st st = check_unique(work, resource, object);
	if ((!st || st == ST_INVALID) && resource->check) {
		enum st other = resource->check(work, object, before);
		st = other && other != ST_INVALID ? other : st ? st : other;
	}
	return st;
}

/* ---- making ---- */

static void clear(struct record *record, const struct resource *resource, const struct work *work)
{
	shape_clear(record, resource->shape);
	record->version = 1;
	record->created_at = record->updated_at = work->now;
}

/* Its id: the next one, or of those that were taken for many. */
static enum st keep_new(struct work *work, const struct resource *resource, struct record *record)
{
	enum st st = ST_OK;
	if (work->many)
		record->id = work->many->objects.next++;
	else
		st = number_next(&record->id, work->store, work->account->tenant_id, resource->kind);
	if (!st)
		st = write_row(work, resource, record, true);
	return st ? st : note_change(work, resource, NULL, record);
}

static enum st make(struct work *work, const struct resource *resource, struct record *record)
{
	enum st st = check(work, resource, record, NULL);
	return st ? st : keep_new(work, resource, record);
}

static enum st make_alone(struct work *work, void *context)
{
	struct changing *c = context;
	return make(work, c->resource, c->object);
}

static enum st make_packed(struct work *work, struct flat_reader *packed, const void *context)
{
	const struct resource *resource = context;
	void *object = arena_take(work->arena, resource->size);
	if (!object)
		return ST_MEMORY;
	shape_unpack(object, resource->shape, packed);
	return packed->failed ? ST_STORE : make(work, resource, object);
}

/* What is wrong with the body by itself is found before anybody is kept waiting. */
static enum st read_made(void **object, const struct resource *resource, struct work *work, const struct json *json)
{
	struct record *record = *object = arena_take(work->arena, resource->size);
	if (!record)
		return ST_MEMORY;
	clear(record, resource, work);
	return shape_read(record, resource->shape, json, MAKING, "idempotency_key", work->faults, work->arena);
}

/* ---- changing ---- */

static enum st find(void **object, struct work *work, const struct changing *c)
{
	enum st st = resource_find(object, c->resource, work->store, work->account->tenant_id, c->id, work->arena);
	if (!st && c->expected && !c->expected->matches(c->expected->context, ((const struct record *)*object)->version))
		st = ST_PRECONDITION;
	return st;
}

static enum st keep_change(struct work *work, const struct resource *resource, struct record *object,
                           const void *before)
{
	object->version++;
	object->updated_at = work->now;
	enum st st = write_row(work, resource, object, false);
	return st ? st : note_change(work, resource, before, object);
}

static enum st apply_change(struct work *work, void *context)
{
	struct changing *c = context;
	void *before;
	enum st st = find(&before, work, c);
	if (st)
		return st;
	c->object = arena_take_raw(work->arena, c->resource->size);
	if (!c->object)
		return ST_MEMORY;
	memcpy(c->object, before, c->resource->size);
	st = shape_read(c->object, c->resource->shape, c->json, PATCHING, NULL, work->faults, work->arena);
	if (!st)
		st = check(work, c->resource, c->object, before);
	return st ? st : keep_change(work, c->resource, c->object, before);
}

static enum st apply_set(struct work *work, void *context)
{
	struct changing *c = context;
	const struct param *row = shape_find(c->resource->shape, c->member);
	void *before;
	enum st st = find(&before, work, c);
	if (st)
		return st;
	c->object = arena_take_raw(work->arena, c->resource->size);
	if (!c->object || !row)
		return ST_MEMORY;
	memcpy(c->object, before, c->resource->size);
	*shape_number(row, c->object) = c->value;
	if (*shape_number(row, before) == c->value)
		return note_change(work, c->resource, before, c->object);
	return keep_change(work, c->resource, c->object, before);
}

static enum st apply_remove(struct work *work, void *context)
{
	const struct changing *c = context;
	bool used = false;
	void *before;
	enum st st = find(&before, work, c);
	if (!st && c->resource->used)
		st = c->resource->used(&used, work, c->id);
	if (!st && used)
		st = ST_CONFLICT;
	if (!st)
		st = table_remove(work->store, c->resource->table, work->account->tenant_id, c->id);
	return st ? st : note_change(work, c->resource, before, NULL);
}

/* ---- one of many ---- */

/* Out: before  NULL: there is none of this value. object  a copy of it, or a cleared one */
static enum st find_or_clear(void **object, void **before, const struct resource *resource, struct work *work,
                             const char *key)
{
	const int64_t tenant = work->account->tenant_id;
	int64_t id;
	enum st st = key ? resource_taken(&id, resource, work->store, tenant, key) : ST_NOT_FOUND;
	*before = NULL;
	*object = arena_take(work->arena, resource->size);
	if (!*object)
		return ST_MEMORY;
	if (!st)
		st = resource_find(before, resource, work->store, tenant, id, work->arena);
	else if (st == ST_NOT_FOUND)
		st = ST_OK;
	if (!st && *before)
		memcpy(*object, *before, resource->size);
	else
		clear(*object, resource, work);
	return st;
}

enum st resource_put(enum put *put, const struct resource *resource, struct work *work, const char *key,
                     enum st (*read)(void *, struct work *, void *), void *context)
{
	void *object, *before;
	enum st st = find_or_clear(&object, &before, resource, work, key);
	if (!st)
		st = read(object, work, context);
	if (!st)
		st = check(work, resource, object, before);
	const char *changes = st || !before ? "" : changes_of(resource, object, before, work->arena);
	if (st || !changes)
		return st ? st : ST_MEMORY;
	*put = !before ? PUT_CREATED : strcmp(changes, "{}") ? PUT_UPDATED : PUT_UNCHANGED;
	if (*put == PUT_UNCHANGED)
		return ST_OK;
	st = before ? keep_change(work, resource, object, before) : keep_new(work, resource, object);
	const char *action = arena_format(work->arena, "%s.%s", resource->kind, before ? "update" : "create");
	return st ? st : action ? audit_add(work, action) : ST_MEMORY;
}

/* ---- the calls ---- */

/* What a repeat is answered with is the object as it is now. */
static enum st finish(void **object, struct changing *c, struct work *work, enum st st)
{
	if (!st && work->repeated)
		st = resource_find(&c->object, c->resource, work->store, work->account->tenant_id, work->id, work->arena);
	else if (!st && !c->id)
		((struct record *)c->object)->id = work->id;
	if (object)
		*object = c->object;
	return st;
}

static enum st carry_out(void **object, struct changing *c, struct work *work, const char *act,
                         enum st (*apply)(struct work *, void *))
{
	const char *action = arena_format(work->arena, "%s.%s", c->resource->kind, act);
	return finish(object, c, work, action ? work_do(work, action, apply, c) : ST_MEMORY);
}

/* Together with those that are made at the same time; alone to hear what is wrong with it. */
enum st resource_add(void **object, const struct resource *resource, struct work *work, const struct json *json)
{
	struct changing c = { .resource = resource };
	const char *action = arena_format(work->arena, "%s.create", resource->kind);
	enum st st = action ? read_made(&c.object, resource, work, json) : ST_MEMORY;
	if (st)
		return st;
	struct text packed = text_new(work->arena, OBJECT_JSON_CAP);
	shape_pack(&packed, resource->shape, c.object);
	st = work_do_together(work, action, &packed, make_packed, resource);
	if (st == ST_INVALID)
		return carry_out(object, &c, work, "create", make_alone);
	return finish(object, &c, work, st);
}

enum st resource_change(void **object, const struct resource *resource, struct work *work, int64_t id,
                        const struct json *json, const struct expected *expected)
{
	struct changing c = { .resource = resource, .id = id, .json = json, .expected = expected };
	return carry_out(object, &c, work, "update", apply_change);
}

enum st resource_set(void **object, const struct resource *resource, struct work *work, int64_t id, const char *act,
                     const char *member, bool value, const struct expected *expected)
{
	struct changing c = { .resource = resource, .id = id, .expected = expected, .member = member, .value = value };
	return carry_out(object, &c, work, act, apply_set);
}

enum st resource_remove(const struct resource *resource, struct work *work, int64_t id, const struct expected *expected)
{
	struct changing c = { .resource = resource, .id = id, .expected = expected };
	return carry_out(NULL, &c, work, "delete", apply_remove);
}
