/* The store: one connection behind a driver; where it is, its statements, and reading. */
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/folder.h"
#include "store/lock.h"
#include "store/migrate.h"
#include "store/migrate.sql.h"
#include "store/network.h"
#include "store/switch.h"

/* ---- opening ---- */

enum { A_WRITE_WAITS = 3 * 1000000, INIT_WAITS = 10 * 1000000 }; /* microseconds for the lock */

static uint64_t connections; /* that this process has made */

static enum st connect_db(struct store *s, struct faults *faults)
{
	static const enum db_mode mode[] = {
		[STORE_READ] = DB_READ, [STORE_WRITE] = DB_WRITE, [STORE_CREATE] = DB_CREATE,
	};
	s->connection = ++connections;
	enum st st = s->opened = s->driver->open(&s->db, s->where, mode[s->mode], faults);
	if (!st && s->driver->lock)
		s->lock = s->driver->lock(s->db);
	return st;
}

enum st store_lock(struct store *s)
{
	return lock_wait(s->lock, s->mode == STORE_CREATE ? INIT_WAITS : A_WRITE_WAITS);
}

void store_unlock(struct store *s)
{
	flock(s->lock, LOCK_UN);
}

/* What to do about it depends on whose it is: `init` is for what lacks migrations alone. */
static enum st refuse_schema(struct store *s, struct faults *faults)
{
	const unsigned before = faults->count;
	int64_t have;
	enum st st = store_judge_schema(s, &have, faults);
	if (!st && have == migrate_wanted())
		return ST_OK;
	if (faults->count > before)
		return ST_STORE;
	if (st)
		fault_add(faults, "schema", "the database's schema cannot be read: the log says why, or `pennymeter check`; is it damaged, put a backup back");
	else if (have > migrate_wanted())
		return migrate_refuse_newer(have, faults);
	else if (have < 1)
		fault_add(faults, "schema", "the database holds nothing of Pennymeter: run `pennymeter init`; if it did, put a backup back");
	else
		fault_add(faults, "schema", "the database has schema %lld, this program wants %d: run `pennymeter init`",
		          (long long)have, migrate_wanted());
	return ST_STORE;
}

static enum st check_schema(struct store *s, struct faults *faults)
{
	int64_t have = 0;
	if (s->mode == STORE_CREATE)
		return migrate(s->driver, s->db, faults);
	return !store_schema(s, &have) && have == migrate_wanted() ? ST_OK : refuse_schema(s, faults);
}

bool store_open_lock(struct store *s)
{
	s->lock = s->driver->open_lock ? s->driver->open_lock(s->where) : -1;
	return s->lock >= 0;
}

struct combine *store_combine(struct store *s)
{
	char path[sizeof s->beside + 8];
	if (s->asked)
		return s->combine;
	s->asked = true;
	snprintf(path, sizeof path, "%s.slots", s->beside);
	if (network_of(path))
		return NULL;
	s->combine = combine_open(path, s->driver->one_file ? COMBINE_ONE_LEADER : COMBINE_LEADER_EACH);
	return s->combine;
}

/* Who makes a file's database brings its schema up to date alone. */
static enum st open_all(struct store *s, struct faults *faults)
{
	const bool alone = s->driver->one_file && s->mode == STORE_CREATE;
	if (alone && switch_aside(s->where))
		return ST_STALE; /* an empty one must not take its place */
	enum st st = connect_db(s, faults);
	if (st && alone && switch_aside(s->where))
		st = ST_STALE; /* while we waited */
	if (!st && alone)
		st = store_lock(s);
	if (st)
		return st;
	st = check_schema(s, faults);
	if (alone)
		store_unlock(s);
	return st;
}

static void close_all(struct store *s)
{
	combine_close(s->combine);
	if (s->db)
		s->driver->close(s->db);
	s->combine = NULL;
	s->asked = false;
	s->db = NULL;
	s->lock = -1;
	s->reading = false;
}

static bool is_address(const char *name)
{
	return !strncasecmp(name, "postgresql://", 13) || !strncasecmp(name, "postgres://", 11);
}

/* What is meant for a server and is no address of one: a scheme, libpq's KEY=VALUE, or NAME:PASSWORD@. As a file's name
 * it would be told whole, with its password. */
static bool is_like_address(const char *name)
{
	static const char *const keys[] = { "host", "hostaddr", "port", "user", "dbname", "password", "passfile", "service" };
	const char *at = strrchr(name, '@');
	if (strstr(name, "://") || !strncasecmp(name, "postgres:", 9) || !strncasecmp(name, "postgresql:", 11))
		return true;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		for (const char *p = strcasestr(name, keys[i]); p; p = strcasestr(p + 1, keys[i]))
			if (p[strlen(keys[i]) + strspn(p + strlen(keys[i]), " \t")] == '=')
				return true;
	return at && memchr(name, ':', (size_t)(at - name));
}

enum st store_locate(struct store *s, const struct conf *conf, struct faults *faults)
{
	const char *name = conf->text[CONF_STORE];
	if (!is_address(name) && is_like_address(name))
		return fault_add(faults, "store", "is neither a file's name nor an address like postgresql://user@host/database");
	s->driver = is_address(name) ? &postgres_driver : &sqlite_driver;
	const char *folder = is_address(name) || *name == '/' ? "" : conf->data;
	int n = snprintf(s->where, sizeof s->where, "%s%s%s", folder, *folder ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof s->where)
		return fault_add(faults, "store", "the path is too long");
	n = s->driver->one_file ? snprintf(s->beside, sizeof s->beside, "%s", s->where)
	                        : snprintf(s->beside, sizeof s->beside, "%s/calls", conf->data);
	return n < 0 || (size_t)n >= sizeof s->beside ? fault_add(faults, "store", "the path is too long") : ST_OK;
}

/* The same; and a file that was moved to a server is looked for there. */
static enum st locate(struct store *s, const struct conf *conf, struct faults *faults)
{
	struct arena *arena = NULL;
	struct conf now;
	enum st st = store_locate(s, conf, faults);
	if (st || !s->driver->one_file || !switch_aside(s->where))
		return st;
	st = arena_open(&arena, 4 << 20);
	if (!st)
		st = switch_complete(&now, s->where, faults, arena);
	if (!st)
		st = store_locate(s, &now, faults);
	arena_close(arena);
	return st;
}

/* The same, of a place that only its owner can have filled; from here on nobody else reads it either. */
static enum st locate_trusted(struct store *s, const struct conf *conf, struct faults *faults)
{
	enum st st = locate(s, conf, faults);
	snprintf(s->data, sizeof s->data, "%s", conf->data);
	if (!st)
		st = folder_judge(conf->data, s->beside, faults);
	if (!st)
		folder_close_files(conf->data, s->beside);
	return st;
}

enum st store_open(struct store **out, const struct conf *conf, enum store_mode mode, struct faults *faults)
{
	struct store *s = calloc(1, sizeof *s);
	if (!s)
		return ST_MEMORY;
	*s = (struct store){ .mode = mode, .lock = -1 };
	const unsigned before = faults->count;
	const enum st located = locate_trusted(s, conf, faults);
	enum st st = located ? located : open_all(s, faults);
	if (st && !located && s->driver->one_file && switch_aside(s->where)) { /* since we looked */
		close_all(s);
		faults->count = before;
		st = locate_trusted(s, conf, faults);
		if (!st)
			st = open_all(s, faults);
	}
	if (st) {
		store_close(s);
		return st;
	}
	*out = s;
	return ST_OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	close_all(s);
	free(s);
}

/* Read the configuration again: a file that has gone may have been moved to a server. */
static enum st locate_anew(struct store *s, struct faults *faults)
{
	struct arena *arena;
	struct conf conf;
	enum st st = arena_open(&arena, 1 << 20);
	if (st)
		return st;
	struct faults of_conf = { .arena = arena };
	st = conf_load(&conf, &of_conf, arena);
	if (!st)
		st = locate_trusted(s, &conf, faults);
	arena_close(arena);
	return st;
}

void store_pause(long ms)
{
	const struct timespec wait = { 0, ms * 1000000L };
	nanosleep(&wait, NULL);
}

/* Between the file's going and the new configuration lies a moment. */
static enum st follow(struct store *s, struct faults *faults)
{
	const unsigned before = faults->count;
	enum st st = ST_STORE;
	for (unsigned try = 0; try < TRIES && st; try++) {
		faults->count = before;
		if (try)
			store_pause(10);
		st = locate_anew(s, faults);
		if (!st)
			st = open_all(s, faults);
		if (!st || st == ST_BUSY || !s->driver->one_file)
			break;
		close_all(s);
	}
	return st;
}

enum st store_reopen(struct store *s, struct faults *faults)
{
	close_all(s);
	return follow(s, faults);
}

/* A clock that was put back is no reason not to look. */
static bool is_still_closed(struct store *s, instant now)
{
	if (now >= s->judged && now - s->judged < SECOND)
		return true;
	s->judged = now;
	return !folder_is_open(s->data, s->beside);
}

enum st store_refresh(struct store *s, instant now, struct faults *faults)
{
	if (s->db && !s->driver->gone(s->db) && is_still_closed(s, now))
		return ST_OK;
	return store_reopen(s, faults);
}

bool store_sound(const struct store *s)
{
	return s->db && (!s->driver->sound || s->driver->sound(s->db));
}

uint64_t store_connection(const struct store *s)
{
	return s->connection;
}

uint64_t store_writes(const struct store *s)
{
	return s->writes;
}

bool store_on_server(const struct store *s)
{
	return !s->driver->one_file;
}

bool store_was_put_aside(const struct conf *conf)
{
	struct store s = { 0 };
	struct faults none = { 0 };
	const char *name = conf->text[CONF_STORE];
	return !is_address(name) && !is_like_address(name) && strlen(name) + strlen(conf->data) + 2 <= sizeof s.where && !store_locate(&s, conf, &none) &&
	       switch_aside(s.where);
}

/* ---- statements ---- */

enum st store_rows(struct store *s, struct rows *r, const struct statement *sql, const struct val *vals)
{
	*r = (struct rows){ .driver = s->driver };
	s->changes += sql->writes;
	return s->driver->start(s->db, &r->cursor, sql, vals);
}

enum st store_rows_text(struct store *s, struct rows *r, const char *text, const struct val *vals, unsigned count)
{
	*r = (struct rows){ .driver = s->driver };
	return s->driver->start_text(s->db, &r->cursor, text, vals, count);
}

enum st store_script(struct store *s, const char *script)
{
	return s->driver->script(s->db, script);
}

enum st rows_next(struct rows *r)
{
	return r->driver->step(r->cursor);
}

int64_t rows_int(const struct rows *r, unsigned column)
{
	return r->driver->get_int(r->cursor, column);
}

const char *rows_text(const struct rows *r, unsigned column)
{
	return r->driver->get_text(r->cursor, column);
}

bool rows_null(const struct rows *r, unsigned column)
{
	return r->driver->is_null(r->cursor, column);
}

void rows_end(struct rows *r)
{
	if (r->cursor)
		r->driver->end(r->cursor);
	r->cursor = NULL;
}

bool store_has(const struct store *s, const struct statement *sql)
{
	return sql->text[s->driver->dialect] != NULL;
}

enum st store_run(struct store *s, const struct statement *sql, const struct val *vals)
{
	struct rows r;
	enum st st = store_rows(s, &r, sql, vals);
	while (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st store_put(struct store *s, const struct statement *sql, const struct val *vals)
{
	struct rows r;
	enum st st = store_rows(s, &r, sql, vals);
	if (!st)
		st = rows_next(&r);
	if (st == ST_DONE && s->driver->changed(r.cursor))
		st = ST_OK;
	rows_end(&r);
	return st;
}

enum st store_number(struct store *s, int64_t *value, const struct statement *sql, const struct val *vals)
{
	struct rows r;
	enum st st = store_rows(s, &r, sql, vals);
	if (!st)
		st = rows_next(&r);
	if (!st)
		*value = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

/* ---- reading ---- */

enum st store_read_begin(struct store *s)
{
	enum st st = s->driver->begin(s->db, false);
	s->reading = !st;
	return st;
}

void store_read_end(struct store *s)
{
	if (s->reading && s->driver->commit(s->db))
		s->driver->rollback(s->db);
	s->reading = false;
}

/* ---- what it is ---- */

enum st store_schema(struct store *s, int64_t *version)
{
	return NUMBER(s, version, SQL_SCHEMA_VERSION);
}

enum st store_judge_schema(struct store *s, int64_t *version, struct faults *faults)
{
	enum st st = store_read_begin(s);
	if (!st)
		st = migrate_judge(version, s->driver, s->db, faults);
	store_read_end(s);
	return st;
}

const char *store_home(struct store *s, const char **others)
{
	*others = NULL;
	return s->driver->home ? s->driver->home(s->db, others) : NULL;
}

int64_t store_schema_wanted(void)
{
	return migrate_wanted();
}

const char *store_durability(struct store *s, bool *sound)
{
	return s->driver->durability(s->db, sound);
}
