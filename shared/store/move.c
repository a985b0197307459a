/* Moving to a server. Before the first row is copied triggers note the key of each row that changes; so what was
 * copied too early is put right by looking at those rows again. The texts for each table come from sql/move.sql. */
#include "store/move.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/text.h"

enum { TABLES_CAP = 100, PAGE_ROWS = 2000, PAGE_BYTES = 4 << 20, ROWS_BYTES = 64 << 20, ROW_BYTES = 64 << 10 };

/* Changes of a table taken at once; so few that writers may wait for them; how often before they must. */
enum { CHANGES = 2000, FEW = 500, ROUNDS = 200 };

/* What move_tables tells of a table in the file, and move_texts of it on the server. */
enum text_kind { NAME, REFERRED, COUNT, PAGE, MAKE, DROP, SPAN, CHANGED, GONE, FORGET, FILE_TEXTS, PUT = FILE_TEXTS, TAKE, TEXT_KINDS };

struct table {
	const char *text[TEXT_KINDS];
};

struct moving {
	struct store *from, *to;
	const struct move_view *view;
	struct faults *faults;
	struct arena *arena, *page, *referred; /* of the whole move; of one page; of one of rows that it refers to */
	struct table tables[TABLES_CAP];
	unsigned count;
	char *behind; /* the row that a table's copy stands at; ROW_BYTES */
	int64_t done, total;
};

/* ---- small helps ---- */

static const char *keep(struct arena *arena, const struct rows *r, unsigned column)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

/* The numbers in the one row of what was started. Ends it. */
static enum st take_numbers(struct rows *r, enum st st, int64_t *numbers, unsigned count)
{
	if (!st)
		st = rows_next(r);
	for (unsigned i = 0; i < count && !st; i++)
		numbers[i] = rows_int(r, i);
	rows_end(r);
	return st;
}

static enum st read_number(struct store *s, int64_t *number, enum sql sql)
{
	struct rows r = { 0 };
	return take_numbers(&r, store_rows(s, &r, sql, NULL, 0), number, 1);
}

static enum st read_numbers(struct store *s, int64_t *numbers, unsigned count, const char *text)
{
	struct rows r = { 0 };
	return take_numbers(&r, store_rows_text(s, &r, text, NULL, 0), numbers, count);
}

static enum st run_text(struct store *s, const char *text, struct val value)
{
	struct rows r = { 0 };
	enum st st = store_rows_text(s, &r, text, &value, 1);
	while (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static void show(const struct moving *m, const char *what)
{
	m->view->show(m->view->context, what, m->done, m->total);
}

/* ---- what there is to move ---- */

static enum st read_tables(struct moving *m)
{
	struct rows r = { 0 };
	enum st st = store_rows(m->from, &r, SQL_MOVE_TABLES, NULL, 0);
	while (!st && m->count < TABLES_CAP && !(st = rows_next(&r))) {
		for (unsigned t = 0; t < FILE_TEXTS; t++)
			m->tables[m->count].text[t] = keep(m->arena, &r, t);
		m->count++;
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
	if (!st) {
		t->text[PUT] = keep(m->arena, &r, 0);
		t->text[TAKE] = keep(m->arena, &r, 1);
	}
	rows_end(&r);
	return st == ST_DONE ? fault_add(m->faults, "--to", "the database there has no table %s", t->text[NAME]) : st;
}

static enum st look_ahead(struct moving *m)
{
	enum st st = read_tables(m);
	for (unsigned i = 0; i < m->count && !st; i++) {
		int64_t rows = 0;
		st = read_server_texts(m, &m->tables[i]);
		if (!st)
			st = read_numbers(m->from, &rows, 1, m->tables[i].text[COUNT]);
		m->total += rows;
	}
	return st;
}

/* ---- beginning and ending ---- */

/* Also where a move stands is forgotten: with the triggers a new one begins. */
static enum st set_triggers(struct store *s, const struct moving *m, bool wanted)
{
	enum st st = store_run(s, SQL_MOVE_PROGRESS_FORGET, NULL, 0);
	for (unsigned i = 0; i < m->count && !st; i++) {
		st = store_script(s, m->tables[i].text[DROP]);
		if (!st && wanted)
			st = store_script(s, m->tables[i].text[MAKE]);
	}
	return st;
}

static enum st make_triggers(struct store *s, const void *request, size_t size, void *answer)
{
	(void)size, (void)answer;
	return set_triggers(s, *(const struct moving *const *)request, true);
}

static enum st drop_triggers(struct store *s, const void *request, size_t size, void *answer)
{
	(void)size, (void)answer;
	return set_triggers(s, *(const struct moving *const *)request, false);
}

/* Is each tenant there one of those here? Their numbers and the microseconds in which they were made tell. */
static enum st find_ours(bool *ours, struct moving *m)
{
	struct rows here = { 0 }, there = { 0 };
	enum st st = ROWS(m->from, &here, SQL_TENANT_LIST, INT(0)), found = ST_OK;
	if (!st)
		st = ROWS(m->to, &there, SQL_TENANT_LIST, INT(0));
	for (*ours = true; !st && *ours && !(st = rows_next(&there));) {
		do
			found = rows_next(&here);
		while (!found && rows_int(&here, 0) < rows_int(&there, 0));
		st = found == ST_DONE ? ST_OK : found;
		*ours = !found && rows_int(&here, 0) == rows_int(&there, 0) && rows_int(&here, 4) == rows_int(&there, 4);
	}
	rows_end(&here);
	rows_end(&there);
	return st == ST_DONE ? ST_OK : st;
}

/* A database of another's is never written to; nor is an empty one taken for that of an interrupted move. One that was
 * cut off after its first tenants were there and before it was noted has `begun`. */
static enum st check_target(struct moving *m, bool begun, bool resumed)
{
	int64_t tenants = 0, events = 0;
	bool ours = false;
	enum st st = read_number(m->to, &tenants, SQL_MOVE_TENANTS);
	if (!st)
		st = read_number(m->to, &events, SQL_CARE_COUNT_EVENTS);
	if (!st && begun && !resumed && tenants > 1 && !events)
		st = find_ours(&ours, m);
	if (st)
		return st;
	if (!resumed && (tenants > 1 || events) && !ours) {
		fault_add(m->faults, "--to", "the database there has tenants already; name an empty one");
		return ST_CONFLICT;
	}
	if (resumed && !tenants) {
		fault_add(m->faults, "--to", "this is not the database that the move began with; go on with that one, or "
		                             "begin anew after `pennymeter move --cancel`");
		return ST_CONFLICT;
	}
	return ST_OK;
}

/* How far the copy of a table has come. */
struct place {
	const char *table;
	char *behind;
	int64_t copied;
	bool done;
};

static enum st find_place(struct store *s, struct place *p)
{
	struct rows r = { 0 };
	enum st st = ROWS(s, &r, SQL_MOVE_PROGRESS, TEXT(p->table));
	if (!st)
		st = rows_next(&r);
	snprintf(p->behind, ROW_BYTES, "%s", st ? "" : rows_text(&r, 0));
	p->copied = st ? 0 : rows_int(&r, 1);
	p->done = !st && rows_int(&r, 2);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st begin(struct moving *m)
{
	static const struct write_op op = { .name = "move.begin", .apply = make_triggers };
	struct place tenants = { .table = "tenants", .behind = m->behind };
	int64_t triggers = 0;
	enum st st = read_number(m->from, &triggers, SQL_MOVE_TRIGGERS);
	if (!st)
		st = find_place(m->from, &tenants);
	if (!st)
		st = check_target(m, triggers > 0, tenants.copied > 0);
	return st || triggers ? st : store_write(m->from, &op, &m, sizeof m, NULL, 0);
}

/* ---- carrying over what changed ---- */

/* The rows of what was started as a JSON array, until they fill `most` bytes. Ends it.
 * Returns: ST_OK; ST_DONE: there was none. Out: rows  how many; last  where the last one begins in the array */
static enum st gather(struct text *array, int64_t *rows, size_t *last, struct rows *r, enum st st, size_t most)
{
	for (*rows = 0; !st && array->size < most && !(st = rows_next(r)); ++*rows) {
		text_addc(array, *rows ? ',' : '[');
		*last = array->size;
		text_adds(array, rows_text(r, 0));
	}
	rows_end(r);
	if (st && st != ST_DONE)
		return st;
	return array->failed ? ST_MEMORY : *rows ? ST_OK : ST_DONE;
}

struct forgetting {
	const char *text;
	int64_t upto;
};

static enum st forget(struct store *s, const void *request, size_t size, void *answer)
{
	const struct forgetting *f = request;
	(void)size, (void)answer;
	return run_text(s, f->text, INT(f->upto));
}

static bool is_referred(const struct table *t)
{
	return *t->text[REFERRED] == '1';
}

static enum st carry_over(struct moving *m, const struct table *t, int64_t *left, bool alone);

/* What rows refer to has to be there before them: it may have come since it was copied. */
static enum st carry_referred(struct moving *m, bool alone)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < m->count && is_referred(&m->tables[i]); i++)
		for (int64_t left = 1; left && !st;)
			st = carry_over(m, &m->tables[i], &left, alone);
	return st;
}

static enum st send_rows(struct moving *m, const struct table *t, const char *text, struct text *array, bool alone)
{
	text_addc(array, ']');
	enum st st = array->failed ? ST_MEMORY : is_referred(t) ? ST_OK : carry_referred(m, alone);
	return st ? st : run_text(m->to, text, TEXT(array->bytes));
}

/* What has become of the rows that changed: they stand as they do now, or are gone. */
static enum st send_changes(struct moving *m, const struct table *t, enum text_kind read, enum text_kind send, int64_t upto, bool alone)
{
	struct arena *arena = is_referred(t) ? m->referred : m->page;
	struct rows r = { 0 };
	int64_t rows;
	size_t last;
	arena_reset(arena);
	struct text array = text_new(arena, ROWS_BYTES);
	enum st st = store_rows_text(m->from, &r, t->text[read], VALS(INT(upto)));
	st = gather(&array, &rows, &last, &r, st, ROWS_BYTES);
	return st == ST_DONE ? ST_OK : st ? st : send_rows(m, t, t->text[send], &array, alone);
}

/* The oldest changes of a table; none that come while we are at it. Out: left  how many there were
 * In: alone  the store's lock is ours */
static enum st carry_over(struct moving *m, const struct table *t, int64_t *left, bool alone)
{
	static const struct write_op op = { .name = "move.forget", .apply = forget };
	int64_t span[3] = { 0, 0, 0 };
	enum st st = read_numbers(m->from, span, 3, t->text[SPAN]);
	const int64_t last = span[1] + CHANGES - 1;
	const struct forgetting f = { t->text[FORGET], last < span[2] ? last : span[2] };
	*left = span[0];
	if (st || !*left)
		return st;
	st = send_changes(m, t, CHANGED, PUT, f.upto, alone);
	if (!st)
		st = send_changes(m, t, GONE, TAKE, f.upto, alone);
	if (st)
		return st;
	return alone ? run_text(m->from, f.text, INT(f.upto)) : store_write(m->from, &op, &f, sizeof f, NULL, 0);
}

/* One round over all tables. Out: left  the most that one of them had */
static enum st carry_all(struct moving *m, int64_t *left, bool alone)
{
	enum st st = ST_OK;
	*left = 0;
	show(m, "what changed");
	for (unsigned i = 0; i < m->count && !st; i++) {
		int64_t of_table = 0;
		st = carry_over(m, &m->tables[i], &of_table, alone);
		*left = of_table > *left ? of_table : *left;
	}
	return st;
}

/* ---- copying ---- */

static enum st note_place(struct store *s, const void *request, size_t size, void *answer)
{
	const struct place *p = request;
	(void)size, (void)answer;
	return RUN(s, SQL_MOVE_PROGRESS_PUT, TEXT(p->table), TEXT(p->behind), INT(p->copied), INT(p->done));
}

static enum st copy_page(struct moving *m, const struct table *t, struct place *p)
{
	struct rows r = { 0 };
	int64_t rows;
	size_t last = 0;
	arena_reset(m->page);
	struct text array = text_new(m->page, ROWS_BYTES);
	enum st st = store_rows_text(m->from, &r, t->text[PAGE], VALS(TEXT(p->behind), INT(PAGE_ROWS)));
	st = gather(&array, &rows, &last, &r, st, PAGE_BYTES);
	p->done = st == ST_DONE;
	if (st)
		return p->done ? ST_OK : st;
	if (snprintf(p->behind, ROW_BYTES, "%s", array.bytes + last) >= ROW_BYTES)
		return ST_MEMORY;
	p->copied += rows;
	m->done += rows;
	return send_rows(m, t, t->text[PUT], &array, false);
}

static enum st copy_table(struct moving *m, const struct table *t)
{
	static const struct write_op op = { .name = "move.place", .apply = note_place };
	struct place p = { .table = t->text[NAME], .behind = m->behind };
	enum st st = find_place(m->from, &p);
	m->done += p.copied;
	while (!st && !p.done) {
		show(m, t->text[NAME]);
		st = copy_page(m, t, &p);
		if (!st)
			st = store_write(m->from, &op, &p, sizeof p, NULL, 0);
	}
	return st;
}

/* ---- comparing ---- */

static enum st differ(struct moving *m, const struct rows *a, bool here, const struct rows *b, bool there)
{
	const struct rows *of = here ? a : b;
	char day[INSTANT_ROOM];
	fault_add(m->faults, "--to", "differs: tenant %lld, %s, %s: %lld events of %lld millionths here, %lld of %lld there; nothing was switched",
	          (long long)rows_int(of, 0), rows_text(of, 1), instant_print_date(day, rows_int(of, 2)),
	          here ? (long long)rows_int(a, 3) : 0, here ? (long long)rows_int(a, 4) : 0,
	          there ? (long long)rows_int(b, 3) : 0, there ? (long long)rows_int(b, 4) : 0);
	return ST_CONFLICT;
}

static bool same_row(const struct rows *a, const struct rows *b)
{
	return rows_int(a, 0) == rows_int(b, 0) && !strcmp(rows_text(a, 1), rows_text(b, 1)) && rows_int(a, 2) == rows_int(b, 2) &&
	       rows_int(a, 3) == rows_int(b, 3) && rows_int(a, 4) == rows_int(b, 4);
}

/* Both answers to a statement, row by row: tenant, metric, day, count, sum. */
static enum st compare(struct moving *m, enum sql sql)
{
	struct rows a = { 0 }, b = { 0 };
	enum st st = store_rows(m->from, &a, sql, NULL, 0), here = ST_OK, there = ST_OK;
	if (!st)
		st = store_rows(m->to, &b, sql, NULL, 0);
	while (!st) {
		here = rows_next(&a);
		there = rows_next(&b);
		if (here == ST_DONE && there == ST_DONE)
			break;
		st = here && here != ST_DONE ? here : there && there != ST_DONE ? there : ST_OK;
		if (!st && (here || there || !same_row(&a, &b)))
			st = differ(m, &a, !here, &b, !there);
	}
	rows_end(&a);
	rows_end(&b);
	return st;
}

static enum st compare_counts(struct moving *m)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < m->count && !st; i++) {
		const char *const *text = m->tables[i].text;
		int64_t here = 0, there = 0;
		st = read_numbers(m->from, &here, 1, text[COUNT]);
		if (!st)
			st = read_numbers(m->to, &there, 1, text[COUNT]);
		if (!st && here != there) {
			fault_add(m->faults, "--to", "differs: %s has %lld rows here and %lld there; nothing was switched", text[NAME],
			          (long long)here, (long long)there);
			st = ST_CONFLICT;
		}
	}
	return st;
}

/* ---- the switch, while all writers wait ---- */

static enum st switch_over(void *context)
{
	struct moving *m = context;
	int64_t left = 1;
	enum st st = ST_OK;
	while (left && !st)
		st = carry_all(m, &left, true);
	show(m, "comparing");
	if (!st)
		st = compare_counts(m);
	if (!st)
		st = compare(m, SQL_MOVE_USAGE);
	if (!st)
		st = compare(m, SQL_MOVE_ROLLUPS);
	if (!st)
		st = set_triggers(m->from, m, false); /* the file that is put aside is whole in itself */
	if (!st)
		st = store_put_aside(m->from);
	return st ? st : m->view->announce(m->view->context);
}

static enum st move_all(struct moving *m)
{
	int64_t left = INT64_MAX;
	enum st st = look_ahead(m);
	if (!st)
		st = begin(m);
	for (unsigned i = 0; i < m->count && !st; i++)
		st = copy_table(m, &m->tables[i]);
	for (unsigned round = 0; round < ROUNDS && left > FEW && !st; round++)
		st = carry_all(m, &left, false);
	return st ? st : store_alone(m->from, switch_over, m);
}

/* ---- the whole ---- */

static enum st open_moving(struct moving *m)
{
	enum st st = arena_open(&m->arena, 16 << 20);
	if (!st)
		st = arena_open(&m->page, (size_t)3 * ROWS_BYTES);
	if (!st)
		st = arena_open(&m->referred, (size_t)3 * ROWS_BYTES);
	m->behind = st ? NULL : arena_take(m->arena, ROW_BYTES);
	return st ? st : m->behind ? ST_OK : ST_MEMORY;
}

static void close_moving(struct moving *m)
{
	arena_close(m->referred);
	arena_close(m->page);
	arena_close(m->arena);
}

enum st store_move(struct store *from, struct store *to, const struct move_view *view, struct faults *faults)
{
	struct moving m = { .from = from, .to = to, .view = view, .faults = faults };
	enum st st = open_moving(&m);
	if (!st)
		st = move_all(&m);
	close_moving(&m);
	return st;
}

enum st store_move_done(struct store *from, struct store *to, struct faults *faults)
{
	int64_t here[2] = { 0, 0 }, there[2] = { 0, 0 };
	enum st st = read_number(from, &here[0], SQL_MOVE_TENANTS);
	if (!st)
		st = read_number(from, &here[1], SQL_CARE_COUNT_EVENTS);
	if (!st)
		st = read_number(to, &there[0], SQL_MOVE_TENANTS);
	if (!st)
		st = read_number(to, &there[1], SQL_CARE_COUNT_EVENTS);
	if (st || (there[0] >= here[0] && there[1] >= here[1]))
		return st;
	fault_add(faults, "--to", "holds fewer tenants or events than the file that was put aside: is it the right database?");
	return ST_CONFLICT;
}

enum st store_move_cancel(struct store *from, struct faults *faults)
{
	static const struct write_op op = { .name = "move.cancel", .apply = drop_triggers };
	struct moving m = { .from = from, .faults = faults }, *pointer = &m;
	enum st st = open_moving(&m);
	if (!st)
		st = read_tables(&m);
	if (!st)
		st = store_write(from, &op, &pointer, sizeof pointer, NULL, 0);
	close_moving(&m);
	return st;
}
