/* Moving to a server. Before the first row is copied triggers note the key of each row that changes; so what was
 * copied too early is put right by looking at those rows again. The texts for each table come from sql/move.sql. */
#include "store/move/inside.h"

#include <stdio.h>
#include <string.h>

#include "store/care.sql.h"
#include "store/inside.h"
#include "store/move/move.sql.h"

/* Changes that are so few that writers may wait for them; how often they are carried over before writers must. */
enum { FEW = 500, ROUNDS = 200 };

/* ---- beginning and ending ---- */

/* Also where a move stands is forgotten: with the triggers a new one begins. */
static enum st set_triggers(struct store *s, const struct moving *m, bool wanted)
{
	enum st st = RUN(s, SQL_MOVE_PROGRESS_FORGET);
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

/* What `pennymeter init` made there is made anew by what is copied. */
static enum st empty_target(struct moving *m)
{
	enum st st = ST_OK;
	for (unsigned i = m->count; i-- && !st;) {
		struct rows r = { 0 };
		st = store_rows_text(m->to, &r, m->tables[i].text[EMPTY], NULL, 0);
		if (!st && (st = rows_next(&r)) == ST_DONE)
			st = ST_OK;
		rows_end(&r);
	}
	return st;
}

/* Where triggers are missing, as of a table that came since, or an older program's, what changed is not known: all is
 * copied again. */
static enum st begin(struct moving *m)
{
	static const struct write_op op = { .name = "move.begin", .holds_catalog = true, .apply = make_triggers };
	struct place tenants = { .table = "tenants", .behind = m->behind };
	int64_t begun = 0, triggers = 0;
	bool fresh = false;
	enum st st = NUMBER(m->from, &begun, SQL_MOVE_BEGUN);
	if (!st)
		st = NUMBER(m->from, &triggers, SQL_MOVE_TRIGGERS);
	if (!st)
		st = move_find_place(m->from, &tenants);
	if (!st)
		st = move_check_target(&fresh, m, begun > 0, tenants.copied > 0);
	if (!st && fresh)
		st = empty_target(m);
	return st || triggers == 3 * (int64_t)m->count ? st : store_write(m->from, &op, &m, sizeof m, NULL, 0);
}

/* ---- the switch, while all writers wait ---- */

static enum st switch_alone(struct moving *m)
{
	int64_t left;
	enum st st = move_carry(m, &left);
	if (!st)
		st = m->view->prepare(m->view->context);
	if (!st)
		st = store_put_aside(m->from);
	if (st)
		return st;
	st = m->view->announce(m->view->context);
	return st && store_put_back(m->from) ? ST_IO : st;
}

/* The database's own lock is taken as well as the writers': theirs lies in a file that may have been removed and made
 * anew, so that not all of them wait for the same. Who waited finds the file gone. */
static enum st switch_over(void *context)
{
	struct moving *m = context;
	const struct driver *d = m->from->driver;
	m->alone = true;
	move_show(m, "what changed last");
	/* A reader of before may keep the log: then it stays, and goes with the file. */
	enum st st = d->settle(m->from->db);
	if (!st)
		st = d->begin(m->from->db, true);
	if (st)
		return st;
	st = switch_alone(m);
	d->rollback(m->from->db);
	return st;
}

static enum st move_all(struct moving *m)
{
	int64_t left = INT64_MAX;
	enum st st = move_look_ahead(m);
	if (!st)
		st = begin(m);
	for (unsigned i = 0; i < m->count && !st; i++)
		st = move_copy_table(m, i);
	if (!st)
		st = move_carry(m, &left);
	if (!st)
		st = move_compare(m);
	left = INT64_MAX;
	for (unsigned round = 0; round < ROUNDS && left > FEW && !st; round++) {
		move_show(m, "what changed");
		st = move_carry(m, &left);
	}
	for (unsigned try = 0; !st && (st = store_alone(m->from, switch_over, m)) == ST_BUSY && try < BUSY_TRIES; try++) {
		store_pause(BUSY_MS);
		st = ST_OK;
	}
	return st;
}

/* ---- the whole ---- */

static enum st open_moving(struct moving *m)
{
	enum st st = arena_open(&m->arena, 256 << 20);
	if (!st)
		st = arena_open(&m->page, (size_t)5 * ROWS_BYTES);
	if (!st)
		st = arena_open(&m->carry, (size_t)5 * ROWS_BYTES);
	m->behind = st ? NULL : arena_take(m->arena, KEY_BYTES);
	return st ? st : m->behind ? ST_OK : ST_MEMORY;
}

static void close_moving(struct moving *m)
{
	arena_close(m->carry);
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
	bool ours = false;
	enum st st = NUMBER(from, &here[0], SQL_MOVE_TENANTS);
	if (!st)
		st = NUMBER(from, &here[1], SQL_CARE_COUNT_EVENTS);
	if (!st)
		st = NUMBER(to, &there[0], SQL_MOVE_TENANTS);
	if (!st)
		st = NUMBER(to, &there[1], SQL_CARE_COUNT_EVENTS);
	if (!st && there[0] == here[0])
		st = move_find_ours(&ours, from, to);
	if (st || (there[0] >= here[0] && there[1] >= here[1] && (ours || there[0] > here[0])))
		return st;
	fault_add(faults, "--to", "holds fewer tenants or events than the file that was put aside, or others: is it the right database?");
	return ST_CONFLICT;
}

enum st store_move_cancel(struct store *from, struct faults *faults)
{
	static const struct write_op op = { .name = "move.cancel", .holds_catalog = true, .apply = drop_triggers };
	struct moving m = { .from = from, .faults = faults }, *pointer = &m;
	enum st st = open_moving(&m);
	if (!st)
		st = move_read_tables(&m);
	if (!st)
		st = store_write(from, &op, &pointer, sizeof pointer, NULL, 0);
	close_moving(&m);
	return st;
}

/* ---- the file that is left ---- */

static enum st drop_in(struct store *aside, struct moving *m)
{
	enum st st = aside->driver->begin(aside->db, true);
	if (!st)
		st = set_triggers(aside, m, false);
	if (!st)
		st = aside->driver->commit(aside->db);
	if (st)
		aside->driver->rollback(aside->db);
	return st ? st : aside->driver->settle(aside->db);
}

enum st store_move_tidy(const struct conf *conf, struct faults *faults)
{
	struct store aside = { .mode = STORE_WRITE, .lock = -1 };
	struct moving m = { .from = &aside, .faults = faults };
	enum st st = store_find_aside(&aside, conf);
	if (!st)
		st = aside.driver->open(&aside.db, aside.where, DB_WRITE, faults);
	if (!st)
		st = open_moving(&m);
	if (!st)
		st = move_read_tables(&m);
	if (!st)
		st = drop_in(&aside, &m);
	close_moving(&m);
	if (aside.db)
		aside.driver->close(aside.db);
	return st;
}
