/* Care of the store: all in the one file, and verified copies. */
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/migrate.h"

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

/* ---- copies ---- */

/* A copy is good when it opens, has our schema, and holds as many events as it was taken of. */
static enum st verify_copy(const char *copy, int64_t least, struct faults *faults)
{
	struct store c = { .driver = &sqlite_driver, .mode = STORE_READ, .lock = -1 };
	int64_t events = 0, schema = 0;
	enum st st = c.driver->open(&c.db, copy, DB_READ, faults);
	if (!st)
		st = store_schema(&c, &schema);
	if (!st)
		st = store_number(&c, SQL_CARE_COUNT_EVENTS, &events);
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
		st = store_number(s, SQL_CARE_COUNT_EVENTS, &events);
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
