/* What there is to move: the tables of the file and their like on the server, and whether that may be written to. */
#include "store/move/inside.h"
#include "store/move/move.sql.h"

#include <string.h>

void move_show(const struct moving *m, const char *what)
{
	m->view->show(m->view->context, what, m->done, m->total);
}

static const char *keep(struct arena *arena, const struct rows *r, unsigned column)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

enum st move_numbers(struct store *s, int64_t *numbers, unsigned count, const char *text)
{
	struct rows r = { 0 };
	enum st st = store_rows_text(s, &r, text, NULL, 0);
	if (!st)
		st = rows_next(&r);
	for (unsigned i = 0; i < count && !st; i++)
		numbers[i] = rows_int(&r, i);
	rows_end(&r);
	return st;
}

enum st move_run(struct store *s, const char *text, struct val value)
{
	struct rows r = { 0 };
	enum st st = store_rows_text(s, &r, text, &value, 1);
	while (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- the tables ---- */

static struct table *add_table(struct moving *m, unsigned *room)
{
	if (m->count == *room) {
		const unsigned more = *room ? 2 * *room : 64;
		struct table *tables = arena_take(m->arena, more * sizeof *tables);
		if (!tables)
			return NULL;
		if (m->count)
			memcpy(tables, m->tables, m->count * sizeof *tables);
		m->tables = tables;
		*room = more;
	}
	return &m->tables[m->count++];
}

enum st move_read_tables(struct moving *m)
{
	struct rows r = { 0 };
	unsigned room = 0;
	enum st st = ROWS(m->from, &r, SQL_MOVE_TABLES);
	m->count = 0;
	while (!st && !(st = rows_next(&r))) {
		struct table *t = add_table(m, &room);
		for (unsigned k = 0; k < FILE_TEXTS && t; k++)
			t->text[k] = keep(m->arena, &r, k);
		if (!t || !t->text[NAME])
			st = ST_MEMORY;
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st read_server_texts(struct moving *m, struct table *t)
{
	struct rows r = { 0 };
	enum st st = ROWS(m->to, &r, SQL_MOVE_TEXTS, TEXT(t->text[NAME]));
	if (!st)
		st = rows_next(&r);
	for (unsigned k = FILE_TEXTS; k < TEXT_KINDS && !st; k++)
		t->text[k] = keep(m->arena, &r, k - FILE_TEXTS);
	rows_end(&r);
	return st == ST_DONE ? fault_add(m->faults, "--to", "the database there has no table %s; nothing was copied", t->text[NAME]) : st;
}

/* Rows are found by their keys, and columns are of kinds that both databases hold alike. */
static enum st check_table(struct moving *m, const struct table *t)
{
	const char *odd = strchr(t->text[SHAPE], '?');
	if (odd)
		return fault_add(m->faults, t->text[NAME], "has a column of the type %.*s, which cannot be moved; nothing was copied",
		                 (int)strcspn(odd + 1, ","), odd + 1);
	if (!t->text[NEXT] || !t->text[MAKE])
		return fault_add(m->faults, t->text[NAME], "has no primary key, so that it cannot be moved; nothing was copied");
	if (!t->text[THERE_SHAPE] || strcmp(t->text[SHAPE], t->text[THERE_SHAPE]))
		return fault_add(m->faults, "--to", "the table %s is otherwise made there (i: whole number, t: text, x: bytes): here %s; there %s; "
		                 "nothing was copied", t->text[NAME], t->text[SHAPE], t->text[THERE_SHAPE] ? t->text[THERE_SHAPE] : "nothing");
	return ST_OK;
}

enum st move_look_ahead(struct moving *m)
{
	enum st st = move_read_tables(m);
	for (unsigned i = 0; i < m->count && !st; i++) {
		int64_t rows = 0;
		st = read_server_texts(m, &m->tables[i]);
		if (!st)
			st = check_table(m, &m->tables[i]);
		if (!st)
			st = move_numbers(m->from, &rows, 1, m->tables[i].text[COUNT]);
		m->total += rows;
	}
	return st;
}

/* ---- the database that is named ---- */

enum st move_find_ours(bool *ours, struct store *from, struct store *to)
{
	struct rows here = { 0 }, there = { 0 };
	enum st st = ROWS(from, &here, SQL_MOVE_TENANTS_MADE), found = ST_OK;
	unsigned count = 0;
	if (!st)
		st = ROWS(to, &there, SQL_MOVE_TENANTS_MADE);
	for (*ours = true; !st && *ours && !(st = rows_next(&there)); count++) {
		do
			found = rows_next(&here);
		while (!found && rows_int(&here, 0) < rows_int(&there, 0));
		st = found == ST_DONE ? ST_OK : found;
		*ours = !found && rows_int(&here, 0) == rows_int(&there, 0) && rows_int(&here, 1) == rows_int(&there, 1);
	}
	rows_end(&here);
	rows_end(&there);
	*ours &= count > 0;
	return st == ST_DONE ? ST_OK : st;
}

/* `pennymeter init` makes one tenant, the platform, and applies plans. */
static int64_t made_by_init(const char *table)
{
	static const struct { const char *table; int64_t rows; } made[] = {
		{ "tenants", 1 }, { "metrics", INT64_MAX }, { "plan_versions", INT64_MAX }, { "catalog", INT64_MAX },
	};
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		if (!strcmp(made[i].table, table))
			return made[i].rows;
	return 0;
}

/* Out: full  a table that holds more; NULL: there is none */
static enum st find_full(const struct table **full, struct moving *m)
{
	enum st st = ST_OK;
	*full = NULL;
	for (unsigned i = 0; i < m->count && !st && !*full; i++) {
		int64_t rows = 0;
		st = move_numbers(m->to, &rows, 1, m->tables[i].text[THERE_COUNT]);
		if (!st && rows > made_by_init(m->tables[i].text[NAME]))
			*full = &m->tables[i];
	}
	return st;
}

/* A database of another's is never written to; nor is an empty one taken for that of an interrupted move. */
enum st move_check_target(bool *fresh, struct moving *m, bool begun, bool copied)
{
	const struct table *full = NULL;
	bool ours = false;
	enum st st = move_find_ours(&ours, m->from, m->to);
	*fresh = false;
	if (st || (begun && ours))
		return st;
	st = find_full(&full, m);
	if (st)
		return st;
	*fresh = !full && !(begun && copied);
	if (*fresh)
		return ST_OK;
	if (begun)
		fault_add(m->faults, "--to", "this is not the database that the move began with; go on with that one, or give that move up "
		                             "by `pennymeter move --cancel` and begin anew with an empty one");
	else
		fault_add(m->faults, "--to", "the database there has tenants already, or other rows (in %s); name an empty one", full->text[NAME]);
	return ST_CONFLICT;
}
