/* The switch from a file to a server: two renames, the second of which anybody can do. */
#include "store/switch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 8000, PAUSE_MS = 10 }; /* of who waits for a move to switch */

/* ---- the configuration ---- */

enum st switch_conf_path(const char **path, const struct conf *conf, struct faults *faults, struct arena *arena)
{
	char real[PATH_MAX], link[8];
	*path = conf_path(conf, arena, CONF_FILE);
	if (!*path)
		return ST_MEMORY;
	if (readlink(*path, link, sizeof link) < 0)
		return ST_OK;
	if (!realpath(*path, real))
		return fault_add(faults, *path, "is a link to a file that cannot be found: %s", strerror(errno));
	*path = arena_copy(arena, real, strlen(real));
	return *path ? ST_OK : ST_MEMORY;
}

const char *switch_new_path(const char *path, struct arena *arena)
{
	return arena_format(arena, "%s.new", path);
}

enum st switch_sync_folder(const char *file)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(file, '/');
	const int size = slash ? (int)(slash - file) : 0;
	if ((size_t)size >= sizeof folder)
		return ST_IO;
	snprintf(folder, sizeof folder, "%.*s", size, file);
	int fd = open(!slash ? "." : size ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int failed = fd < 0 || fsync(fd);
	if (fd >= 0)
		close(fd);
	return failed ? ST_IO : ST_OK;
}

enum st switch_conf(const char *path, struct faults *faults, struct arena *arena)
{
	const char *new = switch_new_path(path, arena);
	if (!new)
		return ST_MEMORY;
	if (!rename(new, path) && !switch_sync_folder(path))
		return ST_OK;
	fault_add(faults, path, "cannot be replaced by %s: %s", new, strerror(errno));
	return ST_IO;
}

/* ---- the file ---- */

bool switch_aside(const char *file)
{
	char moved[PATH_MAX];
	if (!access(file, F_OK) || errno != ENOENT)
		return false;
	return snprintf(moved, sizeof moved, "%s.moved", file) < (int)sizeof moved && !access(moved, F_OK);
}

/* Its lock. Returns: ST_OK; ST_BUSY. Out: fd  -1: it cannot be opened by this user, who changes nothing then */
static enum st wait_for_move(int *fd, const char *file)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	char path[PATH_MAX];
	*fd = snprintf(path, sizeof path, "%s.lock", file) < (int)sizeof path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	for (int waited = 0; *fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB); waited += PAUSE_MS) {
		if (waited >= PATIENCE_MS) {
			close(*fd);
			return ST_BUSY;
		}
		nanosleep(&pause, NULL);
	}
	return ST_OK;
}

static bool names_server(const struct conf *conf)
{
	const char *store = conf->text[CONF_STORE];
	return !strncmp(store, "postgresql://", 13) || !strncmp(store, "postgres://", 11);
}

static enum st nowhere(const char *file, struct faults *faults)
{
	fault_add(faults, file, "was put aside by `pennymeter move` as %s.moved, and the configuration still names it (pennymeter.conf, "
	          "or PENNYMETER_STORE in the environment): run `pennymeter move --to ADDRESS` again with the server's address, "
	          "which finishes the move; only if nothing was recorded on the server, %s.moved can be renamed back instead",
	          file, file);
	return ST_STORE;
}

/* With the lock. What was renamed first has to be on disk before the server takes what is recorded. */
static enum st complete(struct conf *conf, const char *file, bool locked, struct faults *faults, struct arena *arena)
{
	struct faults ignored = { .arena = arena };
	const char *path;
	enum st st = conf_load(conf, faults, arena);
	if (st || names_server(conf) || !switch_aside(file))
		return st;
	st = switch_conf_path(&path, conf, faults, arena);
	const char *new = st ? NULL : switch_new_path(path, arena);
	if (!new || access(new, F_OK))
		return st ? st : new ? nowhere(file, faults) : ST_MEMORY;
	st = conf_load_from(conf, faults, arena, new);
	if (!st && !names_server(conf))
		return nowhere(file, faults);
	if (!st && locked)
		st = switch_sync_folder(file);
	if (!st && locked)
		(void)!switch_conf(path, &ignored, arena); /* as long as it cannot be renamed it is read where it is */
	return st;
}

enum st switch_complete(struct conf *conf, const char *file, struct faults *faults, struct arena *arena)
{
	int lock;
	enum st st = wait_for_move(&lock, file);
	if (st) {
		fault_add(faults, file, "is being moved to a server; try again");
		return st;
	}
	st = complete(conf, file, lock >= 0, faults, arena);
	if (lock >= 0)
		close(lock);
	return st;
}
