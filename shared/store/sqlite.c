/* The SQLite driver: with sqlite_wal.c, which writes its log, the only file that knows sqlite3.h. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/log.h"
#include "store/driver.h"
#include "store/network.h"
#include "store/sqlite_files.h"
#include "store/sqlite_pages.h"
#include "store/sqlite_prove.h"
#include "store/sqlite_wal.h"
#include "store/statement_places.h"

enum { BUSY_MS = 5000, OPENINGS = 5 };
enum { HOT_PAGES = 32, CACHED_PAGES = 64, PAGE_ROOM = 4096 + 256 }; /* a page and its header */
enum { WRITERS_PAGES = 256 }; /* keys lie anywhere in their table: a large batch touches many pages before it commits */

enum control { BEGIN_READ, BEGIN_WRITE, COMMIT, SAVEPOINT, RELEASE, UNDO, CONTROL__MAX };

struct cursor {
	struct db *db;
	sqlite3_stmt *stmt;
	const char *name;
	bool once; /* of start_text() */
};

struct db {
	sqlite3 *lite;
	struct cursor cursors[SQL__MAX]; /* each prepared at its first use, then kept */
	sqlite3_stmt *control[CONTROL__MAX]; /* the same */
	struct files files;
	bool wal;
	const char *unwritable; /* opened to be written, but this file of it cannot be; NULL: all can */
};

static enum st failed(struct db *db, const char *what)
{
	int code = sqlite3_extended_errcode(db->lite);
	if (code == SQLITE_CONSTRAINT_DATATYPE || !strcmp(sqlite3_errmsg(db->lite), "integer overflow"))
		return ST_RANGE; /* a sum passed 2^63: SQLite makes it REAL, which a STRICT table refuses */
	log_error("sqlite: %s: %s (%d)", what, sqlite3_errmsg(db->lite), code);
	return (code & 0xff) == SQLITE_BUSY ? ST_BUSY : ST_STORE;
}

static enum st exec(struct db *db, const char *sql)
{
	return sqlite3_exec(db->lite, sql, NULL, NULL, NULL) == SQLITE_OK ? ST_OK : failed(db, sql);
}

/* ---- opening ---- */

static void harden(sqlite3 *lite)
{
	sqlite3_db_config(lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(lite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(lite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL); /* a checkpoint belongs under the lock */
	sqlite3_wal_autocheckpoint(lite, 0);
	sqlite3_busy_timeout(lite, BUSY_MS);
}

/* The journal's mode belongs to the file, so only who makes the database sets it. */
static enum st choose_journal(struct db *db)
{
	const char *net = network_of(db->files.db);
	if (!net)
		return exec(db, "PRAGMA journal_mode=WAL");
	log_error("the data folder is on a network file system (%s), where a write-ahead log is unsafe: "
	          "using a rollback journal, which is slower; move the folder to a local disk if you can", net);
	return exec(db, "PRAGMA journal_mode=TRUNCATE");
}

static enum st read_journal_mode(struct db *db)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(db->lite, "PRAGMA journal_mode", -1, &s, NULL) != SQLITE_OK)
		return failed(db, "journal_mode");
	int got = sqlite3_step(s);
	if (got == SQLITE_ROW)
		db->wal = !strcmp((const char *)sqlite3_column_text(s, 0), "wal");
	sqlite3_finalize(s);
	return got == SQLITE_ROW ? ST_OK : failed(db, "journal_mode");
}

/* A restored backup has a rollback journal until its first writer comes. Where others are in
 * its way the journal stays as it is: slower, and as durable. */
static enum st return_to_wal(struct db *db)
{
	if (db->wal || network_of(db->files.db))
		return ST_OK;
	sqlite3_exec(db->lite, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
	return read_journal_mode(db);
}

/* What is kept beside the system's own cache stays small, so that memory does not grow with the database. */
static enum st bound_cache(struct db *db, enum db_mode mode)
{
	char text[48];
	snprintf(text, sizeof text, "PRAGMA cache_size=%d", mode == DB_READ ? CACHED_PAGES : WRITERS_PAGES);
	return exec(db, text);
}

/* Each page keeps eight bytes for its checksum: of a database that has no page yet, and of the copies of any. */
static void reserve_checksums(sqlite3 *lite)
{
	int bytes = PAGE_RESERVE;
	sqlite3_file_control(lite, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

static enum st set_up(struct db *db, enum db_mode mode)
{
	harden(db->lite);
	reserve_checksums(db->lite);
	enum st st = mode == DB_CREATE ? choose_journal(db) : ST_OK;
	if (!st)
		st = read_journal_mode(db);
	if (!st && mode == DB_WRITE)
		st = return_to_wal(db);
	if (!st)
		st = exec(db, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
		              "PRAGMA journal_size_limit=16777216; PRAGMA secure_delete=OFF");
	if (!st)
		st = bound_cache(db, mode);
	if (!st && mode == DB_CREATE)
		st = exec(db, "PRAGMA schema_version"); /* what has just got a log opens it when it is first read */
	return st;
}

static void close_lite(struct db *db)
{
	for (unsigned i = 0; i < SQL__MAX; i++)
		sqlite3_finalize(db->cursors[i].stmt);
	for (unsigned i = 0; i < CONTROL__MAX; i++)
		sqlite3_finalize(db->control[i]);
	sqlite3_close(db->lite);
	*db = (struct db){ .files = db->files };
	files_close(&db->files);
}

static void lite_close(struct db *db)
{
	if (!db)
		return;
	files_leave(&db->files);
	close_lite(db);
	free(db);
}

/* Where the file system keeps no locks, SQLite says that the database is locked. */
static const char *way_out(sqlite3 *lite)
{
	const int code = lite ? sqlite3_errcode(lite) & 0xff : SQLITE_OK;
	if (code == SQLITE_BUSY)
		return "if nothing else holds it, its file system keeps no locks: the data folder must lie on a local disk";
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		return "it is no whole database: put a good backup back (`pennymeter restore FILE`)";
	return "run `pennymeter init`, or check the folder's owner";
}

/* Once a process, before its first connection. A process has one thread, so no locks; nobody asks for memory
 * statistics, so none are kept; and the pages of a hot connection lie in memory of their own, since another
 * process's commit empties the cache, and to take them from malloc anew each time costs more than reading them. */
static void set_up_library(void)
{
	static _Alignas(8) unsigned char pages[HOT_PAGES][PAGE_ROOM];
	static bool done;
	if (done)
		return;
	done = true;
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, (int)PAGE_ROOM, (int)HOT_PAGES);
}

static enum st open_once(struct db *db, const char *where, enum db_mode mode, bool alone, struct faults *faults)
{
	static const int flags[] = {
		[DB_READ] = SQLITE_OPEN_READONLY,
		[DB_WRITE] = SQLITE_OPEN_READWRITE,
		[DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	};
	enum st st = files_open(&db->files, where, mode, alone, faults);
	if (st)
		return st;
	int rc = sqlite3_open_v2(where, &db->lite, flags[mode] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, sqlite_wal_layer());
	if (rc != SQLITE_OK || set_up(db, mode)) {
		fault_add(faults, where, "cannot open the database (%s); %s", db->lite ? sqlite3_errmsg(db->lite) : "no memory",
		          way_out(db->lite));
		return ST_STORE;
	}
	if (mode != DB_READ)
		db->unwritable = sqlite3_db_readonly(db->lite, "main") == 1 ? db->files.db : db->files.log_kept ? db->files.log : NULL;
	sqlite_wal_watch(db->lite, &db->files.copying);
	return files_opened(&db->files, db->wal ? sqlite_wal_index(db->lite) : NULL);
}

/* Alone where others have changed something; once more where somebody changes it while we look. */
static enum st lite_open(struct db **out, const char *where, enum db_mode mode, struct faults *faults)
{
	struct db *db = calloc(1, sizeof *db);
	enum st st = ST_STALE;
	if (!db)
		return ST_MEMORY;
	set_up_library();
	for (unsigned try = 0; try < OPENINGS && st == ST_STALE; try++) {
		st = open_once(db, where, mode, try, faults);
		if (st)
			close_lite(db);
	}
	if (st == ST_STALE)
		fault_add(faults, where, "the database's files are replaced again and again");
	if (st) {
		free(db);
		return st == ST_BUSY ? ST_BUSY : ST_STORE;
	}
	*out = db;
	return ST_OK;
}

/* ---- statements ---- */

static enum st lite_script(struct db *db, const char *sql)
{
	return exec(db, sql);
}

/* What VACUUM wrote before it knew the copy's header has no checksums yet. */
static enum st lite_copy_to(struct db *db, const char *file)
{
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", file);
	enum st st = sql ? exec(db, sql) : ST_MEMORY;
	sqlite3_free(sql);
	return st ? st : page_seal_file(file) ? ST_IO : ST_OK;
}

static enum st bind(struct cursor *c, const struct val *vals, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int at = (int)i + 1, rc = SQLITE_OK;
		switch (vals[i].kind) {
		case VAL_NULL: rc = sqlite3_bind_null(c->stmt, at); break;
		case VAL_INT: rc = sqlite3_bind_int64(c->stmt, at, vals[i].number); break;
		case VAL_TEXT: rc = sqlite3_bind_text(c->stmt, at, vals[i].text, -1, SQLITE_STATIC); break;
		}
		if (rc != SQLITE_OK)
			return failed(c->db, c->name);
	}
	return ST_OK;
}

static enum st lite_start(struct db *db, struct cursor **out, const struct statement *s, const struct val *vals)
{
	struct cursor *c = &db->cursors[s->number];
	if (!s->text[SQLITE]) {
		log_error("%s is not for SQLite", s->name);
		return ST_STORE;
	}
	if (!c->stmt) {
		if (sqlite3_prepare_v3(db->lite, s->text[SQLITE], -1, SQLITE_PREPARE_PERSISTENT, &c->stmt, NULL) != SQLITE_OK)
			return failed(db, s->name);
		c->db = db;
		c->name = s->name;
	}
	*out = c;
	return bind(c, vals, s->values);
}

static enum st lite_start_text(struct db *db, struct cursor **out, const char *text, const struct val *vals, unsigned count)
{
	struct cursor *c = calloc(1, sizeof *c);
	if (!c)
		return ST_MEMORY;
	*out = c;
	*c = (struct cursor){ .db = db, .name = "a made text", .once = true };
	return sqlite3_prepare_v2(db->lite, text, -1, &c->stmt, NULL) == SQLITE_OK ? bind(c, vals, count) : failed(db, text);
}

static enum st lite_step(struct cursor *c)
{
	switch (sqlite3_step(c->stmt)) {
	case SQLITE_ROW: return ST_OK;
	case SQLITE_DONE: return ST_DONE;
	default: return failed(c->db, c->name);
	}
}

static bool lite_changed(struct cursor *c)
{
	return sqlite3_changes(c->db->lite) > 0;
}

static int64_t lite_get_int(struct cursor *c, unsigned column)
{
	return sqlite3_column_int64(c->stmt, (int)column);
}

static const char *lite_get_text(struct cursor *c, unsigned column)
{
	return (const char *)sqlite3_column_text(c->stmt, (int)column);
}

static bool lite_is_null(struct cursor *c, unsigned column)
{
	return sqlite3_column_type(c->stmt, (int)column) == SQLITE_NULL;
}

static void lite_end(struct cursor *c)
{
	if (c->once) {
		sqlite3_finalize(c->stmt);
		free(c);
		return;
	}
	sqlite3_reset(c->stmt); /* what is bound stays: lite_start() binds all anew, and nobody reads it before */
}

/* ---- transactions ---- */

static enum st run_control(struct db *db, enum control which)
{
	static const char *const text[CONTROL__MAX] = {
		[BEGIN_READ] = "BEGIN", [BEGIN_WRITE] = "BEGIN IMMEDIATE", [COMMIT] = "COMMIT",
		[SAVEPOINT] = "SAVEPOINT part", [RELEASE] = "RELEASE part", [UNDO] = "ROLLBACK TO part",
	};
	sqlite3_stmt **stmt = &db->control[which];
	if (!*stmt && sqlite3_prepare_v3(db->lite, text[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK)
		return failed(db, text[which]);
	int rc = sqlite3_step(*stmt);
	enum st st = rc == SQLITE_DONE ? ST_OK : failed(db, text[which]);
	sqlite3_reset(*stmt);
	return st;
}

static enum st begin_write(struct db *db)
{
	if (db->unwritable) {
		log_error("%s can only be read: look at its mode and owner, and at how its file system is mounted", db->unwritable);
		return ST_STORE;
	}
	return files_ready(&db->files) ? run_control(db, BEGIN_WRITE) : ST_STALE;
}

static enum st lite_begin(struct db *db, bool write)
{
	return write ? begin_write(db) : run_control(db, BEGIN_READ);
}

/* As often as SQLite would by itself, but not before it is known that the files are what they were. One that fails is made up for by the next. */
static void copy_some(struct db *db, int how)
{
	files_copy_begins(&db->files);
	sqlite3_wal_checkpoint_v2(db->lite, "main", how, NULL, NULL);
	files_copy_ended(&db->files);
}

/* What a failed write or sync has left in the log may be found there after the power has failed. */
static bool is_unknown(int code)
{
	code &= 0xff;
	return code != SQLITE_BUSY && code != SQLITE_FULL && code != SQLITE_CONSTRAINT;
}

static enum st lite_commit(struct db *db)
{
	const bool reads = sqlite3_txn_state(db->lite, NULL) != SQLITE_TXN_WRITE;
	enum st st = run_control(db, COMMIT);
	if (reads)
		return st;
	if (st && !is_unknown(sqlite3_errcode(db->lite)))
		return st;
	if (st)
		files_take_back(&db->files);
	if (st || !files_settled(&db->files))
		return ST_IO;
	if (files_want_copying(&db->files))
		copy_some(db, SQLITE_CHECKPOINT_PASSIVE);
	return ST_OK;
}

/* A reader of before may keep the log: then it stays, and is read by whoever comes next. */
static enum st lite_settle(struct db *db)
{
	if (!db->wal)
		return ST_OK;
	if (!files_held(&db->files))
		return ST_STALE;
	copy_some(db, SQLITE_CHECKPOINT_FULL); /* it is noted that all is in the file, before the log may go */
	copy_some(db, SQLITE_CHECKPOINT_TRUNCATE);
	return ST_OK;
}

static void lite_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->lite))
		exec(db, "ROLLBACK");
}

static enum st lite_savepoint(struct db *db)
{
	return run_control(db, SAVEPOINT);
}

static enum st lite_release(struct db *db)
{
	return run_control(db, RELEASE);
}

static void lite_undo(struct db *db)
{
	if (!run_control(db, UNDO))
		(void)!run_control(db, RELEASE);
}

static bool lite_gone(struct db *db)
{
	return db->files.stale || db->unwritable;
}

static bool lite_sound(const struct db *db)
{
	return files_sound(&db->files);
}

static int lite_lock(const struct db *db)
{
	return db->files.lock;
}

/* ---- proving ---- */

/* A name as an address has it, so that SQLite takes the file for one that nobody writes: it makes no files beside it. */
static char *unchanging(const char *where)
{
	const size_t room = 3 * strlen(where) + 32;
	char *name = malloc(room);
	size_t n = name ? (size_t)snprintf(name, room, "file:") : 0;
	for (const char *p = where; name && *p; p++)
		n += (size_t)snprintf(name + n, room - n, strchr("?#%", *p) ? "%%%02x" : "%c", (unsigned)(unsigned char)*p);
	if (name)
		snprintf(name + n, room - n, "?immutable=1");
	return name;
}

/* What cannot be opened as ever is read as it lies, without its log. */
static enum st prove_as_it_lies(const char *where, const struct witness *witness, struct file_facts *facts)
{
	sqlite3 *lite = NULL;
	char *name = unchanging(where);
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	enum st st = !name ? ST_MEMORY : sqlite3_open_v2(name, &lite, flags, sqlite_wal_layer()) == SQLITE_OK ? ST_OK : ST_STORE;
	if (!st) {
		harden(lite);
		st = sqlite_prove(lite, witness, facts);
	}
	sqlite3_close(lite);
	free(name);
	return st;
}

/* Why the file cannot be opened is a difference too. */
static enum st prove_unopened(const char *where, const struct witness *witness, const struct faults *why, struct file_facts *facts)
{
	enum st st = prove_as_it_lies(where, witness, facts);
	for (unsigned i = 0; i < why->count && !st; i++) {
		witness->tell(witness->context, why->item[i].detail);
		facts->differences++;
	}
	return st;
}

/* Who is asked to keep the writers away: the connection's own lock. */
struct proving {
	const struct witness *witness;
	struct db *db;
};

static void tell_on(void *context, const char *text)
{
	const struct proving *p = context;
	p->witness->tell(p->witness->context, text);
}

/* What is accepted goes into the database as a checkpoint's pages do. */
static enum st hold_writers(void *context)
{
	struct proving *p = context;
	if (p->db->files.lock < 0 || !files_wait_lock(p->db->files.lock, LOCK_EX))
		return ST_BUSY;
	if (p->witness->accept && files_held(&p->db->files))
		files_copy_begins(&p->db->files);
	return ST_OK;
}

static void release_writers(void *context)
{
	struct proving *p = context;
	if (p->witness->accept)
		files_copy_ended(&p->db->files);
	flock(p->db->files.lock, LOCK_UN);
}

static enum st prove_opened(struct db *db, const struct witness *witness, struct file_facts *facts)
{
	struct proving p = { witness, db };
	const struct witness own = { tell_on, hold_writers, release_writers, &p, witness->accept };
	if (!run_control(db, BEGIN_READ))
		sqlite3_exec(db->lite, "PRAGMA schema_version", NULL, NULL, NULL); /* where it cannot be read the proof says so */
	enum st st = sqlite_prove(db->lite, &own, facts);
	lite_rollback(db);
	return st;
}

static enum st lite_prove(const char *where, const struct witness *witness, struct file_facts *facts)
{
	struct faults why = { 0 };
	struct db *db = NULL;
	*facts = (struct file_facts){ 0 };
	enum st st = arena_open(&why.arena, 64 << 10);
	if (st)
		return st;
	if (lite_open(&db, where, witness->accept ? DB_WRITE : DB_READ, &why))
		st = prove_unopened(where, witness, &why, facts);
	else
		st = prove_opened(db, witness, facts);
	lite_close(db);
	arena_close(why.arena);
	return st;
}

static const char *lite_durability(struct db *db, bool *sound)
{
	*sound = db->wal;
	return db->wal ? "SQLite, write-ahead log, synchronous=FULL" : "SQLite, rollback journal, synchronous=FULL";
}

const struct driver sqlite_driver = {
	.dialect = SQLITE, .one_file = true,
	.open = lite_open, .close = lite_close, .script = lite_script, .copy_to = lite_copy_to, .prove = lite_prove,
	.start = lite_start, .start_text = lite_start_text, .step = lite_step, .changed = lite_changed,
	.get_int = lite_get_int, .get_text = lite_get_text, .is_null = lite_is_null, .end = lite_end,
	.begin = lite_begin, .commit = lite_commit, .rollback = lite_rollback,
	.savepoint = lite_savepoint, .release = lite_release, .undo = lite_undo,
	.gone = lite_gone, .sound = lite_sound, .lock = lite_lock, .open_lock = files_open_lock,
	.settle = lite_settle, .durability = lite_durability,
};
