/* The configuration that a move leads to: written beside the old one and proved before anything goes. */
#include "move_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/move/move.h"
#include "store/switch.h"

static enum st places(const char **path, const char **new, struct run *r)
{
	enum st st = switch_conf_path(path, &r->conf, &r->faults, r->arena);
	*new = st ? NULL : switch_new_path(*path, r->arena);
	return st ? st : *new ? ST_OK : ST_MEMORY;
}

enum st move_conf_new(const char **new, struct run *r)
{
	const char *path;
	return places(&path, new, r);
}

/* ---- its text ---- */

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
static enum st make_text(struct text *t, struct run *r, const char *path, const char *to)
{
	const char *old = access(path, F_OK) ? "" : run_read_file(r, path, CONF_FILE_CAP);
	*t = text_new(r->arena, 2 * CONF_FILE_CAP);
	if (!old)
		return ST_IO;
	for (size_t n; *old; old += n) {
		n = strcspn(old, "\n");
		n += old[n] == '\n';
		if (!names_store(old))
			text_add(t, old, n);
	}
	if (t->size && t->bytes[t->size - 1] != '\n')
		text_addc(t, '\n');
	text_addf(t, "store = %s\n", to);
	return t->failed ? ST_MEMORY : ST_OK;
}

/* ---- writing it ---- */

/* A file that is protected, or that a container has mounted by itself, cannot be replaced by another. */
static enum st check_replaceable(struct run *r, const char *path)
{
	struct statx x;
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MODE, &x))
		return errno == ENOENT ? ST_OK : fault_add(&r->faults, path, "%s", strerror(errno));
	if (x.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
		return fault_add(&r->faults, path, "is protected (lsattr shows how), so that the new address could not be written: allow it by "
		                                   "`chattr -i -a`; nothing was moved");
	if (x.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return fault_add(&r->faults, path, "is a mount of its own, so that it cannot be replaced: mount its folder; nothing was moved");
	return ST_OK;
}

/* Whoever reads the old one reads the new one. */
static bool give_to_owner(int fd, const char *path)
{
	struct stat old, new;
	if (stat(path, &old))
		return errno == ENOENT;
	if (fstat(fd, &new) || fchmod(fd, old.st_mode & 0777))
		return false;
	return (new.st_uid == old.st_uid && new.st_gid == old.st_gid) || !fchown(fd, old.st_uid, old.st_gid);
}

static bool write_all(int fd, const char *bytes, size_t size)
{
	for (ssize_t n; size; bytes += n, size -= (size_t)n)
		if ((n = write(fd, bytes, size)) < 0) {
			if (errno != EINTR)
				return false;
			n = 0;
		}
	return true;
}

static enum st write_new(struct run *r, const char *path, const char *new, const struct text *t)
{
	const bool gone = !unlink(new) || errno == ENOENT;
	int fd = gone ? open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	const bool good = fd >= 0 && give_to_owner(fd, path) && write_all(fd, t->bytes, t->size) && !fsync(fd);
	const int why = errno;
	if (fd >= 0)
		close(fd);
	if (good && !switch_sync_folder(new))
		return ST_OK;
	if (fd >= 0)
		unlink(new);
	fault_add(&r->faults, new, "cannot be written: %s%s; nothing was moved", strerror(why),
	          why == EPERM ? " (run the command as the owner of pennymeter.conf)" : "");
	return ST_IO;
}

/* ---- proving it ---- */

enum st move_conf_names(struct run *r, const char *to)
{
	const char *path, *new;
	struct conf conf;
	enum st st = places(&path, &new, r);
	if (!st && access(new, F_OK))
		return ST_NOT_FOUND;
	if (!st)
		st = conf_load_from(&conf, &r->faults, r->arena, new);
	return st ? st : strcmp(conf.text[CONF_STORE], to) ? ST_CONFLICT : ST_OK;
}

/* Opened by the file alone: what no longer stands there as it was given leads elsewhere. */
static enum st prove(struct run *r, const char *new, const char *to, bool whole)
{
	struct store *there = NULL;
	struct conf conf;
	enum st st = conf_load_from(&conf, &r->faults, r->arena, new);
	if (!st && strcmp(conf.text[CONF_STORE], to))
		st = fault_add(&r->faults, "--to", "cannot be kept in pennymeter.conf as it is: write what is not a letter or a digit as %%XX; "
		                                   "nothing was moved");
	if (!st)
		st = store_open(&there, &conf, STORE_WRITE, &r->faults);
	if (!st && whole)
		st = store_move_done(r->store, there, &r->faults);
	store_close(there);
	return st;
}

enum st move_conf_write(struct run *r, const char *to, bool whole)
{
	const char *path, *new;
	struct text t;
	enum st st = places(&path, &new, r);
	if (!st)
		st = check_replaceable(r, path);
	if (!st)
		st = make_text(&t, r, path, to);
	if (!st)
		st = write_new(r, path, new, &t);
	if (st)
		return st;
	st = prove(r, new, to, whole);
	if (st)
		unlink(new);
	return st;
}

enum st move_conf_switch(struct run *r)
{
	const char *path, *new;
	enum st st = places(&path, &new, r);
	return st ? st : switch_conf(path, &r->faults, r->arena);
}

void move_conf_remove(struct run *r)
{
	const char *path, *new;
	if (!places(&path, &new, r))
		unlink(new);
}
