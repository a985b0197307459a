/* A move's steps: a page of a table, and with it what changed in those copied before it.
 *
 * A step reads from one instant of the file, so what a row refers to is read with it, and is sent before it. What it
 * carried over is forgotten, and how far the copy has come is noted, in one transaction, once all is on the server. */
#include "store/move/inside.h"

#include <stdio.h>
#include <string.h>

#include "exact/clock.h"
#include "store/inside.h"
#include "store/move/move.sql.h"

enum st move_find_place(struct store *s, struct place *p)
{
	struct rows r = { 0 };
	enum st st = ROWS(s, &r, SQL_MOVE_PROGRESS, TEXT(p->table));
	if (!st)
		st = rows_next(&r);
	snprintf(p->behind, KEY_BYTES, "%s", st ? "" : rows_text(&r, 0));
	p->copied = st ? 0 : rows_int(&r, 1);
	p->done = !st && rows_int(&r, 2);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- rows on their way ---- */

struct batch {
	struct text rows;   /* a JSON array, still open */
	struct text second; /* what stands beside them, one behind the other */
	size_t last;        /* where the last of these begins */
	int64_t count;
};

static struct batch batch_new(struct arena *arena)
{
	arena_reset(arena);
	return (struct batch){ .rows = text_new(arena, ROWS_BYTES), .second = text_new(arena, ROWS_BYTES) };
}

/* The next rows of what was started, until they fill a page.
 * Returns: ST_OK; ST_DONE: there are no more, and maybe some in `b` */
static enum st gather(struct batch *b, struct rows *r)
{
	enum st st = ST_OK;
	while (b->rows.size < PAGE_BYTES && !(st = rows_next(r))) {
		const char *row = rows_text(r, 0), *second = rows_text(r, 1);
		if (!row || !second)
			return ST_STORE;
		text_addc(&b->rows, b->count++ ? ',' : '[');
		text_adds(&b->rows, row);
		b->last = b->second.size;
		text_adds(&b->second, second);
	}
	return b->rows.failed || b->second.failed ? ST_MEMORY : st;
}

static enum st send_batch(struct moving *m, const struct table *t, enum text_kind send, struct batch *b)
{
	text_addc(&b->rows, ']');
	enum st st = b->rows.failed ? ST_MEMORY : move_run(m->to, t->text[send], TEXT(b->rows.bytes));
	if (st == ST_MEMORY)
		fault_add(m->faults, t->text[NAME], "has a row that is larger than can be moved at once (%d bytes as JSON)", ROWS_BYTES);
	return st;
}

/* Does what was sent stand there as it does here? `second` holds the plain texts; of rows that were taken away nothing. */
static enum st read_back(struct moving *m, const struct table *t, const struct batch *b)
{
	struct rows r = { 0 };
	size_t at = 0;
	bool same = true;
	enum st st = store_rows_text(m->to, &r, t->text[READ_BACK], VALS(TEXT(b->rows.bytes)));
	while (!st && same && !(st = rows_next(&r))) {
		const char *plain = rows_text(&r, 0);
		const size_t size = plain ? strlen(plain) : 0;
		same = plain && size <= b->second.size - at && !memcmp(plain, b->second.bytes + at, size);
		at += size;
	}
	rows_end(&r);
	if (st && st != ST_DONE)
		return st;
	if (same && at == b->second.size)
		return ST_OK;
	fault_add(m->faults, "--to", "differs: rows of %s do not stand there as they were sent; nothing was switched", t->text[NAME]);
	return ST_CONFLICT;
}

/* ---- carrying over what changed ---- */

static enum st send_and_read_back(struct moving *m, const struct table *t, enum text_kind send, struct batch *b)
{
	enum st st = b->count ? send_batch(m, t, send, b) : ST_OK;
	return st || !b->count ? st : read_back(m, t, b);
}

/* What has become of a table's changed rows: they stand as they do now, or are gone. */
static enum st carry_table(struct moving *m, const struct table *t, enum text_kind read, enum text_kind send)
{
	struct rows r = { 0 };
	enum st st = t->upto ? store_rows_text(m->from, &r, t->text[read], VALS(INT(t->upto))) : ST_DONE;
	while (!st) {
		struct batch b = batch_new(m->carry);
		st = gather(&b, &r);
		const enum st sent = st && st != ST_DONE ? st : send_and_read_back(m, t, send, &b);
		st = sent ? sent : st;
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st put_all(struct moving *m, unsigned count)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < count && !st; i++)
		st = carry_table(m, &m->tables[i], CHANGED, PUT);
	return st;
}

/* Those that refer to others go first. */
static enum st take_all(struct moving *m, unsigned count)
{
	enum st st = ST_OK;
	for (unsigned i = count; i-- && !st;)
		st = carry_table(m, &m->tables[i], GONE, TAKE);
	return st;
}

/* A name that a row gave up is free for another once the first is taken away; but what no row refers to any more
 * can only be taken away once those that did are put. One of the two orders will do. */
static enum st carry_tables(struct moving *m, int64_t *left, unsigned count)
{
	enum st st = ST_OK;
	*left = 0;
	for (unsigned i = 0; i < count && !st; i++) {
		int64_t span[2] = { 0, 0 };
		st = move_numbers(m->from, span, 2, m->tables[i].text[SPAN]);
		m->tables[i].upto = span[1];
		*left = span[0] > *left ? span[0] : *left;
	}
	if (st || !*left)
		return st;
	st = take_all(m, count);
	if (!st)
		st = put_all(m, count);
	if (st != ST_STORE)
		return st;
	st = put_all(m, count);
	return st ? st : take_all(m, count);
}

/* ---- steps ---- */

struct ending {
	const struct moving *moving;
	const struct place *place; /* NULL: no page was read */
	unsigned carried;
};

static enum st end_step(struct store *s, const void *request, size_t size, void *answer)
{
	const struct ending *e = request;
	const struct place *p = e->place;
	enum st st = p ? RUN(s, SQL_MOVE_PROGRESS_PUT, TEXT(p->table), TEXT(p->behind), INT(p->copied), INT(p->done)) : ST_OK;
	(void)size, (void)answer;
	for (unsigned i = 0; i < e->carried && !st; i++)
		if (e->moving->tables[i].upto)
			st = move_run(s, e->moving->tables[i].text[FORGET], INT(e->moving->tables[i].upto));
	return st;
}

static enum st write_patiently(struct store *s, const struct write_op *op, const void *request, size_t size)
{
	enum st st = store_write(s, op, request, size, NULL, 0);
	for (unsigned try = 0; st == ST_BUSY && try < BUSY_TRIES; try++) {
		store_pause(BUSY_MS);
		st = store_write(s, op, request, size, NULL, 0);
	}
	return st;
}

static enum st read_page(struct moving *m, const struct table *t, struct place *p, struct batch *b)
{
	struct rows r = { 0 };
	enum st st = store_rows_text(m->from, &r, t->text[*p->behind ? NEXT : FIRST], VALS(TEXT(p->behind), INT(PAGE_ROWS)));
	if (!st)
		st = gather(b, &r);
	rows_end(&r);
	p->done = st == ST_DONE && b->count < PAGE_ROWS;
	p->copied += b->count;
	m->done += b->count;
	if (b->count && snprintf(p->behind, KEY_BYTES, "%s", b->second.bytes + b->last) >= KEY_BYTES) {
		fault_add(m->faults, t->text[NAME], "has a key that is longer than %d bytes", KEY_BYTES);
		return ST_TOO_LARGE;
	}
	return st == ST_DONE ? ST_OK : st;
}

/* In: p  NULL: no page, only what changed. In: carried  of how many tables, those that are there and the one of the page */
static enum st step(struct moving *m, int64_t *left, const struct table *t, struct place *p, unsigned carried)
{
	static const struct write_op op = { .name = "move.step", .holds_catalog = true, .apply = end_step };
	const struct ending e = { m, p, carried };
	struct batch page = batch_new(m->page);
	enum st st = m->alone ? ST_OK : store_read_begin(m->from);
	if (!st && p)
		st = read_page(m, t, p, &page);
	if (!st)
		st = carry_tables(m, left, carried);
	if (!st && page.count)
		st = send_batch(m, t, PUT, &page);
	store_read_end(m->from);
	m->carried_at = clock_now();
	return st || m->alone || (!p && !*left) ? st : write_patiently(m->from, &op, &e, sizeof e);
}

enum st move_copy_table(struct moving *m, unsigned at)
{
	const struct table *t = &m->tables[at];
	struct place p = { .table = t->text[NAME], .behind = m->behind };
	int64_t left;
	enum st st = move_find_place(m->from, &p);
	m->done += p.copied;
	while (!st && !p.done) {
		move_show(m, t->text[NAME]);
		st = step(m, &left, t, &p, at + 1);
	}
	return st;
}

enum st move_carry(struct moving *m, int64_t *left)
{
	return step(m, left, NULL, NULL, m->count);
}
