/* Comparing all rows of the file with those of the server, by key, while the file is used.
 *
 * Only the move changes what is on the server. So a row that differs either was changed here since it was last sent,
 * and its key is noted then, to be carried over and read back; or the two really differ. */
#include "store/move/inside.h"

#include <stdlib.h>
#include <string.h>

#include "exact/clock.h"

enum { LEAST = 16 }; /* rows of the server read at once */

/* A row as both databases write it: all of it, its key so, and its key as JSON. */
struct plain {
	const char *all, *key, *json;
};

/* One of the two, page by page. */
struct side {
	struct store *store;
	const char *first, *next; /* the texts that read a page */
	struct arena *arena;      /* of the page */
	char *behind;             /* the key, as JSON, that the last page ended with; KEY_BYTES */
	struct plain *rows;
	unsigned count, at;
	bool end; /* there is no page behind this one */
};

/* ---- pages ---- */

static enum st keep_plain(struct side *s, const struct rows *r, size_t *bytes)
{
	const char *text[3];
	for (unsigned i = 0; i < 3; i++) {
		const char *found = rows_text(r, i);
		text[i] = found ? arena_copy(s->arena, found, strlen(found)) : NULL;
		if (!text[i])
			return found ? ST_MEMORY : ST_STORE;
		*bytes += strlen(text[i]);
	}
	s->rows[s->count++] = (struct plain){ text[0], text[1], text[2] };
	return ST_OK;
}

/* Behind the row that stands last in the page, also where it was not looked at yet. */
static enum st read_side(struct side *s, unsigned most)
{
	struct rows r = { 0 };
	size_t bytes = 0;
	arena_reset(s->arena);
	s->count = s->at = 0;
	s->rows = arena_take_raw(s->arena, most * sizeof *s->rows);
	enum st st = !s->rows ? ST_MEMORY
	             : store_rows_text(s->store, &r, *s->behind ? s->next : s->first, VALS(TEXT(s->behind), INT(most)));
	while (!st && s->count < most && bytes < PAGE_BYTES && !(st = rows_next(&r)))
		st = keep_plain(s, &r, &bytes);
	rows_end(&r);
	s->end = st == ST_DONE;
	return s->end ? ST_OK : st;
}

static const struct plain *row_at(const struct side *s)
{
	return s->at < s->count ? &s->rows[s->at] : NULL;
}

static enum st pass(struct side *s)
{
	const char *json = s->rows[s->at++].json;
	const size_t size = strlen(json);
	if (size >= KEY_BYTES)
		return ST_TOO_LARGE;
	memcpy(s->behind, json, size + 1);
	return ST_OK;
}

/* ---- keys ---- */

/* "i5 " or "t3 abc", and so on: numbers by their value, the rest byte by byte. */
static int compare_part(const char **a, const char **b)
{
	char *end_a, *end_b;
	const long long number_a = strtoll(*a + 1, &end_a, 10), number_b = strtoll(*b + 1, &end_b, 10);
	const bool is_number = **a == 'i';
	const size_t size_a = is_number ? 0 : (size_t)number_a, size_b = is_number ? 0 : (size_t)number_b;
	const int order = is_number ? (number_a > number_b) - (number_a < number_b)
	                            : memcmp(end_a + 1, end_b + 1, size_a < size_b ? size_a : size_b);
	*a = end_a + 1 + size_a;
	*b = end_b + 1 + size_b;
	return order ? order : (size_a > size_b) - (size_a < size_b);
}

static int compare_keys(const char *a, const char *b)
{
	int order = 0;
	while (!order && *a && *b)
		order = compare_part(&a, &b);
	return order;
}

/* ---- differences ---- */

static enum st is_noted(bool *noted, struct moving *m, const struct table *t, const char *key)
{
	struct rows r = { 0 };
	enum st st = store_rows_text(m->from, &r, t->text[NOTED], VALS(TEXT(key)));
	if (!st)
		st = rows_next(&r);
	*noted = !st && rows_int(&r, 0) > 0;
	rows_end(&r);
	return st;
}

static enum st differ(struct moving *m, const struct table *t, const struct plain *here, const struct plain *there)
{
	bool noted = false;
	const char *key = here ? here->json : there->json;
	enum st st = is_noted(&noted, m, t, key);
	if (st || noted)
		return st;
	fault_add(m->faults, "--to", "differs: %s, the row %.500s %s; nothing was switched. The file is in use as before: give the move up by "
	          "`pennymeter move --cancel` and begin anew with an empty database", t->text[NAME], key,
	          !here ? "is there and not here" : !there ? "is here and not there" : "holds something else there");
	return ST_CONFLICT;
}

/* The next row of either side, or of both if it is the same one. */
static enum st compare_next(struct moving *m, const struct table *t, struct side *here, struct side *there)
{
	const struct plain *a = row_at(here), *b = row_at(there);
	const int order = !a ? 1 : !b ? -1 : compare_keys(a->key, b->key);
	enum st st = ST_OK;
	if (order || strcmp(a->all, b->all))
		st = differ(m, t, order > 0 ? NULL : a, order < 0 ? NULL : b);
	if (!st && order <= 0)
		st = pass(here);
	if (!st && order >= 0)
		st = pass(there);
	return st;
}

/* What the page of the file and all of the server's rows up to its end tell. */
static enum st compare_page(struct moving *m, const struct table *t, struct side *here, struct side *there)
{
	const unsigned most = here->count > LEAST ? here->count : LEAST; /* so that it has as many bytes, about */
	enum st st = read_side(there, most);
	while (!st && (row_at(here) || here->end)) {
		if (!row_at(there) && !there->end)
			st = read_side(there, most);
		else if (row_at(here) || row_at(there))
			st = compare_next(m, t, here, there);
		else
			break;
	}
	return st;
}

/* Between two pages what changed is carried over, so that there is little of it to look up. */
static enum st compare_table(struct moving *m, const struct table *t, struct side *here, struct side *there)
{
	int64_t left;
	enum st st = ST_OK;
	*here->behind = *there->behind = '\0';
	here->first = t->text[PLAIN_FIRST];
	here->next = t->text[PLAIN_NEXT];
	there->first = t->text[THERE_FIRST];
	there->next = t->text[THERE_NEXT];
	do {
		move_show(m, "comparing");
		if (clock_now() - m->carried_at > SECOND)
			st = move_carry(m, &left);
		if (!st)
			st = read_side(here, PAGE_ROWS);
		if (!st)
			st = compare_page(m, t, here, there);
		m->done += here->at;
		memcpy(there->behind, here->behind, KEY_BYTES); /* what was noted up to here is carried over and read back */
	} while (!st && !here->end);
	return st;
}

enum st move_compare(struct moving *m)
{
	struct side here = { .store = m->from, .arena = m->page, .behind = arena_take_raw(m->arena, KEY_BYTES) };
	struct side there = { .store = m->to, .behind = arena_take_raw(m->arena, KEY_BYTES) };
	enum st st = !here.behind || !there.behind ? ST_MEMORY : arena_open(&there.arena, (size_t)4 * ROWS_BYTES);
	m->done = 0;
	for (unsigned i = 0; i < m->count && !st; i++)
		st = compare_table(m, &m->tables[i], &here, &there);
	arena_close(there.arena);
	return st;
}
