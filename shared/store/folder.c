/* Whom the data folder lets in: judged when a store is opened, closed to others by `pennymeter init` and the launcher. */
#include "store/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OF_OTHERS = S_IRWXG | S_IRWXO, WRITTEN_BY_OTHERS = S_IWGRP | S_IWOTH };

static const char *const beside[] = { "", "-wal", "-shm", "-journal", ".seen", ".lock", ".slots" };

/* ---- what is refused ---- */

static enum st refuse_owner(struct faults *faults, const char *path, uid_t owner)
{
	fault_add(faults, path, "belongs to user %u, not to user %u, who runs this: that user could change it at will. "
	          "Run this as its owner, or `chown` it", (unsigned)owner, (unsigned)geteuid());
	return ST_STORE;
}

static enum st refuse_mode(struct faults *faults, const char *path, mode_t mode, const char *then)
{
	fault_add(faults, path, "has mode %04o: others can change what lies in it, so nothing of it can be trusted. %s",
	          (unsigned)mode & 07777u, then);
	return ST_STORE;
}

/* Root's are trusted, and so is all for root that belongs to the folder's owner: it serves for that one. */
static bool is_trusted(uid_t owner, uid_t of_folder)
{
	return owner == geteuid() || !owner || (!geteuid() && owner == of_folder);
}

/* The link, if it is one, and what it leads to. */
static enum st judge_file(const char *path, uid_t of_folder, struct faults *faults)
{
	struct stat link, file;
	if (lstat(path, &link))
		return ST_OK;
	if (!is_trusted(link.st_uid, of_folder))
		return refuse_owner(faults, path, link.st_uid);
	if (!S_ISLNK(link.st_mode) || stat(path, &file) || is_trusted(file.st_uid, of_folder))
		return ST_OK;
	return refuse_owner(faults, path, file.st_uid);
}

/* Who may write to a folder above may put another in this one's place; where the sticky bit stands, as on /tmp, not. A
 * group's right to write is let pass there: it is how Debian sets up the folders of every user, with a group of one. */
static enum st judge_above(const char *folder, struct faults *faults)
{
	char path[PATH_MAX];
	struct stat above;
	char *slash = realpath(folder, path) ? strrchr(path, '/') : NULL;
	for (; slash; slash = slash == path ? NULL : strrchr(path, '/')) {
		slash[slash == path] = '\0';
		if (!stat(path, &above) && (above.st_mode & S_IWOTH) && !(above.st_mode & S_ISVTX))
			return refuse_mode(faults, path, above.st_mode, "It lies above the data folder: `chmod o-w` it, or put the data elsewhere");
	}
	return ST_OK;
}

static const char *way_out(const struct stat *folder, bool of_data)
{
	if (folder->st_mode & S_ISVTX)
		return "It is open to all by design: choose another, or `chmod 0700` it if it is for nothing else";
	return of_data ? "Look at what is in it, then run `pennymeter init`, which closes it to others, or `chmod 0700` it"
	               : "The database lies there: look at what is in it, then `chmod 0700` it";
}

static enum st judge_folder(const char *folder, bool of_data, uid_t *owner, struct faults *faults)
{
	struct stat info;
	if (stat(folder, &info) || !S_ISDIR(info.st_mode))
		return ST_OK; /* whoever opens a file in it says what is wrong */
	*owner = info.st_uid;
	if (info.st_mode & WRITTEN_BY_OTHERS)
		return refuse_mode(faults, folder, info.st_mode, way_out(&info, of_data));
	enum st st = judge_file(folder, info.st_uid, faults);
	return st ? st : judge_above(folder, faults);
}

/* Returns: false if the path is too long for a file. */
static bool join(char path[static PATH_MAX], const char *start, const char *end)
{
	int n = snprintf(path, PATH_MAX, "%s%s", start, end);
	return n > 0 && n < PATH_MAX;
}

static bool join_name(char path[static PATH_MAX], const char *folder, const char *name)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);
	return n > 0 && n < PATH_MAX;
}

static void name_folder(char path[static PATH_MAX], const char *file)
{
	snprintf(path, PATH_MAX, "%s", file);
	char *slash = strrchr(path, '/');
	if (slash)
		slash[slash == path] = '\0';
	else
		snprintf(path, PATH_MAX, ".");
}

/* The database's file and what lies beside it, and their folder where it is another one than the data folder. */
static enum st judge_beside(const char *data, uid_t owner, const char *file, struct faults *faults)
{
	char path[PATH_MAX];
	name_folder(path, file);
	enum st st = strcmp(path, data) ? judge_folder(path, false, &owner, faults) : ST_OK;
	for (size_t i = 0; i < sizeof beside / sizeof *beside && !st; i++)
		if (join(path, file, beside[i]))
			st = judge_file(path, owner, faults);
	return st;
}

enum st folder_judge(const char *folder, const char *file, struct faults *faults)
{
	uid_t owner = geteuid();
	char path[PATH_MAX];
	enum st st = judge_folder(folder, true, &owner, faults);
	if (!st && join_name(path, folder, "pennymeter.conf"))
		st = judge_file(path, owner, faults);
	return st || !file ? st : judge_beside(folder, owner, file, faults);
}

static bool others_write(const char *folder)
{
	struct stat info;
	return !stat(folder, &info) && (info.st_mode & WRITTEN_BY_OTHERS);
}

bool folder_is_open(const char *folder, const char *file)
{
	char path[PATH_MAX];
	name_folder(path, file);
	return others_write(folder) || (strcmp(path, folder) && others_write(path));
}

enum st folder_judge_entries(const char *folder, struct faults *faults)
{
	char path[PATH_MAX];
	struct stat info;
	enum st st = ST_OK;
	DIR *listing = opendir(folder);
	if (!listing)
		return ST_OK;
	const uid_t owner = fstat(dirfd(listing), &info) ? geteuid() : info.st_uid;
	for (const struct dirent *entry; !st && (entry = readdir(listing));)
		if (strcmp(entry->d_name, "..") && join_name(path, folder, entry->d_name))
			st = judge_file(path, owner, faults);
	closedir(listing);
	return st;
}

/* ---- what others are kept from ---- */

/* By name and never through a link: a link that appears after the look has its own mode asked for, which fails.
 * Returns: whether something was taken away. */
static bool close_path(const char *path, const struct stat *info)
{
	return (info->st_mode & OF_OTHERS) && !fchmodat(AT_FDCWD, path, info->st_mode & 07777u & ~(mode_t)OF_OTHERS, AT_SYMLINK_NOFOLLOW);
}

static bool is_ours(const struct stat *info, uid_t of_folder)
{
	return S_ISREG(info->st_mode) && (info->st_uid == geteuid() || (!geteuid() && info->st_uid == of_folder));
}

static void close_files(DIR *listing, const char *folder, uid_t of_folder, folder_closed *closed, void *context)
{
	char path[PATH_MAX];
	struct stat info;
	for (const struct dirent *entry; (entry = readdir(listing));) {
		if (join_name(path, folder, entry->d_name) && !lstat(path, &info) && is_ours(&info, of_folder) && close_path(path, &info))
			closed(context, path, info.st_mode & 07777u);
	}
}

void folder_close(const char *folder, folder_closed *closed, void *context)
{
	struct stat info;
	DIR *listing = opendir(folder);
	if (!listing)
		return;
	const bool found = !fstat(dirfd(listing), &info), shared = found && (info.st_mode & S_ISVTX);
	if (found && !shared && (info.st_mode & OF_OTHERS) && !fchmod(dirfd(listing), info.st_mode & 07777u & ~(mode_t)OF_OTHERS))
		closed(context, folder, info.st_mode & 07777u);
	if (found && !shared)
		close_files(listing, folder, info.st_uid, closed, context);
	closedir(listing);
}

static void close_file(const char *path, uid_t of_folder)
{
	struct stat info;
	if (!lstat(path, &info) && is_ours(&info, of_folder))
		close_path(path, &info);
}

void folder_close_files(const char *folder, const char *file)
{
	char path[PATH_MAX];
	struct stat info;
	if (stat(folder, &info))
		return;
	if (join_name(path, folder, "pennymeter.conf"))
		close_file(path, info.st_uid);
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
		if (join(path, file, beside[i]))
			close_file(path, info.st_uid);
}
