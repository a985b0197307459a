/* Putting a copy back in the database's place. */
#include "store/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exact/clock.h"
#include "exact/instant.h"
#include "base/log.h"
#include "store/copy.h"
#include "store/inside.h"
#include "store/migrate.h"
#include "store/restore_copy.h"
#include "store/restore.sql.h"
#include "store/sqlite_pages.h"

enum { PIECE = 1 << 20, INDEX_HEADS = 136 /* of the index: its head, twice, and what checkpoints note */ };

static void name_beside(char *name, const char *file, const char *end)
{
	snprintf(name, RESTORE_NAME, "%.4000s%s", file, end);
}

static bool is_same(const char *a, const char *b)
{
	struct stat one, other;
	return !stat(a, &one) && !stat(b, &other) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static bool has_bytes(const char *path)
{
	struct stat info;
	return !stat(path, &info) && info.st_size > 0;
}

/* ---- the file that is given ---- */

/* Told before its pages are looked at: each of them would be one that is damaged. */
static enum st judge_size(const char *file, int64_t size, struct faults *faults)
{
	unsigned char header[PAGE_HEADER] = { 0 };
	const int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fault_add(faults, file, "%s", strerror(errno));
	const bool whole = pread(fd, header, sizeof header, 0) == sizeof header;
	const struct page_shape shape = page_shape_of(header);
	close(fd);
	if (!whole || !shape.size)
		return fault_add(faults, file, "is no database: name a file that `pennymeter backup` wrote");
	if (size < (int64_t)shape.size * shape.count)
		return fault_add(faults, file, "is not whole, %lld of its %lld bytes are there: copy it anew", (long long)size,
		                 (long long)((int64_t)shape.size * shape.count));
	return ST_OK;
}

static enum st judge_file(const char *file, const char *where, struct faults *faults)
{
	char log[RESTORE_NAME];
	struct stat info;
	if (stat(file, &info))
		return fault_add(faults, file, "%s", strerror(errno));
	if (!S_ISREG(info.st_mode) || strlen(file) > 4000)
		return fault_add(faults, file, "is no file that `pennymeter backup` wrote");
	if (is_same(file, where))
		return fault_add(faults, file, "is the live database itself");
	name_beside(log, file, "-wal");
	if (has_bytes(log))
		return fault_add(faults, file, "has a log beside it, %s: it is in use, or what was written last lies there; make a backup of it first", log);
	return judge_size(file, info.st_size, faults);
}

static enum st pour(int from, int to)
{
	static char piece[PIECE];
	for (ssize_t n; (n = read(from, piece, sizeof piece));) {
		const ssize_t put = n < 0 ? -1 : write(to, piece, (size_t)n);
		if (put < 0 || put != n)
			return put < 0 ? ST_IO : (errno = ENOSPC, ST_IO);
	}
	return ST_OK;
}

static enum st take_bytes(const char *copy, const char *file, struct faults *faults)
{
	int from = open(file, O_RDONLY | O_CLOEXEC), to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum st st = from < 0 || to < 0 ? ST_IO : pour(from, to);
	int why = errno;
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) && !st) {
		st = ST_IO;
		why = errno;
	}
	return st ? fault_add(faults, file, "cannot be copied beside the database: %s", strerror(why)) : ST_OK;
}

/* ---- a private copy of it, as the live one has to be ---- */

/* Is it ours, and with all that belongs to its schema? */
static bool holds_store(struct store *s, struct arena *arena)
{
	struct faults untold = { .arena = arena };
	int64_t schema = 0;
	return !store_judge_schema(s, &schema, &untold) && schema >= 1;
}

static enum st judge_copy(const char *copy, const char *file, struct faults *faults)
{
	struct store c = { .driver = &sqlite_driver, .mode = STORE_READ, .lock = -1 };
	struct faults untold = { .arena = faults->arena };
	const bool ours = !c.driver->open(&c.db, copy, DB_READ, &untold) && holds_store(&c, faults->arena);
	if (c.db)
		c.driver->close(c.db);
	return ours ? ST_OK : fault_add(faults, file, "is no database of Pennymeter: name a file that `pennymeter backup` wrote");
}

/* What was written to a copy lies in a log, which has to be in it before it is renamed. */
static enum st bring_log_in(struct db *db, const char *copy, const char *checkpoint)
{
	char log[RESTORE_NAME];
	enum st st = sqlite_driver.script(db, checkpoint);
	name_beside(log, copy, "-wal");
	return !st && has_bytes(log) ? ST_STORE : st;
}

/* An older schema is brought up to date. */
static enum st bring_up_to_date(const char *copy, struct faults *faults)
{
	struct db *db = NULL;
	enum st st = sqlite_driver.open(&db, copy, DB_CREATE, faults);
	if (!st)
		st = migrate(&sqlite_driver, db, faults);
	if (!st)
		st = bring_log_in(db, copy, "PRAGMA wal_checkpoint(TRUNCATE)");
	if (db)
		sqlite_driver.close(db);
	return st;
}

static void remove_beside(const char *copy)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal", ".seen" };
	char name[RESTORE_NAME];
	for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
		name_beside(name, copy, ends[i]);
		unlink(name);
	}
}

/* Names of what an earlier run left when it was killed: PATTERN behind the database's own name. */
static void each_beside(const char *where, const char *pattern, void (*act)(const char *where, const char *found))
{
	char folder[RESTORE_NAME], path[2 * RESTORE_NAME];
	const char *slash = strrchr(where, '/'), *name = slash ? slash + 1 : where;
	const size_t size = strlen(name), length = strlen(pattern);
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - where) : 1, slash ? where : ".");
	DIR *listing = opendir(*folder ? folder : "/");
	for (struct dirent *e; listing && (e = readdir(listing));) {
		if (strncmp(e->d_name, name, size) || strncmp(e->d_name + size, pattern, length))
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		act(where, path);
	}
	if (listing)
		closedir(listing);
}

/* A copy is named after the process that made it. */
static void remove_stale(const char *where, const char *found)
{
	const char *number = found + strlen(where) + strlen(".restore.");
	const long pid = strtol(number, NULL, 10);
	if (pid > 0 && pid != getpid() && kill((pid_t)pid, 0) && errno == ESRCH)
		unlink(found);
}

enum st restore_copy(char *copy, const char *where, const char *file, const struct copy_proof *proof, struct faults *faults)
{
	const struct witness witness = { .tell = proof->tell, .context = proof->context };
	struct file_facts facts = { 0 };
	enum st st = judge_file(file, where, faults);
	if (st)
		return st;
	each_beside(where, ".restore.", remove_stale);
	snprintf(copy, RESTORE_NAME, "%.4000s.restore.%d", where, (int)getpid());
	copy_remove(copy);
	st = take_bytes(copy, file, faults);
	if (!st)
		st = sqlite_driver.prove(copy, &witness, &facts);
	if (!st && facts.differences)
		st = fault_add(faults, file, "is damaged in %u places: nothing was restored", facts.differences);
	if (!st)
		st = judge_copy(copy, file, faults);
	if (!st)
		st = bring_up_to_date(copy, faults);
	remove_beside(copy);
	if (!st)
		st = copy_prove(copy, proof, &facts, faults);
	remove_beside(copy);
	return st;
}

/* ---- the exchange ---- */

/* A run that was killed between keeping the old and putting the new there: the old has two names. It is as if it never was. */
static void undo_half(const char *where, const char *found)
{
	char kept[RESTORE_NAME], log[RESTORE_NAME];
	if (!is_same(where, found))
		return;
	name_beside(kept, found, "-wal");
	name_beside(log, where, "-wal");
	if (has_bytes(kept) && !has_bytes(log))
		(void)!rename(kept, log);
	unlink(kept);
	unlink(found);
}

void restore_name_kept(char *kept, const char *where)
{
	char time[INSTANT_ROOM], end[INSTANT_ROOM + 40];
	instant_print(time, clock_now());
	time[19] = '\0'; /* to the second */
	for (char *p = time; *p; p++)
		*p = *p == ':' ? '-' : *p;
	snprintf(end, sizeof end, ".before-restore-%s", time);
	name_beside(kept, where, end);
	for (unsigned n = 2; !access(kept, F_OK); n++) {
		snprintf(end, sizeof end, ".before-restore-%s.%u", time, n);
		name_beside(kept, where, end);
	}
}

/* Under two names first, so that there is never none; where a file cannot have two, it is without one for a moment. */
static enum st keep_old(const char *where, const char *kept)
{
	return link(where, kept) && (errno == EEXIST || rename(where, kept)) ? ST_IO : ST_OK;
}

/* An empty log may stay, and so may its index, by which all who have the files open know of each other; but the index tells how
 * long the old file is. Without its head whoever looks next makes it anew, from the file that is there then. */
static bool forget_index(const char *index)
{
	static const char none[INDEX_HEADS];
	int fd = open(index, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	const bool done = pwrite(fd, none, sizeof none, 0) == sizeof none;
	close(fd);
	return done;
}

/* A log that could not be brought in goes before the new file comes: it is not the new one's. */
static enum st put_log_aside(const char *where, const char *kept)
{
	char log[RESTORE_NAME], aside[RESTORE_NAME], index[RESTORE_NAME];
	name_beside(log, where, "-wal");
	name_beside(aside, kept, "-wal");
	name_beside(index, where, "-shm");
	if (!has_bytes(log))
		return forget_index(index) ? ST_OK : ST_IO;
	const bool failed = rename(log, aside) || (unlink(index) && errno != ENOENT);
	return failed ? ST_IO : copy_sync_folder(where);
}

static enum st exchange(struct restored *out, const char *where, const char *copy, struct db *old)
{
	const bool there = !access(where, F_OK);
	enum st st = ST_OK;
	each_beside(where, ".before-restore-", undo_half);
	if (there) {
		if (old && sqlite_driver.settle(old))
			log_error("%s: its log is kept beside it", where);
		restore_name_kept(out->kept, where);
		st = keep_old(where, out->kept);
	} else {
		restore_name_kept(out->kept, where);
	}
	if (!st)
		st = put_log_aside(where, out->kept);
	if (!st)
		st = copy_in_place(copy, where);
	if (!there)
		*out->kept = '\0';
	return st;
}

/* ---- what came, and what is lost ---- */

static enum st attach(struct store *s, const char *file)
{
	return RUN(s, SQL_CARE_ATTACH, TEXT(file));
}

enum st restore_ask(struct store *s, struct rows *r, enum restore_text text, int64_t tenant)
{
	const struct val value = INT(tenant);
	struct rows texts = { 0 };
	enum st st = ROWS(s, &texts, SQL_RESTORE_TEXTS);
	if (!st)
		st = rows_next(&texts);
	if (!st)
		st = store_rows_text(s, r, rows_text(&texts, text), &value, 1);
	rows_end(&texts);
	return st;
}

static enum st read_numbers(struct store *s, enum restore_text text, int64_t tenant, int64_t *a, int64_t *b, int64_t *c)
{
	struct rows r = { 0 };
	enum st st = restore_ask(s, &r, text, tenant);
	if (!st)
		st = rows_next(&r);
	*a = st ? 0 : rows_int(&r, 0);
	*b = st ? 0 : rows_int(&r, 1);
	*c = st ? 0 : rows_int(&r, 2);
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

enum st restore_count_tokens(struct restored *out, struct store *s, int64_t tenant)
{
	int64_t none;
	enum st st = read_numbers(s, RESTORE_TOKENS, tenant, &out->tokens_revoked, &out->tokens_since, &none);
	out->tokens_known = !st;
	return st;
}

enum st restore_compare(struct restored *out, struct store *s, int64_t tenant)
{
	int64_t none;
	enum st st = read_numbers(s, RESTORE_LOST, tenant, &out->lost, &out->lost_newest, &out->lost_tenants);
	out->lost_known = !st;
	return st ? st : read_numbers(s, RESTORE_CAME, tenant, &out->tenants, &out->events, &none);
}

/* Out of the way of those that record already: the old is nobody's any more. */
static void compare(struct restored *out, const char *where, struct arena *arena)
{
	struct store old = { .driver = &sqlite_driver, .mode = STORE_READ, .lock = -1 };
	struct faults none = { .arena = arena };
	char log[RESTORE_NAME];
	if (!*out->kept)
		return; /* nothing was there */
	name_beside(log, out->kept, "-wal");
	const bool logged = has_bytes(log);
	enum st st = old.driver->open(&old.db, out->kept, DB_READ, &none);
	if (!st)
		st = holds_store(&old, arena) ? attach(&old, where) : ST_DONE;
	if (!st && logged == has_bytes(log)) /* else it is not its own, and was put aside */
		st = restore_compare(out, &old, 0);
	if (old.db)
		old.driver->close(old.db);
	if (!has_bytes(log))
		remove_beside(out->kept);
}

static void count_alone(struct restored *out, const char *where, struct arena *arena)
{
	struct store now = { .driver = &sqlite_driver, .mode = STORE_READ, .lock = -1 };
	struct faults none = { .arena = arena };
	int64_t zero;
	if (out->lost_known)
		return;
	if (!now.driver->open(&now.db, where, DB_READ, &none) && !attach(&now, where))
		(void)!read_numbers(&now, RESTORE_CAME, 0, &out->tenants, &out->events, &zero);
	if (now.db)
		now.driver->close(now.db);
}

/* ---- the whole ---- */

static enum st revoke_there(struct store *s)
{
	struct rows r = { 0 };
	enum st st = restore_ask(s, &r, RESTORE_REVOKE, 0);
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* With the writers away, before the copy has its name: a token that was revoked is valid at no moment. What cannot be read of the old
 * is not carried over; a copy that was half written to is no copy. */
static enum st keep_revoked(struct restored *out, struct store *s, const char *copy, struct arena *arena)
{
	enum st st = ST_OK;
	if (!holds_store(s, arena) || attach(s, copy))
		return ST_OK;
	if (!restore_count_tokens(out, s, 0) && out->tokens_revoked)
		st = revoke_there(s);
	if (!st)
		st = bring_log_in(s->db, copy, "PRAGMA restored.wal_checkpoint(TRUNCATE)");
	if (!st)
		st = sqlite_driver.script(s->db, "DETACH DATABASE restored");
	remove_beside(copy);
	return st;
}

/* Who comes for the new file finds it locked until the folder is on disk. */
static enum st exchange_locked(struct restored *out, struct store *s, const char *copy)
{
	int fresh = open(copy, O_RDWR | O_CLOEXEC);
	enum st st = fresh < 0 || flock(fresh, LOCK_EX) ? ST_IO : exchange(out, s->where, copy, s->db);
	if (fresh >= 0)
		close(fresh);
	return st;
}

static bool is_at(const char *path, int file)
{
	struct stat named, held;
	return !stat(path, &named) && !fstat(file, &held) && named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

/* The lock is the old file's own. What cannot be opened as a database stays as it lies, and its log with it. */
static enum st exchange_alone(struct restored *out, struct store *s, const char *copy, struct faults *faults)
{
	char who[STORE_HOLDER];
	struct faults untold = { .count = FAULTS_CAP };
	const bool readable = has_bytes(s->where) && !sqlite_driver.open(&s->db, s->where, DB_WRITE, &untold);
	s->lock = readable ? sqlite_driver.lock(s->db) : open(s->where, O_RDWR | O_CLOEXEC);
	const bool there = s->lock >= 0;
	enum st st = there ? store_lock(s) : ST_OK;
	if (st == ST_BUSY)
		fault_add(faults, s->where, "is held by %s and nothing was exchanged", store_holder(who, s));
	if (!st && there && !is_at(s->where, s->lock))
		st = fault_add(faults, s->where, "was exchanged by another meanwhile: run it again");
	if (!st && readable)
		st = keep_revoked(out, s, copy, faults->arena);
	if (!st)
		st = exchange_locked(out, s, copy);
	if (there)
		store_unlock(s);
	if (readable)
		sqlite_driver.close(s->db);
	else if (there)
		close(s->lock);
	return st;
}

enum st store_restore(struct restored *out, const struct conf *conf, const char *file, const struct copy_proof *proof,
                      struct faults *faults)
{
	struct store s = { .lock = -1 };
	char copy[RESTORE_NAME] = "";
	*out = (struct restored){ 0 };
	enum st st = store_locate(&s, conf, faults);
	if (!st && !s.driver->one_file)
		return fault_add(faults, "store", "the database is on a server: restore it there, with pg_restore or psql");
	if (!st && store_was_put_aside(conf))
		return fault_add(faults, s.where, "was moved to a server: restore it there, with pg_restore or psql");
	if (!st)
		st = restore_copy(copy, s.where, file, proof, faults);
	errno = 0;
	if (!st)
		st = exchange_alone(out, &s, copy, faults);
	if (st && !faults->count)
		fault_add(faults, s.where, "could not be exchanged: %s", errno ? strerror(errno) : st_name(st));
	if (*copy && st)
		copy_remove(copy);
	if (!st) {
		compare(out, s.where, faults->arena);
		count_alone(out, s.where, faults->arena);
	}
	return st;
}
