/* SQLite's files: their lock, and whether their names still lead to what is open. */
#include "store/sqlite_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "exact/clock.h"
#include "base/log.h"
#include "store/lock.h"
#include "store/network.h"

enum {
	PATIENCE = 2500 * 1000,     /* microseconds that a lock is waited for */
	LITTLE = 1000 * 1000,       /* and a shared one, without which one may look, too */
	OPENINGS = 20,              /* of a database that is replaced meanwhile */
	LOOKS = 4,                  /* while a writer is at work what it writes may be torn */
	VERSIONS_AT = 18,           /* in the database's head: 2, 2 with a log */
	INDEX_LEAST = 32 << 10,     /* a shorter one was cut off, and to read it would end the process */
	COPY_FRAMES = 1000          /* SQLite's own measure of when to bring a log into the database */
};

/* ---- the lock ---- */

bool files_wait_lock(int file, int how)
{
	const struct timespec pause = { 0, 500000 };
	const int64_t until = clock_ticks() + LITTLE;
	if (how == LOCK_EX)
		return !lock_wait(file, PATIENCE);
	while (flock(file, how | LOCK_NB)) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || clock_ticks() > until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* The database has gone, or all that was in it, and what its last writer saw lies there still: an empty one must not take its place unasked. */
static bool is_missed(const struct files *f)
{
	struct stat info;
	struct seen seen;
	const bool none = stat(f->db, &info) ? errno == ENOENT : !info.st_size;
	return none && f->seen_file >= 0 && seen_read(&seen, f->seen_file) && seen.db_size;
}

static enum st refuse_missed(const struct files *f, struct faults *faults)
{
	fault_add(faults, f->db, "the database %s, and %s tells that there was one: put a backup back with `pennymeter restore FILE`; only to begin "
	                         "anew without it, remove that file and run `pennymeter init`", f->lock < 0 ? "has gone" : "was emptied", f->seen_name);
	return ST_STORE;
}

static int open_lock(struct files *f, enum db_mode mode)
{
	int file = open(f->lock_name, (f->local ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC, 0600);
	if (file >= 0 || errno != ENOENT)
		return file;
	if (!rescue_db(f) && (mode != DB_CREATE || is_missed(f))) {
		errno = ENOENT;
		return -1;
	}
	return open(f->lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static bool leads_to(const char *name, int file)
{
	struct stat named, open;
	return !stat(name, &named) && !fstat(file, &open) && named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

static enum st take_lock(struct files *f, enum db_mode mode, struct faults *faults)
{
	for (unsigned try = 0; try < OPENINGS; try++) {
		f->lock = open_lock(f, try ? DB_WRITE : mode); /* what was there before is not made anew */
		if (is_missed(f))
			return refuse_missed(f, faults);
		if (f->lock < 0) {
			fault_add(faults, f->lock_name, "cannot open the database (%s); run `pennymeter init`, or check the folder's owner", strerror(errno));
			return ST_STORE;
		}
		const bool got = files_wait_lock(f->lock, f->alone ? LOCK_EX : LOCK_SH);
		f->beside = !got && !f->alone; /* a leader that stands still: others may look at what it has not touched */
		if (!got && f->alone) {
			fault_add(faults, f->lock_name, "another process holds the store's lock");
			return ST_BUSY;
		}
		if (leads_to(f->lock_name, f->lock))
			return ST_OK;
		close(f->lock);
		f->lock = -1;
	}
	fault_add(faults, f->db, "the database is replaced again and again");
	return ST_STORE;
}

/* ---- opening ---- */

bool files_have_log(const struct files *f)
{
	unsigned char versions[2];
	return f->local && pread(f->lock, versions, 2, VERSIONS_AT) == 2 && versions[0] == 2 && versions[1] == 2;
}

/* What nobody can write here may be read all the same. */
static void open_seen(struct files *f)
{
	f->seen_file = f->local ? open(f->seen_name, O_RDWR | O_CLOEXEC) : -1;
	if (f->local && f->seen_file < 0 && errno == EROFS)
		f->seen_file = open(f->seen_name, O_RDONLY | O_CLOEXEC);
}

void files_open_log(struct files *f)
{
	if (f->log_file >= 0)
		close(f->log_file);
	f->log_file = open(f->log, O_RDWR | O_CLOEXEC);
	f->log_kept = f->log_file < 0 && (errno == EACCES || errno == EPERM || errno == EROFS);
	if (f->log_kept)
		f->log_file = open(f->log, O_RDONLY | O_CLOEXEC);
}

static ino_t inode_of(const char *name)
{
	struct stat info;
	return stat(name, &info) ? 0 : info.st_ino;
}

/* So that what SQLite will open is known before: the names that it would give to new files are given to empty ones. */
static void name_all(struct files *f)
{
	int file = open(f->index, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file >= 0)
		close(file);
	if (f->log_file < 0)
		f->log_file = open(f->log, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->seen_file < 0)
		f->seen_file = open(f->seen_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	f->index_inode = inode_of(f->index);
}

static enum st look(struct files *f, struct faults *faults)
{
	files_open_log(f);
	if (!f->alone && judge_at_once(f))
		return ST_OK;
	if (!f->alone && (!files_wait_lock(f->lock, LOCK_EX) || !leads_to(f->lock_name, f->lock)))
		return fault_add(faults, f->db, "another process holds the store's lock"), ST_BUSY;
	f->alone = true;
	f->beside = false;
	const enum st st = judge(f, faults);
	return st ? st : judge_without(f);
}

static void name_files(struct files *f, const char *path)
{
	*f = (struct files){ .lock = -1, .log_file = -1, .seen_file = -1, .local = !network_of(path) };
	snprintf(f->db, sizeof f->db, "%s", path);
	snprintf(f->log, sizeof f->log, "%s-wal", path);
	snprintf(f->index, sizeof f->index, "%s-shm", path);
	snprintf(f->seen_name, sizeof f->seen_name, "%s.seen", path);
	snprintf(f->lock_name, sizeof f->lock_name, "%s%s", path, f->local ? "" : ".lock");
}

/* SQLite would make it for everybody to read, and gives its journal the mode that the file has. */
static void make_private(const char *file)
{
	const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd); /* no lock of SQLite's goes with it: nobody had it open before there was one */
}

enum st files_open(struct files *f, const char *path, enum db_mode mode, bool alone, struct faults *faults)
{
	name_files(f, path);
	f->alone = alone || mode == DB_CREATE || !f->local;
	if (!f->local && mode == DB_READ)
		return ST_OK;
	if (!f->local && mode == DB_CREATE)
		make_private(f->db);
	open_seen(f);
	enum st st = take_lock(f, mode, faults);
	if (!st && f->local)
		st = look(f, faults);
	if (!st && files_have_log(f))
		name_all(f);
	return st;
}

int files_open_lock(const char *path)
{
	struct files f;
	name_files(&f, path);
	open_seen(&f);
	const int lock = open_lock(&f, DB_WRITE);
	files_close(&f);
	return lock;
}

/* ---- what is seen ---- */

static bool is_named(const struct files *f, struct stat *db, struct stat *log)
{
	struct stat index;
	if (stat(f->db, db) || db->st_ino != f->db_inode || db->st_dev != f->device)
		return false;
	if (!f->logged)
		return true;
	return !stat(f->log, log) && log->st_ino == f->log_inode && log->st_dev == f->device && !stat(f->index, &index) &&
	       index.st_ino == f->index_inode && index.st_dev == f->device && index.st_size >= INDEX_LEAST;
}

static bool is_watched(const struct files *f)
{
	return f->shared && f->seen_file >= 0;
}

static uint32_t shared_number(const struct files *f, unsigned at)
{
	uint32_t n;
	memcpy(&n, (const unsigned char *)f->shared + at, sizeof n);
	return n;
}

static void mark_index(const struct files *f, uint32_t mark)
{
	memcpy((unsigned char *)f->shared + INDEX_MARK, &mark, sizeof mark);
}

/* ---- between SQLite's opening and ours ---- */

size_t files_reserve(const struct files *f)
{
	unsigned char reserve = 0;
	(void)!pread(f->lock, &reserve, sizeof reserve, DB_RESERVE);
	return reserve;
}

static void take_samples(struct files *f)
{
	unsigned char page[65536];
	struct seen_pages pages = { 0 };
	const uint32_t size = f->seen.state.page_size == 1 ? sizeof page : f->seen.state.page_size;
	const size_t reserve = files_reserve(f);
	const uint32_t last = size ? (uint32_t)(f->seen.db_size / size) : 0;
	for (uint32_t i = last > SEEN_PAGES ? last - SEEN_PAGES + 1 : 1; i <= last; i++)
		if (pread(f->lock, page, size, (off_t)(i - 1) * size) == (ssize_t)size)
			seen_note_page(&pages, i, page, size, reserve);
	seen_write_pages(&pages, f->seen_file);
}

/* Note all that is to be seen, as it is now. Where it cannot be kept nobody looks for it. */
static void note(struct files *f, const struct stat *db, const struct stat *log)
{
	struct seen *s = &f->seen;
	s->log_time = seen_time(log);
	s->db_size = db->st_size;
	s->db_time = seen_time(db);
	s->copied = shared_number(f, INDEX_COPIED);
	s->copying = 0;
	s->mark += s->mark + 1 ? 1 : 2;
	memcpy(&s->state, (const unsigned char *)f->shared, sizeof s->state);
	mark_index(f, s->mark);
	if (seen_write(s, f->seen_file))
		return;
	log_error("%s cannot be written: %s; a file that is written over may go unnoticed", f->seen_name, strerror(errno));
	close(f->seen_file);
	f->seen_file = -1;
}

static void note_anew(struct files *f, const struct stat *db, const struct stat *log)
{
	if (!seen_read(&f->seen, f->seen_file))
		f->seen = (struct seen){ .mark = (uint32_t)clock_ticks() };
	f->seen.db = seen_id(f->lock);
	f->seen.log = seen_id(f->log_file);
	note(f, db, log);
	if (f->seen_file >= 0 && f->sample)
		take_samples(f);
}

static enum st know(struct files *f)
{
	struct stat db, log;
	if (!is_named(f, &db, &log))
		return ST_STALE;
	if (!is_watched(f))
		return ST_OK;
	if (f->alone)
		note_anew(f, &db, &log);
	else if (!seen_read(&f->seen, f->seen_file) || !judge_index(f, &f->seen, f->beside))
		return ST_STALE;
	return ST_OK;
}

enum st files_opened(struct files *f, void *shared)
{
	struct stat db, log;
	const bool made = f->local && !f->index_inode; /* SQLite gave it its log just now */
	f->shared = shared;
	f->logged = f->local && files_have_log(f);
	if (f->logged && made)
		name_all(f);
	if (stat(f->db, &db) || (f->local && !leads_to(f->db, f->lock)))
		return ST_STALE;
	f->device = db.st_dev;
	f->db_inode = db.st_ino;
	f->log_inode = f->log_file >= 0 && !fstat(f->log_file, &log) ? log.st_ino : 0;
	f->copying.file = f->lock;
	const enum st st = know(f);
	flock(f->lock, LOCK_UN);
	return st;
}

/* ---- reading and writing ---- */

static bool is_as_seen(const struct files *f, bool writing, struct seen *s)
{
	struct stat db, log;
	if (f->stale || !is_named(f, &db, &log))
		return false;
	if (!is_watched(f))
		return true;
	if (!seen_read(s, f->seen_file) || s->db.inode != f->db_inode || s->log.inode != f->log_inode || !judge_index(f, s, !writing))
		return false;
	if (writing && (s->copying || s->log_time != seen_time(&log)))
		return false;
	const bool same_life = !memcmp((const unsigned char *)f->shared + offsetof(struct log_state, salt), s->state.salt, sizeof s->state.salt);
	return (s->copying || judge_db(s, &db)) && (!same_life || log_holds(f->log_file, &s->state));
}

bool files_sound(const struct files *f)
{
	struct seen seen;
	for (unsigned i = 0; i < LOOKS; i++) {
		if (is_as_seen(f, false, &seen))
			return true;
		sched_yield();
	}
	return false;
}

bool files_ready(struct files *f)
{
	f->stale = !is_as_seen(f, true, &f->seen);
	if (!f->stale && is_watched(f) && !shared_number(f, INDEX_MARK))
		mark_index(f, f->seen.mark);
	return !f->stale;
}

bool files_held(struct files *f)
{
	return is_as_seen(f, false, &f->seen);
}

/* What was committed may stand on what was no longer there when it was read: nobody was told of it, so it goes. */
void files_take_back(struct files *f)
{
	f->stale = true;
	if (!is_watched(f))
		return;
	if (!log_cut(f->log_file, &f->seen.state))
		log_error("%s: a commit that was not acknowledged cannot be taken back: %s", f->log, strerror(errno));
	if (leads_to(f->db, f->lock))
		(void)!unlink(f->index);
}

bool files_settled(struct files *f)
{
	struct stat db, log;
	struct log_state now;
	bool good = is_named(f, &db, &log);
	if (good && is_watched(f)) {
		memcpy(&now, (const unsigned char *)f->shared, sizeof now);
		const bool same_life = !memcmp(now.salt, f->seen.state.salt, sizeof now.salt);
		good = judge_db(&f->seen, &db) && shared_number(f, INDEX_MARK) == f->seen.mark && log_holds(f->log_file, &now) &&
		       (!same_life || log_holds(f->log_file, &f->seen.state));
	}
	if (good && is_watched(f))
		note(f, &db, &log);
	if (!good)
		files_take_back(f);
	return good;
}

/* ---- checkpoints ---- */

bool files_want_copying(const struct files *f)
{
	return f->logged && f->shared && shared_number(f, offsetof(struct log_state, frames)) >= COPY_FRAMES;
}

void files_copy_begins(struct files *f)
{
	if (!is_watched(f))
		return;
	f->seen.copying = 1;
	(void)!seen_write(&f->seen, f->seen_file);
	seen_read_pages(&f->copying.pages, f->seen_file);
	f->copying.size = f->seen.db_size;
	f->copying.time = 0;
	f->copying.spoilt = f->copying.written = false;
	f->copying.on = true;
}

/* If another wrote to the database meanwhile, what is noted does not fit it: whoever looks next finds out. */
/* As it was when the last of it was synced, whatever has become of it since. */
static void as_looked_at(const struct files *f, struct stat *db)
{
	const int64_t time = f->copying.time ? f->copying.time : f->seen.db_time;
	db->st_size = f->copying.time ? f->copying.size : f->seen.db_size;
	db->st_mtim = (struct timespec){ time / 1000000000, time % 1000000000 };
}

void files_copy_ended(struct files *f)
{
	struct stat log, db = { 0 };
	if (!is_watched(f) || !f->copying.on)
		return;
	f->copying.on = false;
	seen_write_pages(&f->copying.pages, f->seen_file);
	if (fstat(f->log_file, &log) || fstat(f->lock, &db))
		return;
	f->copying.spoilt |= db.st_size < f->copying.size;
	if (!f->copying.written)
		as_looked_at(f, &db);
	if (f->copying.spoilt)
		db.st_size = -1;
	note(f, &db, &log);
}

/* ---- leaving ---- */

void files_leave(struct files *f)
{
	struct stat db, log;
	struct faults none = { .count = FAULTS_CAP };
	if (!f->logged || f->lock < 0 || is_named(f, &db, &log))
		return;
	if (access(f->db, F_OK)) {
		(void)rescue_db(f);
		return;
	}
	if (!leads_to(f->db, f->lock) || !files_wait_lock(f->lock, LOCK_EX))
		return;
	(void)!judge(f, &none);
	flock(f->lock, LOCK_UN);
}

void files_close(struct files *f)
{
	int *const all[] = { &f->log_file, &f->seen_file, &f->lock };
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}
