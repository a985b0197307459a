/* pennymeter move: from the file to a PostgreSQL server, while usage is recorded. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "exact/clock.h"
#include "move_conf.h"
#include "store/move/move.h"

enum { BAR = 30, ADDRESS_CAP = 4095 /* what the store keeps of it */ };

struct moving {
	struct run *run;
	const char *to;
	const char *shown; /* the table of the last line */
	int64_t done, total;
	instant shown_at;
	bool begun; /* rows were copied, by this move or one before */
};

static bool is_address(const char *name)
{
	return !strncmp(name, "postgresql://", 13) || !strncmp(name, "postgres://", 11);
}

/* ---- progress ---- */

static void draw_bar(const char *table, int64_t done, int64_t total)
{
	const int64_t part = total ? done * BAR / total : BAR;
	fputs("\r[", stderr);
	for (int i = 0; i < BAR; i++)
		fputc(i < part ? '#' : '-', stderr);
	fprintf(stderr, "] %3lld %%  %lld of %lld rows, %-20s", (long long)(total ? done * 100 / total : 100), (long long)done,
	        (long long)total, table);
}

/* A bar on a terminal, ten times a second; elsewhere a line a table. With --json nothing. */
static void show(void *context, const char *table, int64_t done, int64_t total)
{
	struct moving *m = context;
	const instant now = clock_now();
	const bool fresh = !m->shown || strcmp(m->shown, table) != 0;
	m->done = done;
	m->total = total = done > total ? done : total; /* rows came while it was counted */
	if (m->run->json || (!fresh && (!isatty(STDERR_FILENO) || now - m->shown_at < SECOND / 10)))
		return;
	m->shown = table;
	m->shown_at = now;
	if (isatty(STDERR_FILENO))
		draw_bar(table, done, total);
	else
		fprintf(stderr, "%s: %lld of %lld rows\n", table, (long long)done, (long long)total);
}

/* ---- the configuration ---- */

static enum st prepare(void *context)
{
	struct moving *m = context;
	return move_conf_write(m->run, m->to, true);
}

static enum st announce(void *context)
{
	struct moving *m = context;
	return move_conf_switch(m->run);
}

/* ---- what can be refused before anything is touched ---- */

static enum st check_way(struct run *r, const char *to)
{
	bool odd = false;
	if (!is_address(to))
		return misuse(r, "--to", "must be an address like postgresql://user@host/database");
	for (const char *p = to; *p; p++)
		odd |= (unsigned char)*p <= ' ' || *p == '#' || *p == 0x7f;
	if (odd)
		return misuse(r, "--to", "write spaces, \"#\" and control characters in an address as %%20, %%23 and so on");
	if (strlen(to) > ADDRESS_CAP)
		return misuse(r, "--to", "an address may have %d bytes, not %zu", ADDRESS_CAP, strlen(to));
	if (getenv("PENNYMETER_STORE"))
		return fault_add(&r->faults, "PENNYMETER_STORE", "is set in the environment, which overrides pennymeter.conf: the switch "
		                                                 "could not take effect; take it out there first");
	return ST_OK;
}

/* One move at a time: the folder is locked as long as this process lives, and nothing in it can be removed to undo that. */
static enum st take_turn(struct run *r)
{
	static int fd;
	const bool moved = is_address(r->conf.text[CONF_STORE]);
	const char *file = conf_path(&r->conf, r->arena, moved ? CONF_FILE : r->conf.text[CONF_STORE]);
	const char *slash = file ? strrchr(file, '/') : NULL, *folder = slash > file ? arena_copy(r->arena, file, (size_t)(slash - file)) : "/";
	if (!file || !folder)
		return ST_MEMORY;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK))
		return ST_OK; /* where a network file system has no such locks, it goes without */
	if (fd < 0)
		return fault_add(&r->faults, folder, "cannot be opened: %s", strerror(errno));
	fault_add(&r->faults, "move", "another `pennymeter move` is at work here; wait for it, or end it");
	return ST_CONFLICT;
}

static enum st open_target(struct store **target, struct run *r, const char *to)
{
	struct conf conf = r->conf;
	conf.text[CONF_STORE] = to;
	return store_open(target, &conf, STORE_CREATE, &r->faults);
}

static enum st open_source(struct run *r)
{
	if (is_address(r->conf.text[CONF_STORE]))
		return fault_add(&r->faults, "store", "the store is on a server already");
	const char *file = conf_path(&r->conf, r->arena, r->conf.text[CONF_STORE]), *moved = file ? arena_format(r->arena, "%s.moved", file) : NULL;
	if (!moved)
		return ST_MEMORY;
	if (!access(moved, F_OK))
		return fault_add(&r->faults, moved, "is left of an earlier move, and would be overwritten: put it elsewhere first");
	return run_store(r, STORE_WRITE);
}

/* ---- the command ---- */

/* What the move noted in the file is of no use to anybody; it is taken out once the file is of none either. */
static void tell(struct moving *m, const char *what)
{
	struct run *r = m->run;
	struct conf before = r->conf;
	struct faults faults = { .arena = r->arena };
	if (is_address(before.text[CONF_STORE]))
		before.text[CONF_STORE] = conf_rows[CONF_STORE].fallback;
	(void)!store_move_tidy(&before, &faults);
	jw_object(&r->w, NULL);
	jw_int(&r->w, "rows", m->done);
	jw_string(&r->w, "old", "put aside");
	jw_end(&r->w);
	if (!r->json && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	say(r, "%s. pennymeter.conf names the new store; the old file is kept as %s.moved.\n"
	       "From now on back up with pg_dump.\n", what, before.text[CONF_STORE]);
}

static enum st cancel(struct run *r)
{
	enum st st = take_turn(r);
	if (!st && store_was_put_aside(&r->conf)) {
		fault_add(&r->faults, "move", "everything was moved and the file is put aside: there is nothing to give up any more; "
		                              "`pennymeter move --to ADDRESS` with the server's address finishes it");
		st = ST_CONFLICT;
	}
	if (!st)
		st = open_source(r);
	if (!st)
		st = store_move_cancel(r->store, &r->faults);
	if (st)
		return st;
	move_conf_remove(r);
	jw_object(&r->w, NULL);
	jw_bool(&r->w, "cancelled", true);
	jw_end(&r->w);
	say(r, "The move is given up. What was copied lies in the other database, unused.\n");
	return ST_OK;
}

/* No new configuration was written, or it was taken away: then the two are compared as far as they can be by now. */
static enum st write_missing(struct moving *m)
{
	struct run *r = m->run;
	struct conf conf = r->conf;
	conf.text[CONF_STORE] = arena_format(r->arena, "%s.moved", r->conf.text[CONF_STORE]);
	enum st st = conf.text[CONF_STORE] ? store_open(&r->store, &conf, STORE_READ, &r->faults) : ST_MEMORY;
	if (!st)
		st = move_conf_write(r, m->to, true);
	store_close(r->store);
	r->store = NULL;
	return st;
}

/* The file was put aside when the last move was cut off: only the configuration has to be renamed, which whoever
 * opens the store does. */
static enum st finish(struct moving *m)
{
	struct run *r = m->run;
	const char *new;
	enum st st = move_conf_names(r, m->to);
	if (st == ST_NOT_FOUND)
		st = write_missing(m);
	else if (st == ST_CONFLICT)
		fault_add(&r->faults, "--to", "the move went to the database that pennymeter.conf.new names: give that address");
	if (!st)
		st = run_store(r, STORE_WRITE);
	if (!st)
		st = move_conf_new(&new, r);
	if (!st && !access(new, F_OK))
		st = move_conf_switch(r);
	if (!st)
		tell(m, "Moved");
	return st;
}

/* The last move ended before it could say so. */
static enum st stay(struct moving *m)
{
	if (strcmp(m->run->conf.text[CONF_STORE], m->to))
		return fault_add(&m->run->faults, "store", "the store is on a server already");
	enum st st = run_store(m->run, STORE_WRITE);
	if (!st)
		tell(m, "It was moved before");
	return st;
}

static enum st go(struct moving *m)
{
	const struct move_view view = { m, show, prepare, announce };
	struct run *r = m->run;
	struct store *target = NULL;
	enum st st = open_source(r);
	if (!st)
		st = open_target(&target, r, m->to);
	if (!st)
		st = move_conf_write(r, m->to, false);
	move_conf_remove(r); /* it is written anew when it is time for it */
	m->begun = !st;
	if (!st)
		st = store_move(r->store, target, &view, &r->faults);
	store_close(target);
	if (!st)
		tell(m, "Moved and compared");
	return st;
}

/* What is so now, and how it goes on. */
static void tell_failure(const struct moving *m, enum st st)
{
	struct run *r = m->run;
	if (store_was_put_aside(&r->conf))
		fault_add(&r->faults, "move", "the file is put aside; run `pennymeter move --to` again with the address of the server that all was "
		          "moved to, which finishes it");
	else if (m->begun && st != ST_INVALID && st != ST_CONFLICT)
		fault_add(&r->faults, "move", "was cut off; nothing was switched, and the file is in use as before. Run it again and it goes on where it "
		          "stood; or give it up by `pennymeter move --cancel` and begin anew with an empty database");
}

enum st command_move(struct run *r)
{
	struct moving m = { .run = r, .to = run_option(r, "to") };
	if (run_option(r, "cancel"))
		return cancel(r);
	if (!m.to)
		return misuse(r, "--to", "is required: an address like postgresql://user@host/database");
	enum st st = check_way(r, m.to);
	if (!st)
		st = take_turn(r);
	if (!st)
		st = store_was_put_aside(&r->conf) ? finish(&m) : is_address(r->conf.text[CONF_STORE]) ? stay(&m) : go(&m);
	if (st)
		tell_failure(&m, st);
	return st;
}
