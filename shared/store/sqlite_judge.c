/* Whether the files of a database belong together, by what the last writer saw and by what lies there. */
#include "store/sqlite_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exact/clock.h"
#include "base/log.h"

enum {
	INDEX_HEAD = INDEX_MARK + 4,
	PAUSE_MS = 20,
	LATER_LIVES = 1 << 20,                         /* of one log: salts that lie farther apart are another's */
	DB_PAGE_SIZE = 16, DB_PAGES = 28, /* places in the database's head */
	SETTLED = 2 * 1000 * 1000                      /* microseconds without a write: whoever copied it is done */
};

/* What is looked at while the log is read. */
struct look {
	const struct files *files;
	const struct seen *seen;
	bool found;              /* the last commit that was acknowledged */
	struct seen_pages pages; /* those that are not read from the log */
	bool fits[SEEN_PAGES];   /* the page in the database is as the log has it, up to where that is in the database */
	bool moved;              /* the database is another than was seen */
	uint32_t old_pages, new_pages; /* of the database, before and after it grew */
	size_t reserve;          /* bytes at a page's end that need not be the log's */
	unsigned char *grown;    /* of each page between: is it as the log has it? */
};

static const char way_out[] = "nothing is answered or recorded until it is mended: put the right file back, or run `pennymeter restore FILE` "
                              "with a backup, or with a copy of the database as it lies";

static uint32_t page_size_of(const struct log_state *s)
{
	return s->page_size == 1 ? 65536 : s->page_size;
}

/* ---- what was seen, against what lies there ---- */

bool judge_db(const struct seen *s, const struct stat *db)
{
	return db->st_size == s->db_size && seen_time(db) == s->db_time;
}

static bool is_at_rest(const struct files *f, const struct seen *s, const struct stat *db, const struct stat *log)
{
	return s->log_time == seen_time(log) && !s->copying && judge_db(s, db) && !access(f->index, F_OK);
}

static bool is_ahead(const struct log_state *now, const struct log_state *then)
{
	const bool same_life = !memcmp(now->salt, then->salt, sizeof now->salt);
	return same_life ? now->frames > then->frames : log_starts_between(now, then) > 0;
}

/* What the index says, in its own file. */
struct index_head {
	struct log_state state;
	uint32_t copied, mark;
};

/* Of another process that has it open it can be read, as long as this one has not. Returns: does it say twice the same? */
static bool read_index(const struct files *f, struct index_head *index)
{
	unsigned char head[INDEX_HEAD];
	const int file = open(f->index, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	const bool whole = pread(file, head, sizeof head, 0) == sizeof head;
	close(file);
	memcpy(&index->state, head, sizeof index->state);
	memcpy(&index->copied, head + INDEX_COPIED, sizeof index->copied);
	memcpy(&index->mark, head + INDEX_MARK, sizeof index->mark);
	return whole && !memcmp(head, head + sizeof index->state, sizeof index->state);
}

/* A writer is amid its work: what it has written so far nobody may judge, but the index is that of the last commit that was seen. */
static bool is_at_work(const struct files *f, const struct seen *s)
{
	struct index_head now;
	return f->beside && read_index(f, &now) && now.mark == s->mark &&
	       (!memcmp(&now.state, &s->state, sizeof now.state) || is_ahead(&now.state, &s->state));
}

bool judge_at_once(const struct files *f)
{
	struct seen s;
	struct stat db, log;
	if (f->seen_file < 0 || f->log_file < 0 || !seen_read(&s, f->seen_file) || fstat(f->lock, &db) || fstat(f->log_file, &log))
		return false;
	const struct file_id id = seen_id(f->lock);
	return seen_same(&s.db, &id) && s.log.inode == log.st_ino && log_holds(f->log_file, &s.state) &&
	       (is_at_rest(f, &s, &db, &log) || is_at_work(f, &s));
}

/* A mark of 0: SQLite has made the index anew. */
bool judge_index(const struct files *f, const struct seen *s, bool ahead)
{
	struct log_state now;
	uint32_t mark;
	memcpy(&now, (const unsigned char *)f->shared, sizeof now);
	memcpy(&mark, (const unsigned char *)f->shared + INDEX_MARK, sizeof mark);
	if (!memcmp(&now, &s->state, sizeof now))
		return mark == s->mark || !mark;
	return ahead && mark == s->mark && is_ahead(&now, &s->state);
}

/* ---- reading the log ---- */

/* A page that a checkpoint has passed over so far, for a reader was in its way. */
static bool is_hole(const unsigned char *page, size_t size)
{
	return !page[0] && !memcmp(page, page + 1, size - 1);
}

static bool is_in_db(const struct look *l, const struct log_frame *frame, bool or_hole)
{
	unsigned char *page = malloc(frame->size);
	const off_t at = (off_t)(frame->page - 1) * frame->size;
	const bool same = page && pread(l->files->lock, page, frame->size, at) == (ssize_t)frame->size &&
	                  ((or_hole && is_hole(page, frame->size)) || !memcmp(page, frame->bytes, frame->size - l->reserve));
	free(page);
	return same;
}

/* What a checkpoint has brought into the database is read there, and not in the log, though that has it still. */
static void look_at_pages(struct look *l, const struct log_frame *frame)
{
	const uint32_t place = frame->page % SEEN_PAGES;
	if (l->pages.of[place].page != frame->page)
		return;
	if (frame->number > l->seen->copied)
		l->pages.of[place].page = 0;
	else if (l->moved)
		l->fits[place] = is_in_db(l, frame, false);
}

static void look_at(void *context, const struct log_frame *frame)
{
	struct look *l = context;
	const struct log_state *s = &l->seen->state;
	l->found |= frame->number == s->frames && !memcmp(frame->check, s->check, sizeof s->check);
	look_at_pages(l, frame);
	if (l->grown && frame->page > l->old_pages && frame->page <= l->new_pages && is_in_db(l, frame, true))
		l->grown[frame->page - l->old_pages - 1] = 1;
}

static bool grew_by_log(const struct look *l)
{
	for (uint32_t i = 0; i < l->new_pages - l->old_pages; i++)
		if (!l->grown || !l->grown[i])
			return false;
	return true;
}

static bool page_is_as_seen(const struct look *l, uint32_t page, uint32_t sum, uint32_t size)
{
	unsigned char *bytes = malloc(size);
	const bool same = bytes && pread(l->files->lock, bytes, size, (off_t)(page - 1) * size) == (ssize_t)size &&
	                  seen_page_sum(bytes, size, l->reserve) == sum;
	free(bytes);
	return same;
}

/* It was written by another than the last writer: touched, or a checkpoint of another program? Then each page is as it was, or in the log. */
static bool db_is_ours(const struct look *l, uint32_t page_size)
{
	if (l->new_pages < l->old_pages || !grew_by_log(l))
		return false;
	for (unsigned i = 0; i < SEEN_PAGES; i++)
		if (l->pages.of[i].page && !l->fits[i] && !page_is_as_seen(l, l->pages.of[i].page, l->pages.of[i].sum, page_size))
			return false;
	return true;
}

/* A checkpoint says in the index how far it came; who writes a file over says nothing. */
static bool was_copied_by_another(const struct look *l)
{
	struct index_head now;
	return read_index(l->files, &now) && now.mark == l->seen->mark && now.copied > l->seen->copied;
}

/* Is it written no more? What comes slowly agrees with what was seen as long as it has come only to pages that nobody knows. */
static bool is_left_alone(const struct files *f, const struct stat *db)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	const int64_t until = clock_ticks() + SETTLED;
	struct stat now = *db;
	while (clock_now() - seen_time(db) / 1000 < SETTLED && clock_ticks() < until) {
		nanosleep(&pause, NULL);
		if (fstat(f->lock, &now) || now.st_size != db->st_size || seen_time(&now) != seen_time(db))
			return false;
	}
	return true;
}

/* Once more after the wait: a tick of the kernel's clock has room for several writes. */
static bool is_only_touched(const struct look *l, uint32_t page_size, const struct stat *db)
{
	return db_is_ours(l, page_size) && (was_copied_by_another(l) || (is_left_alone(l->files, db) && db_is_ours(l, page_size)));
}

/* ---- the verdict ---- */

static enum st condemn(struct faults *faults, const char *file, const char *why)
{
	fault_add(faults, file, "%s: %s", why, way_out);
	return ST_STORE;
}

/* Without what it says: SQLite makes it anew of the log, and everybody opens it anew. */
static void drop_index(const struct files *f)
{
	(void)!unlink(f->index);
}

static void check_index(const struct files *f, const struct seen *seen, const struct log_state *end)
{
	struct index_head now = { 0 };
	const bool whole = read_index(f, &now);
	const struct log_state *told = &now.state;
	const bool same_end = told->frames == end->frames && (!end->frames || (!memcmp(told->check, end->check, sizeof told->check) &&
	                                                                       !memcmp(told->salt, end->salt, sizeof told->salt)));
	if (!whole || !same_end || (seen && now.mark && now.mark != seen->mark))
		drop_index(f);
}

/* As many pages as it says itself. */
static bool is_whole(const struct files *f, const struct stat *db)
{
	unsigned char head[DB_PAGES + 4];
	if (pread(f->lock, head, sizeof head, 0) != sizeof head)
		return false;
	const int64_t size = head[DB_PAGE_SIZE] << 8 | head[DB_PAGE_SIZE + 1];
	const int64_t pages = (int64_t)head[DB_PAGES] << 24 | head[DB_PAGES + 1] << 16 | head[DB_PAGES + 2] << 8 | head[DB_PAGES + 3];
	return pages && (size == 1 ? 65536 : size) * pages == db->st_size;
}

/* The last commit is not in the log. Was all of it in the database, or brought there by another program's checkpoint? */
static bool is_explained(const struct look *l, bool log, const struct log_state *end, bool db_copied, bool *keep)
{
	const struct seen *s = l->seen;
	const int32_t starts = log_starts_between(end, &s->state);
	const bool later = log && starts > 0 && starts < LATER_LIVES;
	const bool earlier = log && starts <= 0 && starts > -LATER_LIVES;
	struct stat info;
	const bool other = fstat(l->files->log_file, &info) || info.st_ino != s->log.inode;
	const bool empty = l->files->log_file < 0 || !info.st_size;
	*keep = empty || later || (log && !earlier && (other || db_copied));
	return s->copied >= s->state.frames || (db_copied && *keep);
}

static void start_look(struct look *l, const struct files *f, const struct seen *seen, const struct stat *db)
{
	const uint32_t size = page_size_of(&seen->state);
	*l = (struct look){ .files = f, .seen = seen, .found = !seen->state.frames, .moved = !seen->copying && !judge_db(seen, db) };
	seen_read_pages(&l->pages, f->seen_file);
	if (!size)
		return;
	l->reserve = files_reserve(f);
	l->old_pages = (uint32_t)(seen->db_size / size);
	l->new_pages = (uint32_t)(db->st_size / size);
	if (l->new_pages > l->old_pages)
		l->grown = calloc(l->new_pages - l->old_pages, 1);
}

/* The database was written over. If nothing of it lies in the log alone, that is a restore by other means: what was there is gone,
 * and what lies there now is the database. A program of SQLite's that was the last to close it has removed the log and is
 * done; who copies a file over it leaves the log, and may not be. */
static enum st judge_written_over(struct files *f, const struct seen *seen, const struct log_state *end, const struct stat *db,
                                  struct faults *faults)
{
	if (seen->copied < seen->state.frames || end->frames > seen->state.frames)
		return condemn(faults, f->db, "the database was written over, and commits that it does not hold lie in its log");
	const bool closed = f->log_file < 0;
	if (!is_whole(f, db) || (!closed && clock_now() - seen_time(db) / 1000 < SETTLED))
		return condemn(faults, f->db, "the database was written over, or is being written over, and is not whole");
	log_error("%s was written over while nothing lay in its log alone: it is taken as it is now", f->db);
	drop_index(f);
	(void)!ftruncate(f->seen_file, 0);
	return rescue_put_aside(f->log) ? ST_OK : ST_STORE;
}

static bool read_log(const struct files *f, struct look *l, struct log_state *end)
{
	*end = (struct log_state){ 0 };
	return f->log_file >= 0 && log_walk(end, f->log_file, look_at, l);
}

/* Is the last writer's log another file than the one that has its name? */
static bool log_was_taken(const struct files *f, const struct seen *seen)
{
	const struct file_id id = f->log_file < 0 ? (struct file_id){ 0 } : seen_id(f->log_file);
	return !seen_same(&id, &seen->log);
}

/* A backup says that it has no log: one that is copied over the database says so with its first page, and the rest may be to come. */
static bool is_denied(const struct files *f, const struct log_state *end)
{
	return end->frames && !files_have_log(f);
}

/* A log that was empty when it was last seen has begun anew since: then another program brought all that it held into the
 * database. Of an empty file it takes no salt over, but counts its starts. */
static bool was_copied_since(const struct files *f, const struct seen *seen, const struct log_state *end)
{
	const int32_t starts = log_starts_between(end, &seen->state);
	return !seen->state.frames && end->frames && ((starts > 0 && starts < LATER_LIVES) || log_starts(f->log_file));
}

/* An earlier life of a log that was empty when it was last seen would be read into a later database. */
static bool is_earlier(const struct seen *seen, const struct log_state *end)
{
	const int32_t starts = log_starts_between(end, &seen->state);
	return !seen->state.frames && end->frames && starts < 0 && starts > -LATER_LIVES;
}

/* Go on with the log, or put it aside and begin with none. */
static enum st keep_log(struct files *f, const struct seen *seen, const struct log_state *end, bool keep)
{
	if (!keep && f->log_file >= 0 && !rescue_put_aside(f->log))
		return ST_STORE;
	check_index(f, seen, keep ? end : &(struct log_state){ 0 });
	return ST_OK;
}

static enum st judge_log(struct files *f, struct look *l, struct seen *seen, const struct stat *db, struct faults *faults)
{
	struct log_state end;
	bool keep = true, log = read_log(f, l, &end);
	if (!l->found && log_was_taken(f, seen) && rescue_file(&seen->log, f->log, &seen->log)) {
		files_open_log(f);
		log = read_log(f, l, &end);
	}
	if (!l->found && !is_explained(l, log, &end, l->moved && is_whole(f, db), &keep))
		return condemn(faults, f->log, "the log was taken away, cut off or written over, and what was recorded last lay in it alone");
	const bool copied = was_copied_since(f, seen, &end) && is_whole(f, db);
	if (l->found && l->moved && !copied && (is_denied(f, &end) || !is_only_touched(l, page_size_of(&seen->state), db)))
		return judge_written_over(f, seen, &end, db, faults);
	f->sample = l->moved || seen->copying;
	return keep_log(f, seen, &end, keep && !is_earlier(seen, &end));
}

/* The database is another than the last writer's: a restore. Its log would be read into it, unless it is empty. */
static enum st judge_another(const struct files *f, const struct seen *seen)
{
	struct stat log;
	drop_index(f);
	if (f->log_file < 0 || fstat(f->log_file, &log) || !log.st_size || log.st_ino != seen->log.inode)
		return ST_OK;
	const struct file_id id = seen_id(f->log_file);
	return !seen_same(&id, &seen->log) || rescue_put_aside(f->log) ? ST_OK : ST_STORE;
}

enum st judge(struct files *f, struct faults *faults)
{
	struct seen seen;
	struct stat db;
	struct look look;
	rescue_clean(f);
	files_open_log(f);
	if (f->log_file < 0 && errno != ENOENT) { /* it is there, and says nothing of what was lost */
		fault_add(faults, f->log, "the log cannot be read: %s; look at its mode and owner, and at how its file system is mounted: "
		          "nothing is lost", strerror(errno));
		return ST_STORE;
	}
	if (f->log_file >= 0 && fdatasync(f->log_file) && errno != EROFS) { /* what a writer left that died before it could */
		fault_add(faults, f->log, "the log cannot be synced: %s", strerror(errno));
		return ST_STORE;
	}
	if (f->seen_file < 0 || !seen_read(&seen, f->seen_file) || fstat(f->lock, &db))
		return f->sample = true, ST_OK; /* nobody has seen anything */
	const struct file_id id = seen_id(f->lock);
	if (!seen_same(&seen.db, &id)) {
		f->sample = true;
		const enum st st = judge_another(f, &seen);
		(void)!ftruncate(f->seen_file, 0);
		return st;
	}
	start_look(&look, f, &seen, &db);
	const enum st st = judge_log(f, &look, &seen, &db, faults);
	free(look.grown);
	return st;
}

enum st judge_without(struct files *f)
{
	struct stat log;
	if (files_have_log(f) || f->log_file < 0)
		return ST_OK;
	drop_index(f);
	const bool gone = !fstat(f->log_file, &log) && log.st_size ? rescue_put_aside(f->log) : !unlink(f->log) || errno == ENOENT;
	close(f->log_file);
	f->log_file = -1;
	return gone ? ST_OK : ST_STORE;
}
