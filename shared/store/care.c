/* Care of the store: all in the one file; its proof, and its tables. */
#include "store/care.h"
#include "store/inside.h"
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "store/care.sql.h"
#include "store/folder.h"
#include "store/sqlite_pages.h"

enum { LEAVING = 300 }; /* milliseconds */

/* ---- all in the one file ---- */

enum st store_alone(struct store *s, enum st (*work)(void *), void *context)
{
	if (s->lock < 0)
		return ST_STORE;
	store_read_end(s);
	enum st st = store_lock(s);
	if (st)
		return st;
	st = work(context);
	store_unlock(s);
	return st;
}

static enum st settle(void *store)
{
	const struct store *s = store;
	return s->driver->settle(s->db);
}

enum st store_settle(struct store *s)
{
	return s->driver->one_file ? store_alone(s, settle, s) : ST_OK;
}

/* The lock, if it is to be had soon: who leaves must keep nobody waiting, and need not wait long. */
static bool lock_soon(const struct store *s)
{
	for (unsigned look = 0; look < LEAVING / 10; look++) {
		if (!flock(s->lock, LOCK_EX | LOCK_NB))
			return true;
		store_pause(10);
	}
	return false;
}

void store_leave(struct store *s)
{
	if (!s || !s->db || !s->driver->one_file || s->mode == STORE_READ || s->lock < 0 || s->driver->gone(s->db))
		return;
	store_read_end(s);
	if (s->driver->script(s->db, "PRAGMA busy_timeout=100") || !lock_soon(s))
		return;
	(void)!settle(s);
	store_unlock(s);
}

/* ---- its tables ---- */

static const char *kept(struct arena *arena, const struct rows *r, unsigned column)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

enum st store_tables(struct store *s, struct store_table *tables, unsigned *count, struct arena *arena)
{
	struct rows r = { 0 };
	*count = 0;
	enum st st = ROWS(s, &r, SQL_CARE_TABLES);
	while (!st && !(st = rows_next(&r))) {
		if (*count == STORE_TABLES)
			st = ST_RANGE;
		else
			tables[(*count)++] = (struct store_table){ kept(arena, &r, 0), kept(arena, &r, 1), kept(arena, &r, 2) };
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- its proof ---- */

static enum st locate_alone(struct store *s, const struct conf *conf)
{
	struct faults none = { 0 };
	enum st st = arena_open(&none.arena, 64 << 10);
	if (!st)
		st = store_locate(s, conf, &none);
	arena_close(none.arena);
	return st;
}

const char *store_holder(char *out, const struct store *s)
{
	_Static_assert((int)STORE_HOLDER >= (int)HOLDER_ROOM, "a holder's words fit");
	return lock_holder(out, s->lock, LOCK_WHOLE);
}

enum st store_carries_checksums(const struct conf *conf, bool *sealed)
{
	struct store s = { .lock = -1 };
	unsigned char header[PAGE_HEADER];
	enum st st = locate_alone(&s, conf);
	if (!st && !s.driver->one_file)
		return ST_DONE;
	int fd = st ? -1 : open(s.where, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ST_STORE;
	st = pread(fd, header, sizeof header, 0) == sizeof header ? ST_OK : ST_STORE;
	close(fd);
	*sealed = !st && page_shape_of(header).sealed;
	return st;
}

enum st store_prove(const struct conf *conf, const struct prove_view *view, struct file_facts *facts, struct faults *faults)
{
	const struct witness witness = { .tell = view->tell, .context = view->context, .accept = view->accept };
	struct store s = { .lock = -1 };
	*facts = (struct file_facts){ 0 };
	enum st st = locate_alone(&s, conf);
	if (!st)
		st = folder_judge(conf->data, s.beside, faults); /* what others planted is not even opened */
	if (st)
		return st;
	return s.driver->prove ? s.driver->prove(s.where, &witness, facts) : ST_DONE;
}

static enum st touch(struct store *s, const void *request, size_t size, void *answer)
{
	(void)request, (void)size, (void)answer;
	return RUN(s, SQL_CARE_TOUCH);
}

enum st store_touch(struct store *s)
{
	static const struct write_op op = { .name = "care.touch", .apply = touch };
	return store_write(s, &op, NULL, 0, NULL, 0);
}
