/* The store: one connection behind a driver, and the door that every write goes through. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/combine.h"
#include "store/migrate.h"

struct store {
	const struct driver *driver;
	struct db *db;
	enum store_mode mode;
	bool reading;
	uint64_t connection;
	uint64_t writes;
	bool again; /* the request being applied may have been committed before */
	int lock;   /* the side file's descriptor; -1 where nothing is written, or where the server takes turns */
	struct combine *combine; /* NULL: each write commits alone */
	char where[4096]; /* a file, or a server's address */
};

enum { TRIES = 5 }; /* of a write that met others' on a server */

static const instant PATIENCE = 2 * SECOND; /* no try begins after that */

/* ---- opening ---- */

static uint64_t connections; /* that this process has made */

static enum st connect_db(struct store *s, struct faults *faults)
{
	static const enum db_mode mode[] = {
		[STORE_READ] = DB_READ, [STORE_WRITE] = DB_WRITE, [STORE_CREATE] = DB_CREATE,
	};
	s->connection = ++connections;
	return s->driver->open(&s->db, s->where, mode[s->mode], faults);
}

static enum st take_lock(struct store *s)
{
	while (flock(s->lock, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		log_error("cannot lock the store: %s", strerror(errno));
		return ST_IO;
	}
	return ST_OK;
}

static void leave_lock(struct store *s)
{
	flock(s->lock, LOCK_UN);
}

static enum st check_schema(struct store *s, struct faults *faults)
{
	int64_t have = 0;
	if (s->mode == STORE_CREATE)
		return migrate(s->driver, s->db, faults);
	enum st st = store_schema(s, &have);
	if (!st && have == migrate_wanted())
		return ST_OK;
	if (st)
		fault_add(faults, "schema", "the database's schema cannot be read: run `pennymeter init`");
	else
		fault_add(faults, "schema", "the database has schema %lld, this program wants %d: run `pennymeter init`",
		          (long long)have, migrate_wanted());
	return ST_STORE;
}

static void open_combine(struct store *s)
{
	char path[sizeof s->where + 8];
	snprintf(path, sizeof path, "%s.slots", s->where);
	if (s->mode != STORE_WRITE || !s->driver->local(s->db) || take_lock(s))
		return;
	s->combine = combine_open(path);
	leave_lock(s);
}

static enum st open_lock(struct store *s, struct faults *faults)
{
	char path[sizeof s->where + 8];
	snprintf(path, sizeof path, "%s.lock", s->where);
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock >= 0)
		return ST_OK;
	fault_add(faults, path, "cannot open the lock file: %s", strerror(errno));
	return ST_IO;
}

/* Who makes a file's database does so alone. */
static enum st open_all(struct store *s, struct faults *faults)
{
	const bool locked = s->driver->one_file && s->mode == STORE_CREATE;
	enum st st = s->driver->one_file && s->mode != STORE_READ ? open_lock(s, faults) : ST_OK;
	if (!st && locked)
		st = take_lock(s);
	if (!st)
		st = connect_db(s, faults);
	if (!st)
		st = check_schema(s, faults);
	if (locked && s->lock >= 0)
		leave_lock(s);
	if (!st)
		open_combine(s);
	return st;
}

static void close_all(struct store *s)
{
	combine_close(s->combine);
	if (s->db)
		s->driver->close(s->db);
	if (s->lock >= 0)
		close(s->lock);
	s->combine = NULL;
	s->db = NULL;
	s->lock = -1;
	s->reading = false;
}

static bool is_address(const char *name)
{
	return !strncasecmp(name, "postgresql://", 13) || !strncasecmp(name, "postgres://", 11);
}

/* Take the driver and the place that the configuration names. */
static enum st locate(struct store *s, const struct conf *conf, struct faults *faults)
{
	const char *name = conf->text[CONF_STORE];
	s->driver = is_address(name) ? &postgres_driver : &sqlite_driver;
	const char *folder = is_address(name) || *name == '/' ? "" : conf->data;
	int n = snprintf(s->where, sizeof s->where, "%s%s%s", folder, *folder ? "/" : "", name);
	return n < 0 || (size_t)n >= sizeof s->where ? fault_add(faults, "store", "the path is too long") : ST_OK;
}

enum st store_open(struct store **out, const struct conf *conf, enum store_mode mode, struct faults *faults)
{
	struct store *s = calloc(1, sizeof *s);
	if (!s)
		return ST_MEMORY;
	*s = (struct store){ .mode = mode, .lock = -1 };
	enum st st = locate(s, conf, faults);
	if (!st)
		st = open_all(s, faults);
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
		st = locate(s, &conf, faults);
	arena_close(arena);
	return st;
}

static void pause_ms(long ms)
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
			pause_ms(10);
		st = locate_anew(s, faults);
		if (!st)
			st = open_all(s, faults);
		if (!st || !s->driver->one_file)
			break;
		close_all(s);
	}
	return st;
}

enum st store_refresh(struct store *s, struct faults *faults)
{
	if (s->db && !s->driver->gone(s->db))
		return ST_OK;
	close_all(s);
	return follow(s, faults);
}

uint64_t store_connection(const struct store *s)
{
	return s->connection;
}

uint64_t store_writes(const struct store *s)
{
	return s->writes;
}

/* ---- statements ---- */

enum st store_rows(struct store *s, struct rows *r, enum sql sql, const struct val *vals, unsigned count)
{
	*r = (struct rows){ .driver = s->driver };
	return s->driver->start(s->db, &r->cursor, sql, vals, count);
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

bool store_offers(const struct store *s, enum sql sql)
{
	return statements[sql].text[s->driver->dialect] != NULL;
}

enum st store_run(struct store *s, enum sql sql, const struct val *vals, unsigned count)
{
	struct rows r;
	enum st st = store_rows(s, &r, sql, vals, count);
	while (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st store_put(struct store *s, enum sql sql, const struct val *vals, unsigned count)
{
	struct rows r;
	enum st st = store_rows(s, &r, sql, vals, count);
	if (!st)
		st = rows_next(&r);
	if (st == ST_DONE && s->driver->changed(r.cursor))
		st = ST_OK;
	rows_end(&r);
	return st;
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

/* ---- writing ---- */

/* What all tenants share has one writer at a time; a flat write sees to its own tenant. */
static enum st take_turn(struct store *s, const struct write_op *op)
{
	return op->flat || !store_offers(s, SQL_CATALOG_HOLD) ? ST_OK : store_run(s, SQL_CATALOG_HOLD, NULL, 0);
}

static enum st in_transaction(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer)
{
	enum st st = s->driver->begin(s->db, true);
	if (st)
		return st;
	st = take_turn(s, op);
	if (!st)
		st = op->apply(s, request, size, answer);
	if (!st)
		st = s->driver->commit(s->db);
	if (st)
		s->driver->rollback(s->db);
	return st;
}

/* One request of a group: what fails is undone by itself. */
static enum st apply_job(struct store *s, const struct write_op *op, struct combine_job *job)
{
	enum st st = store_part_begin(s);
	s->again = job->again;
	if (!st)
		st = store_part_end(s, op->apply(s, job->request, job->size, job->answer));
	s->again = false;
	return st;
}

struct leading {
	struct store *store;
	const struct write_op *op;
};

/* Carry a group out in one transaction: `together`, or one by one. Out: stopped  before its commit: nothing was tried to be kept */
static enum st in_one(const struct leading *l, struct combine_job *jobs, unsigned count, bool together, bool *stopped)
{
	struct store *s = l->store;
	enum st st = s->driver->begin(s->db, true);
	if (!st && together)
		st = l->op->together(s, jobs, count);
	for (unsigned i = 0; i < count && !st && !together; i++)
		jobs[i].st = apply_job(s, l->op, &jobs[i]);
	*stopped = st;
	if (!st)
		st = s->driver->commit(s->db);
	if (st)
		s->driver->rollback(s->db);
	return st;
}

static void commit_group(void *context, struct combine_job *jobs, unsigned count)
{
	const struct leading *l = context;
	bool stopped = !l->op->together;
	enum st st = l->store->driver->gone(l->store->db) ? ST_STALE : ST_OK;
	if (!st && l->op->together)
		st = in_one(l, jobs, count, true, &stopped);
	if (st != ST_STALE && stopped)
		st = in_one(l, jobs, count, false, &stopped);
	for (unsigned i = 0; i < count && st; i++)
		jobs[i].st = st;
}

static enum st write_alone(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer)
{
	struct leading leading = { s, op };
	struct combine_job job = { request, size, answer, s->again, ST_STORE };
	if (!s->driver->one_file)
		return in_transaction(s, op, request, size, answer);
	enum st st = take_lock(s);
	if (st)
		return st;
	if (op->flat)
		commit_group(&leading, &job, 1);
	else
		job.st = s->driver->gone(s->db) ? ST_STALE : in_transaction(s, op, request, size, answer);
	leave_lock(s);
	return job.st;
}

static uint64_t op_number(const struct write_op *op)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a of its name: the same in every program */
	for (const char *p = op->name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	return hash;
}

static enum st write_once(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer,
                          size_t answer_size)
{
	struct leading leading = { s, op };
	enum st st = op->call ? op->call(s, request, size, answer) : ST_DONE;
	if (st != ST_DONE)
		return st;
	if (op->flat && s->combine) {
		st = combine_write(s->combine, s->lock, op_number(op), request, size, answer, answer_size, commit_group, &leading);
		if (st != ST_DONE)
			return st;
	}
	return write_alone(s, op, request, size, answer);
}

/* 2, 4, 8, … ms and as much again by chance, so that two that met do not meet again. */
static void pause_before(struct store *s, unsigned try)
{
	const long least = 1L << try;
	pause_ms(least + (long)(((uint64_t)getpid() * 2654435761u + s->connection + try * 40503u) % (uint64_t)least));
}

static bool reopen(struct store *s)
{
	struct faults faults = { 0 };
	if (arena_open(&faults.arena, 64 << 10))
		return false;
	enum st st = store_refresh(s, &faults);
	for (unsigned i = 0; i < faults.count; i++)
		log_error("%s: %s", faults.item[i].pointer, faults.item[i].detail);
	arena_close(faults.arena);
	return !st;
}

/* Shall it be tried once more? Where the answer was lost, only what knows its own work again. A client
 * waits, so no try begins late. */
static bool try_again(struct store *s, const struct write_op *op, enum st st, unsigned try, instant began)
{
	const bool server = !s->driver->one_file && (st == ST_BUSY || (st == ST_IO && op->flat));
	if (try == TRIES || !(server || st == ST_STALE) || clock_now() - began > PATIENCE)
		return false;
	if (server)
		pause_before(s, try);
	return reopen(s);
}

enum st store_write(struct store *s, const struct write_op *op, const void *request, size_t size, void *answer,
                    size_t answer_size)
{
	if (s->mode == STORE_READ) {
		log_error("%s: the store was opened for reading", op->name);
		return ST_STORE;
	}
	const instant began = clock_now();
	store_read_end(s);
	s->writes++;
	s->again = false;
	enum st st = write_once(s, op, request, size, answer, answer_size);
	for (unsigned try = 1; try_again(s, op, st, try, began); try++) {
		s->again |= st == ST_IO;
		st = write_once(s, op, request, size, answer, answer_size);
	}
	const bool unknown = s->again && (st == ST_BUSY || st == ST_STALE || st == ST_STORE);
	s->again = false;
	return unknown ? ST_IO : st == ST_STALE ? ST_BUSY : st;
}

enum st store_call(struct store *s, struct rows *r, enum sql sql, const struct val *vals, unsigned count)
{
	*r = (struct rows){ .driver = s->driver };
	return s->driver->call && store_offers(s, sql) ? s->driver->call(s->db, &r->cursor, sql, vals, count) : ST_DONE;
}

bool store_again(const struct store *s)
{
	return s->again;
}

enum st store_part_begin(struct store *s)
{
	return s->driver->savepoint(s->db);
}

enum st store_part_end(struct store *s, enum st outcome)
{
	if (!outcome)
		return s->driver->release(s->db);
	s->driver->undo(s->db);
	return outcome;
}

/* ---- leaving a file for a server ---- */

enum st store_alone(struct store *s, enum st (*work)(void *), void *context)
{
	if (s->lock < 0)
		return ST_STORE;
	store_read_end(s);
	enum st st = take_lock(s);
	if (st)
		return st;
	st = work(context);
	leave_lock(s);
	return st;
}

/* Once all is in the file itself, what lies beside it is empty. */
enum st store_put_aside(struct store *s)
{
	static const char *const beside[] = { "", "-wal", "-shm" };
	char from[sizeof s->where + 16], to[sizeof s->where + 16];
	enum st st = s->driver->script(s->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	for (unsigned i = 0; i < sizeof beside / sizeof *beside && !st; i++) {
		snprintf(from, sizeof from, "%s%s", s->where, beside[i]);
		snprintf(to, sizeof to, "%s.moved%s", s->where, beside[i]);
		if (rename(from, to) && errno != ENOENT) {
			log_error("%s cannot be renamed: %s", from, strerror(errno));
			st = ST_IO;
		}
	}
	return st;
}

bool store_on_server(const struct store *s)
{
	return !s->driver->one_file;
}

bool store_was_put_aside(const struct conf *conf)
{
	struct store s = { 0 };
	struct faults none = { 0 };
	char moved[sizeof s.where + 16];
	if (is_address(conf->text[CONF_STORE]) || strlen(conf->text[CONF_STORE]) + strlen(conf->data) + 2 > sizeof s.where ||
	    locate(&s, conf, &none))
		return false;
	snprintf(moved, sizeof moved, "%s.moved", s.where);
	return access(s.where, F_OK) && !access(moved, F_OK);
}

/* ---- care ---- */

static enum st one_int(struct store *s, enum sql sql, int64_t *value)
{
	struct rows r;
	enum st st = store_rows(s, &r, sql, NULL, 0);
	if (!st)
		st = rows_next(&r);
	if (!st)
		*value = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

enum st store_schema(struct store *s, int64_t *version)
{
	return one_int(s, SQL_SCHEMA_VERSION, version);
}

int64_t store_schema_wanted(void)
{
	return migrate_wanted();
}

const char *store_durability(struct store *s, bool *sound)
{
	return s->driver->durability(s->db, sound);
}

/* A copy is good when it opens, has our schema, and holds as many events as it was taken of. */
static enum st verify_copy(const char *copy, int64_t least, struct faults *faults)
{
	struct store c = { .driver = &sqlite_driver, .mode = STORE_READ, .lock = -1 };
	int64_t events = 0, schema = 0;
	enum st st = c.driver->open(&c.db, copy, DB_READ, faults);
	if (!st)
		st = store_schema(&c, &schema);
	if (!st)
		st = one_int(&c, SQL_CARE_COUNT_EVENTS, &events);
	if (c.db)
		c.driver->close(c.db);
	if (!st && (schema != migrate_wanted() || events < least)) {
		fault_add(faults, copy, "the copy has %lld events of at least %lld", (long long)events, (long long)least);
		st = ST_STORE;
	}
	return st;
}

static enum st sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd);
	if (fd >= 0)
		close(fd);
	return failed ? ST_IO : ST_OK;
}

static enum st put_in_place(const char *copy, const char *file)
{
	char folder[4096];
	snprintf(folder, sizeof folder, "%s", file);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	enum st st = sync_path(copy);
	if (!st && rename(copy, file))
		st = ST_IO;
	return st ? st : sync_path(slash ? folder : ".");
}

/* With the journal that a copy broken off leaves beside it. */
static void remove_copy(const char *copy)
{
	char journal[4200];
	snprintf(journal, sizeof journal, "%s-journal", copy);
	unlink(journal);
	unlink(copy);
}

/* A copy holds every tenant, wherever it is put: nobody but its owner may read it. */
static enum st make_private(const char *copy)
{
	int fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return ST_IO;
	close(fd);
	return ST_OK;
}

enum st store_backup(struct store *s, const char *file, struct faults *faults)
{
	char copy[4096];
	int64_t events = 0;
	if (!s->driver->copy_to)
		return fault_add(faults, "store", "the database is on a server: back it up with pg_dump there");
	int n = snprintf(copy, sizeof copy, "%s.part.%d", file, (int)getpid());
	if (n < 0 || (size_t)n >= sizeof copy)
		return fault_add(faults, file, "the path is too long");
	remove_copy(copy);
	enum st st = make_private(copy);
	if (!st)
		st = one_int(s, SQL_CARE_COUNT_EVENTS, &events);
	if (!st)
		st = s->driver->copy_to(s->db, copy);
	if (!st)
		st = verify_copy(copy, events, faults);
	if (!st)
		st = put_in_place(copy, file);
	if (st && !faults->count)
		fault_add(faults, file, "the backup could not be written: %s", errno ? strerror(errno) : st_name(st));
	if (st)
		remove_copy(copy);
	return st;
}
