/* pennymeter move: from the file to a PostgreSQL server, while usage is recorded. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command.h"
#include "store/move.h"

enum { BAR = 30, CONF_CAP = 1 << 20 };

struct moving {
	struct run *run;
	const char *to;
	const char *shown; /* the table of the last line */
	int64_t done, total;
	instant shown_at;
};

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

/* Is this the line "store = …"? */
static bool names_store(const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "store", 5))
		return false;
	line += 5 + strspn(line + 5, " \t");
	return *line == '=';
}

/* The file as it stands with its store changed, everything else as it was. */
static enum st write_store(struct run *r, const char *to)
{
	const char *path = conf_path(&r->conf, r->arena, "pennymeter.conf");
	const char *old = !path ? NULL : access(path, F_OK) ? "" : read_file(r, path, CONF_CAP);
	struct text t = text_new(r->arena, 2 * CONF_CAP);
	if (!path || !old)
		return ST_IO;
	for (size_t n; *old; old += n) {
		n = strcspn(old, "\n");
		n += old[n] == '\n';
		if (!names_store(old))
			text_add(&t, old, n);
	}
	if (t.size && t.bytes[t.size - 1] != '\n')
		text_addc(&t, '\n');
	text_addf(&t, "store = %s\n", to);
	return t.failed ? ST_MEMORY : write_file(r, path, t.bytes);
}

static enum st announce(void *context)
{
	struct moving *m = context;
	return write_store(m->run, m->to);
}

/* ---- what can be refused before anything is touched ---- */

static enum st check_way(struct run *r, const char *to)
{
	if (strncmp(to, "postgresql://", 13) && strncmp(to, "postgres://", 11))
		return fault_add(&r->faults, "--to", "must be an address like postgresql://user@host/database");
	if (strpbrk(to, " \t\r\n#"))
		return fault_add(&r->faults, "--to", "write spaces and \"#\" in an address as %%20 and %%23");
	if (getenv("PENNYMETER_STORE"))
		return fault_add(&r->faults, "PENNYMETER_STORE", "is set in the environment, which overrides pennymeter.conf: the switch "
		                                                 "could not take effect; take it out there first");
	return ST_OK;
}

static enum st open_target(struct store **target, struct run *r, const char *to)
{
	struct conf conf = r->conf;
	conf.text[CONF_STORE] = to;
	return store_open(target, &conf, STORE_CREATE, &r->faults);
}

static enum st open_source(struct run *r)
{
	enum st st = run_store(r, STORE_WRITE);
	if (!st && store_on_server(r->store))
		return fault_add(&r->faults, "store", "the store is on a server already");
	return st;
}

/* ---- the command ---- */

static void tell(struct moving *m)
{
	struct run *r = m->run;
	jw_object(&r->w, NULL);
	jw_int(&r->w, "rows", m->done);
	jw_string(&r->w, "old", "put aside");
	jw_end(&r->w);
	if (!r->json && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	say(r, "Moved and compared. pennymeter.conf names the new store; the old file is kept as %s.moved.\n"
	       "From now on back up with pg_dump.\n", r->conf.text[CONF_STORE]);
}

static enum st cancel(struct run *r)
{
	enum st st = open_source(r);
	if (!st)
		st = store_move_cancel(r->store, &r->faults);
	if (st)
		return st;
	jw_object(&r->w, NULL);
	jw_bool(&r->w, "cancelled", true);
	jw_end(&r->w);
	say(r, "The move is given up. What was copied lies in the other database, unused.\n");
	return ST_OK;
}

/* Everything was there and the file put aside when the last move was cut off: only the word is missing. */
static enum st resume_announcing(struct moving *m, struct store *target)
{
	struct run *r = m->run;
	struct conf conf = r->conf;
	struct store *old = NULL;
	conf.text[CONF_STORE] = arena_format(r->arena, "%s.moved", r->conf.text[CONF_STORE]);
	enum st st = conf.text[CONF_STORE] ? store_open(&old, &conf, STORE_READ, &r->faults) : ST_MEMORY;
	if (!st)
		st = store_move_done(old, target, &r->faults);
	store_close(old);
	if (!st)
		st = announce(m);
	if (!st)
		tell(m);
	return st;
}

enum st command_move(struct run *r)
{
	const char *to = run_option(r, "to");
	struct moving m = { .run = r, .to = to };
	const struct move_view view = { &m, show, announce };
	struct store *target = NULL;
	if (run_option(r, "cancel"))
		return cancel(r);
	if (!to)
		return fault_add(&r->faults, "--to", "is needed: an address like postgresql://user@host/database");
	enum st st = check_way(r, to);
	if (!st)
		st = open_target(&target, r, to);
	if (!st && store_was_put_aside(&r->conf))
		st = resume_announcing(&m, target);
	else if (!st && !(st = open_source(r)) && !(st = store_move(r->store, target, &view, &r->faults)))
		tell(&m);
	store_close(target);
	if (st && st != ST_INVALID && !r->faults.count)
		fault_add(&r->faults, "move", "was cut off; nothing was switched. Run it again and it goes on where it stood");
	return st;
}
