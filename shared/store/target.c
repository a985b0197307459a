/* Where a copy may be written: nowhere that it would replace what the product itself uses. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/care.h"

enum { NAME_ROOM = 4096, DEPTH = 64 };

/* Folders of the data folder that the product empties, or removes with all that is in them. */
static const char *const emptied[] = { "run", "spool", "htdocs" };

/* What the product, its launcher and its scripts keep in the data folder; and beside the database, whose name goes before. */
static const char *const in_folder[] = {
	"pennymeter.conf*", "calls.*", "rate-limit.*", "launch.*", "serve.lock", "last-backup*", "run.json*", "demo.json*", "*.log", "*.log.[0-9]*",
	"run", "spool", "htdocs", "lighttpd*.conf", "nginx*.conf", "apache*.conf", "httpd*.conf", "*.pid", "*.sock",
};
static const char *const beside_it[] = {
	"", "-wal*", "-shm", "-journal", ".lock", ".slots*", ".letters*", ".seen", ".part*", ".orphan-*", ".moved*", ".before-restore*", ".restore*",
};

static bool matches(const char *name, const char *prefix, const char *const *patterns, size_t count)
{
	const size_t size = strlen(prefix);
	for (size_t i = 0; i < count && !strncmp(name, prefix, size); i++)
		if (!fnmatch(patterns[i], name + size, 0))
			return true;
	return false;
}

static const char *name_in(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static void folder_of(char *folder, const char *path)
{
	const size_t size = (size_t)(name_in(path) - path);
	snprintf(folder, NAME_ROOM, "%.*s", (int)(size > 1 ? size - 1 : size), path);
	if (!size)
		snprintf(folder, NAME_ROOM, ".");
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* ---- is it ours? ---- */

struct target {
	const char *store; /* the database's path */
	const char *name;  /* of the target in its folder */
	struct stat folder, file;
	bool there;
};

static bool is_ours_by_name(const struct target *t, const char *name, bool of_store)
{
	return of_store ? matches(name, name_in(t->store), beside_it, sizeof beside_it / sizeof *beside_it)
	                : matches(name, "", in_folder, sizeof in_folder / sizeof *in_folder);
}

/* By its name in that folder, or as one of the files there under another name. */
static bool is_ours_in(const struct target *t, const char *folder, bool of_store)
{
	struct stat info;
	char path[2 * NAME_ROOM];
	bool ours = !stat(folder, &info) && same_file(&info, &t->folder) && is_ours_by_name(t, t->name, of_store);
	DIR *listing = t->there && !ours ? opendir(folder) : NULL;
	for (struct dirent *e; listing && !ours && (e = readdir(listing));) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		ours = is_ours_by_name(t, e->d_name, of_store) && !stat(path, &info) && same_file(&info, &t->file);
	}
	if (listing)
		closedir(listing);
	return ours;
}

/* The folder itself or one that it lies in, whatever the links on the way. */
static bool lies_in(const char *folder, const struct stat *above)
{
	char path[2 * NAME_ROOM];
	struct stat here, before = { 0 };
	snprintf(path, sizeof path, "%s", folder);
	for (unsigned depth = 0; depth < DEPTH && !stat(path, &here) && !same_file(&here, &before); depth++) {
		if (same_file(&here, above))
			return true;
		before = here;
		snprintf(path + strlen(path), sizeof path - strlen(path), "/..");
	}
	return false;
}

static bool is_in_emptied(const struct conf *conf, const char *folder)
{
	char path[NAME_ROOM];
	struct stat info;
	for (size_t i = 0; i < sizeof emptied / sizeof *emptied; i++) {
		snprintf(path, sizeof path, "%s/%s", conf->data, emptied[i]);
		if (!stat(path, &info) && lies_in(folder, &info))
			return true;
	}
	return false;
}

static bool is_ours(const struct target *t, const struct conf *conf, const char *target_folder)
{
	char folder[NAME_ROOM];
	folder_of(folder, t->store);
	return is_ours_in(t, folder, true) || is_ours_in(t, conf->data, false) || is_in_emptied(conf, target_folder);
}

/* ---- the target ---- */

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

enum st store_target(const struct conf *conf, const char *store, const char *file, struct faults *faults)
{
	struct target t = { .store = store, .name = name_in(file) };
	char folder[NAME_ROOM];
	struct stat link;
	if (strlen(file) + 64 > NAME_ROOM)
		return fault_add(faults, file, "the path is too long");
	folder_of(folder, file);
	if (stat(folder, &t.folder))
		return fault_add(faults, file, "the folder %s %s", folder, errno == ENOENT ? "does not exist: make it first" : strerror(errno));
	if (!S_ISDIR(t.folder.st_mode))
		return fault_add(faults, file, "%s is no folder", folder);
	t.there = !stat(file, &t.file);
	if (!*t.name || (t.there && !S_ISREG(t.file.st_mode)))
		return fault_add(faults, file, "is %s: name a file to write the copy to", t.there ? kind_of(t.file.st_mode) : "a folder");
	if (!t.there && !lstat(file, &link))
		return fault_add(faults, file, "is a link to what is not there: name the file itself");
	if (is_ours(&t, conf, folder))
		return fault_add(faults, file, "is a file that Pennymeter itself uses or removes: choose another name, best in another folder");
	return ST_OK;
}
