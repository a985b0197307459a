/* A move's own insides: between move.c, move_table.c, move_rows.c and move_compare.c only. */
#ifndef STORE_MOVE_INSIDE_H
#define STORE_MOVE_INSIDE_H

#include "exact/instant.h"
#include "base/text.h"
#include "store/move/move.h"

/* Rows of a page; bytes at which it ends; that a row, or what is sent at once, may have; that a key may have. */
enum { PAGE_ROWS = 2000, PAGE_BYTES = 4 << 20, ROWS_BYTES = 128 << 20, KEY_BYTES = 64 << 10 };

/* How often what others may hold up is tried, and how long after. */
enum { BUSY_TRIES = 60, BUSY_MS = 500 };

/* What move_tables tells of a table in the file, and move_texts of it on the server. */
enum text_kind {
	NAME, SHAPE, COUNT, FIRST, NEXT, PLAIN_FIRST, PLAIN_NEXT, MAKE, DROP, SPAN, CHANGED, GONE, FORGET, NOTED, FILE_TEXTS,
	THERE_SHAPE = FILE_TEXTS, THERE_COUNT, THERE_FIRST, THERE_NEXT, PUT, TAKE, READ_BACK, EMPTY, TEXT_KINDS
};

struct table {
	const char *text[TEXT_KINDS];
	int64_t upto; /* the newest of its changes that a step carries over; 0: it has none */
};

struct moving {
	struct store *from, *to;
	const struct move_view *view;
	struct faults *faults;
	struct arena *arena, *page, *carry; /* of the whole move; of a page; of what changed */
	struct table *tables;               /* those that others refer to come before these */
	unsigned count;
	char *behind; /* the key that a table's copy stands at; KEY_BYTES */
	int64_t done, total;
	instant carried_at;
	bool alone; /* the store's lock is ours: what is carried over is not forgotten */
};

/* How far the copy of a table has come. */
struct place {
	const char *table;
	char *behind;
	int64_t copied;
	bool done;
};

void move_show(const struct moving *m, const char *what);

/** The numbers in the one row that a text gives. */
enum st move_numbers(struct store *s, int64_t *numbers, unsigned count, const char *text) MUST_USE;
enum st move_run(struct store *s, const char *text, struct val value) MUST_USE;

/* ---- move_table.c ---- */

/** The tables of the file. */
enum st move_read_tables(struct moving *m) MUST_USE;
/** Their like on the server: ST_INVALID with a fault where one is missing there or otherwise made. */
enum st move_look_ahead(struct moving *m) MUST_USE;
/** May it be written to? Out: fresh  there is nothing but what `pennymeter init` makes
 *  In: begun, copied  a move has begun; the tenants were copied */
enum st move_check_target(bool *fresh, struct moving *m, bool begun, bool copied) MUST_USE;
/** Are there tenants there, and each of them one of those here? Their numbers and the microseconds in which they were made tell. */
enum st move_find_ours(bool *ours, struct store *from, struct store *to) MUST_USE;

/* ---- move_rows.c ---- */

enum st move_find_place(struct store *s, struct place *p) MUST_USE;
enum st move_copy_table(struct moving *m, unsigned at) MUST_USE;
/** Carry over what changed in all tables. Out: left  how many changes the one with the most of them had */
enum st move_carry(struct moving *m, int64_t *left) MUST_USE;

/* ---- move_compare.c ---- */

/** Compare all rows of all tables while they are used. Returns: ST_CONFLICT with a fault where they differ. */
enum st move_compare(struct moving *m) MUST_USE;

#endif
