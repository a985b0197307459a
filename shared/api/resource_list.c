/* Lists of resources: pages by cursor, and all that match as CSV. */
#include "api/resource.h"

#include <stdlib.h>
#include <string.h>

#include "base/normal.h"
#include "document/csv.h"

enum { LIMIT = 25, LIMIT_CAP = 100, EXPORT_PIECE = 100, KEY_ROOM = 1024 };

/* ---- cursors: in hexadecimal, the order, the id and the key of the last object of a page ---- */

static const char *cursor_of(const struct place *place, struct arena *arena)
{
	static const char hex[] = "0123456789abcdef";
	const char *key = place->order->key == KEY_TEXT ? place->key.text : NULL;
	if (!key)
		key = arena_format(arena, "%lld", (long long)place->key.number);
	const char *plain = !key ? NULL : arena_format(arena, "%s%s %lld %s", place->down ? "-" : "", place->order->name,
	                                               (long long)place->id, key);
	char *out = plain ? arena_take(arena, 2 * strlen(plain) + 1) : NULL;
	for (char *to = out; out && *plain; plain++) {
		*to++ = hex[(unsigned char)*plain >> 4];
		*to++ = hex[(unsigned char)*plain & 15];
	}
	return out;
}

static char *from_hex(const char *text, struct arena *arena)
{
	const size_t size = strlen(text) / 2;
	char *out = arena_take(arena, size + 1), digits[3] = "";
	if (strlen(text) % 2 || strspn(text, "0123456789abcdef") != 2 * size)
		return NULL;
	for (size_t i = 0; out && i < size; i++) {
		memcpy(digits, text + 2 * i, 2);
		out[i] = (char)strtoul(digits, NULL, 16);
	}
	return out;
}

/* It must be of the order that is asked for. */
static bool read_cursor(struct place *place, const char *cursor, struct arena *arena)
{
	char *at = from_hex(cursor, arena), *end;
	const char *name = at ? strsep(&at, " ") : NULL;
	if (!at || (*name == '-') != place->down || strcmp(name + place->down, place->order->name))
		return false;
	place->id = strtoll(at, &end, 10);
	if (end == at || *end != ' ')
		return false;
	place->key = place->order->key == KEY_TEXT ? TEXT(end + 1) : INT(strtoll(end + 1, NULL, 10));
	return true;
}

/* ---- what is asked for ---- */

static enum st read_sort(struct listing *l, const struct resource *resource, struct request *rq)
{
	const char *sort = rq_text(rq, "sort"), *after = rq_text(rq, "after");
	const bool down = !sort || *sort == '-';
	const struct order *order = table_order(resource->table, sort ? sort + down : "id");
	struct text names = text_new(rq->arena, 1024);
	if (!order) {
		for (const struct order *o = resource->table->orders; o->name; o++)
			text_addf(&names, "%s%s", names.size ? ", " : "", o->name);
		return fault_add(rq->faults, "sort", "must be one of %s, or one of them with - before it", names.bytes);
	}
	l->behind = place_first(order, down);
	if (after && !read_cursor(&l->behind, after, rq->arena))
		return fault_add(rq->faults, "after", "is not the `next` of an answer in this order");
	return ST_OK;
}

/* What the JSON of a column must hold, or 1 and 0, or -1 for either. */
static enum st read_filter(struct val *val, const struct filter *filter, struct request *rq)
{
	const char *text = rq_text(rq, filter->name);
	if (!filter->form) {
		*val = INT(rq_has(rq, filter->name) ? rq_bool(rq, filter->name) : -1);
		return ST_OK;
	}
	struct text t = text_new(rq->arena, KEY_ROOM);
	struct jwriter w = jw_new(&t);
	text_adds(&t, text ? filter->form : "");
	if (text)
		jw_string(&w, NULL, text);
	*val = TEXT(t.bytes);
	return t.failed ? ST_MEMORY : ST_OK;
}

static enum st read_listing(struct listing *l, const struct resource *resource, struct request *rq)
{
	const char *q = rq_text(rq, "q");
	*l = (struct listing){ .q = q ? text_fold(q, rq->arena) : "", .limit = (unsigned)rq_int(rq, "limit", LIMIT) };
	enum st st = read_sort(l, resource, rq);
	for (const struct filter *f = resource->filters; f->name && !st; f++)
		st = read_filter(&l->filters[f - resource->filters], f, rq);
	return st ? st : l->q ? ST_OK : ST_MEMORY;
}

/* ---- a page; one more is read than is wanted, which tells whether there is a next ---- */

enum st reply_list(struct request *rq, struct reply *rp, const struct resource *resource)
{
	void *objects[LIMIT_CAP + 1];
	struct listing l;
	unsigned count;
	if (rq->wants_csv)
		return reply_export(rq, rp, resource);
	enum st st = read_listing(&l, resource, rq);
	const unsigned limit = l.limit++;
	if (!st)
		st = resource_list(objects, &count, resource, rq->store, rq->account->tenant_id, &l, rq->arena);
	if (st)
		return st;
	const bool more = count > limit;
	if (more)
		resource_place(&l.behind, resource, objects[--count - 1]);
	jw_object(&rp->json, NULL);
	jw_array(&rp->json, resource->kind);
	for (unsigned i = 0; i < count; i++)
		shape_write(&rp->json, NULL, resource->shape, objects[i]);
	jw_end(&rp->json);
	jw_string(&rp->json, "next", more ? cursor_of(&l.behind, rq->arena) : NULL);
	jw_end(&rp->json);
	return ST_OK;
}

/* ---- CSV ---- */

struct export {
	const struct resource *resource;
	struct listing listing;
	char key[KEY_ROOM]; /* of the place, which the arena of a piece does not keep */
};

static void write_csv(struct text *csv, const struct param *shape, void *object, struct arena *arena)
{
	char room[INSTANT_ROOM];
	for (; shape->name; shape++)
		csv_cell(csv, shape_cell(shape, object, arena, room), shape->type == P_DECIMAL);
	csv_end(csv);
}

/* By key, and each piece in a read of its own, so that a long export never holds the log. */
static enum st csv_piece(struct request *rq, struct reply *rp, void *context)
{
	struct export *x = context;
	void *objects[EXPORT_PIECE];
	struct arena *arena;
	unsigned count = 0;
	enum st st = arena_open(&arena, 32 << 20);
	if (st)
		return st;
	store_read_end(rq->store);
	st = resource_list(objects, &count, x->resource, rq->store, rq->account->tenant_id, &x->listing, arena);
	for (unsigned i = 0; i < count && !st; i++)
		write_csv(&rp->body, x->resource->shape, objects[i], arena);
	struct val *key = &x->listing.behind.key;
	if (x->listing.behind.order->key == KEY_TEXT) {
		const size_t size = strnlen(key->text, KEY_ROOM - 1);
		memmove(x->key, key->text, size);
		x->key[size] = '\0';
		key->text = x->key;
	}
	arena_close(arena);
	return st ? st : count < EXPORT_PIECE ? ST_DONE : ST_OK;
}

enum st reply_export(struct request *rq, struct reply *rp, const struct resource *resource)
{
	struct export *x = arena_take(rq->arena, sizeof *x);
	enum st st = x ? read_listing(&x->listing, resource, rq) : ST_MEMORY;
	if (!st && (rq_has(rq, "limit") || rq_has(rq, "after")))
		st = fault_add(rq->faults, rq_has(rq, "limit") ? "limit" : "after",
		               "does not go with text/csv, which is all that match");
	if (st)
		return st;
	x->resource = resource;
	x->listing.limit = EXPORT_PIECE;
	for (const struct param *p = resource->shape; p->name; p++)
		csv_cell(&rp->body, p->name, false);
	csv_end(&rp->body);
	rp->content_type = "text/csv; charset=utf-8";
	rp->file_name = arena_format(rq->arena, "%s.csv", resource->kind);
	rp->piece = csv_piece;
	rp->piece_context = x;
	return rp->file_name ? ST_OK : ST_MEMORY;
}
