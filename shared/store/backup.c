/* Copies of the store, proved before they are given their name. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exact/clock.h"
#include "base/log.h"
#include "store/care.h"
#include "store/copy.h"
#include "store/inside.h"
#include "store/migrate.h"

enum { TABLES_ROOM = 1 << 20, LOOKS = 3 };

/* ---- files ---- */

static enum st sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd);
	if (fd >= 0)
		close(fd);
	return failed ? ST_IO : ST_OK;
}

enum st copy_sync_folder(const char *file)
{
	char folder[4096];
	snprintf(folder, sizeof folder, "%s", file);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	return sync_path(slash ? folder : ".");
}

enum st copy_in_place(const char *copy, const char *file)
{
	enum st st = sync_path(copy);
	if (!st && rename(copy, file))
		st = ST_IO;
	return st ? st : copy_sync_folder(file);
}

/* With what SQLite leaves beside a file that it was reading or writing when it broke off. */
void copy_remove(const char *copy)
{
	static const char *const ends[] = { "-journal", "-wal", "-shm", ".seen", "" };
	char name[4200];
	for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(name, sizeof name, "%s%s", copy, ends[i]);
		unlink(name);
	}
}

/* A copy holds every tenant, wherever it is put: nobody but its owner may read it. */
enum st copy_make_private(const char *copy)
{
	int fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return ST_IO;
	close(fd);
	return ST_OK;
}

/* ---- rows ---- */

struct counted {
	struct store_table tables[STORE_TABLES];
	int64_t rows[STORE_TABLES];
	unsigned count;
};

static enum st count_rows(struct store *s, const char *sql, int64_t *rows)
{
	struct rows r = { 0 };
	enum st st = store_rows_text(s, &r, sql, NULL, 0);
	if (!st)
		st = rows_next(&r);
	if (!st)
		*rows = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

/* Of every table, at one instant. */
static enum st count_all(struct counted *c, struct store *s, struct arena *arena)
{
	enum st st = store_read_begin(s);
	if (!st)
		st = store_tables(s, c->tables, &c->count, arena);
	for (unsigned i = 0; i < c->count && !st; i++)
		st = count_rows(s, c->tables[i].count, &c->rows[i]);
	store_read_end(s);
	return st;
}

static const int64_t *rows_of(const struct counted *c, const char *table)
{
	for (unsigned i = 0; i < c->count; i++)
		if (!strcmp(c->tables[i].name, table))
			return &c->rows[i];
	return NULL;
}

/* While the copy was made others may have written: then it has as many rows as there were before, or after, or between. */
static bool lies_between(int64_t n, int64_t a, int64_t b)
{
	return a < b ? a <= n && n <= b : b <= n && n <= a;
}

struct counts {
	struct counted before, copy, after;
};

/* Returns: the first table whose rows are not all in the copy; NULL: none. */
static const char *first_short(const struct counts *c)
{
	for (unsigned i = 0; i < c->before.count; i++) {
		const char *name = c->before.tables[i].name;
		const int64_t *copied = rows_of(&c->copy, name), *after = rows_of(&c->after, name);
		if (!copied || !lies_between(*copied, c->before.rows[i], after ? *after : c->before.rows[i]))
			return name;
	}
	return NULL;
}

/* ---- proving a copy ---- */

static bool has_schema(struct store *copy, const char *name, struct faults *faults)
{
	int64_t schema = 0;
	if (!store_schema(copy, &schema) && schema == migrate_wanted())
		return true;
	fault_add(faults, name, "the copy has schema %lld, not %d", (long long)schema, migrate_wanted());
	return false;
}

static enum st prove_content(const char *file, struct counted *rows, const struct copy_proof *proof, struct arena *arena,
                             struct faults *faults)
{
	struct store c = { .driver = &sqlite_driver, .mode = STORE_READ, .lock = -1 };
	unsigned differences = 0;
	static uint64_t copies;
	c.connection = UINT64_MAX - copies++; /* what a process keeps of the store is not the copy's */
	enum st st = c.driver->open(&c.db, file, DB_READ, faults);
	if (!st && !has_schema(&c, file, faults))
		st = ST_INVALID;
	if (!st && rows)
		st = count_all(rows, &c, arena);
	if (!st)
		st = proof->prove(&differences, &c, proof->context);
	if (c.db)
		c.driver->close(c.db);
	return !st && differences ? fault_add(faults, file, "the copy differs in %u places from what it should hold", differences) : st;
}

enum st copy_prove(const char *file, const struct copy_proof *proof, struct file_facts *facts, struct faults *faults)
{
	const struct witness witness = { .tell = proof->tell, .context = proof->context };
	enum st st = sqlite_driver.prove(file, &witness, facts);
	if (!st && facts->differences)
		st = fault_add(faults, file, "is damaged in %u places", facts->differences);
	return st ? st : prove_content(file, NULL, proof, NULL, faults);
}

/* ---- making one ---- */

static enum st make_copy(struct store *s, const char *copy, struct counts *c, const struct copy_proof *proof, struct arena *arena,
                         struct faults *faults)
{
	const struct witness witness = { .tell = proof->tell, .context = proof->context };
	struct file_facts facts = { 0 };
	enum st st = copy_make_private(copy);
	if (!st)
		st = count_all(&c->before, s, arena);
	if (!st)
		st = s->driver->copy_to(s->db, copy);
	if (!st)
		st = count_all(&c->after, s, arena);
	if (!st)
		st = sqlite_driver.prove(copy, &witness, &facts);
	if (!st && (facts.differences || facts.bare))
		return fault_add(faults, copy, "the copy is damaged in %u places", facts.differences);
	return st ? st : prove_content(copy, &c->copy, proof, arena, faults);
}

/* A table may lose rows and gain others while a copy is made: then it is made again. */
static enum st make_whole_copy(struct store *s, const char *copy, const struct copy_proof *proof, struct arena *arena,
                               struct faults *faults)
{
	struct counts *c = arena_take(arena, sizeof *c);
	const char *table = c ? "" : NULL;
	enum st st = c ? ST_OK : ST_MEMORY;
	for (unsigned look = 0; look < LOOKS && table && !st; look++) {
		copy_remove(copy);
		st = make_copy(s, copy, c, proof, arena, faults);
		table = st ? NULL : first_short(c);
	}
	return table ? fault_add(faults, copy, "the copy has not all rows of %s", table) : st;
}

static enum st judge_source(const struct conf *conf, const struct copy_proof *proof, struct faults *faults)
{
	const struct prove_view view = { proof->tell, proof->context, false };
	struct file_facts facts;
	enum st st = store_prove(conf, &view, &facts, faults);
	if (!st && facts.differences)
		return fault_add(faults, "store", "the database's file is damaged in %u places: a copy of it would be no backup; "
		                                  "`pennymeter restore` puts an earlier one back", facts.differences);
	return st;
}

static enum st note_backup(const struct conf *conf, const char *file)
{
	char path[4096], fresh[4100], text[4200], whole[PATH_MAX];
	snprintf(path, sizeof path, "%s/last-backup", conf->data);
	file = realpath(file, whole) ? whole : file;
	snprintf(fresh, sizeof fresh, "%s.new", path);
	const int size = snprintf(text, sizeof text, "%lld %s\n", (long long)clock_now(), file);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool failed = fd < 0 || write(fd, text, (size_t)size) != size;
	if (fd >= 0)
		close(fd);
	return failed || rename(fresh, path) ? ST_IO : ST_OK;
}

enum st store_last_backup(const struct conf *conf, int64_t *at, char *name, size_t room)
{
	char path[4096], text[4200] = "", *end;
	snprintf(path, sizeof path, "%s/last-backup", conf->data);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (size <= 0)
		return ST_NOT_FOUND;
	*at = strtoll(text, &end, 10);
	snprintf(name, room, "%.*s", (int)strcspn(end + (*end == ' '), "\n"), end + (*end == ' '));
	return *at > 0 ? ST_OK : ST_NOT_FOUND;
}

enum st store_backup_to(struct store *s, const struct conf *conf, const char *file, const struct copy_proof *proof, struct faults *faults)
{
	char copy[4200];
	struct arena *arena;
	enum st st = arena_open(&arena, 2 * sizeof(struct counts) + 3 * TABLES_ROOM);
	if (st)
		return st;
	snprintf(copy, sizeof copy, "%s.part.%d", file, (int)getpid());
	errno = 0;
	st = judge_source(conf, proof, faults);
	if (!st)
		st = make_whole_copy(s, copy, proof, arena, faults);
	if (!st)
		st = copy_in_place(copy, file);
	if (st && !faults->count)
		fault_add(faults, file, "the backup could not be written: %s", errno ? strerror(errno) : st_name(st));
	copy_remove(copy);
	arena_close(arena);
	return st;
}

enum st store_backup(struct store *s, const struct conf *conf, const char *file, const struct copy_proof *proof, struct faults *faults)
{
	if (!s->driver->copy_to)
		return fault_add(faults, "store", "the database is on a server: back it up with pg_dump there");
	enum st st = store_target(conf, s->where, file, faults);
	if (!st)
		st = store_backup_to(s, conf, file, proof, faults);
	if (!st && note_backup(conf, file))
		log_error("%s: that it was made could not be noted in the data folder", file);
	return st;
}
