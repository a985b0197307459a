/* Files that were taken away while a process has them open: found by their numbers in /proc, copied, and put back. */
#include "store/sqlite_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"

enum { PIECE = 256 << 10, PLACE = 64 + 2 * 256 };

/* ---- who has it ---- */

static int open_if_same(const char *place, const struct file_id *lost)
{
	struct stat info;
	if (stat(place, &info) || info.st_ino != lost->inode)
		return -1;
	const int file = open(place, O_RDONLY | O_CLOEXEC);
	const struct file_id id = file < 0 ? (struct file_id){ 0 } : seen_id(file);
	if (file < 0 || seen_same(&id, lost))
		return file;
	close(file);
	return -1;
}

static int find_in_process(const char *process, const struct file_id *lost)
{
	char place[PLACE];
	struct dirent *entry;
	int file = -1;
	snprintf(place, sizeof place, "/proc/%.32s/fd", process);
	DIR *folder = opendir(place);
	while (folder && file < 0 && (entry = readdir(folder))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(place, sizeof place, "/proc/%.32s/fd/%.32s", process, entry->d_name);
		file = open_if_same(place, lost);
	}
	if (folder)
		closedir(folder);
	return file;
}

/* "N: POSIX ADVISORY READ PID MAJOR:MINOR:INODE 128 128": who has a database with a log open holds such a lock of the index,
 * whatever has become of that. Returns: the process's number, in the line; NULL: it is another lock */
static const char *holder_in(char *line)
{
	static const char *const want[] = { NULL, "POSIX", NULL, "READ", NULL, NULL, "128" };
	const char *process = NULL;
	char *rest = line;
	for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
		const char *word = strtok_r(NULL, " \n", &rest);
		if (!word || (want[i] && strcmp(word, want[i])))
			return NULL;
		process = i == 4 ? word : process;
	}
	return process;
}

/* Only processes of the same user can be looked into; ours are. To look into all there are would take too long. */
static int find_open(const struct file_id *lost)
{
	char line[256];
	FILE *locks = fopen("/proc/locks", "re");
	int file = find_in_process("self", lost);
	while (locks && file < 0 && fgets(line, sizeof line, locks)) {
		const char *process = holder_in(line);
		file = process ? find_in_process(process, lost) : -1;
	}
	if (locks)
		fclose(locks);
	return file;
}

/* ---- a copy in its place ---- */

static bool copy_bytes(int to, int from)
{
	unsigned char *piece = malloc(PIECE);
	off_t at = 0;
	ssize_t n = -1;
	while (piece && (n = pread(from, piece, PIECE, at)) > 0 && pwrite(to, piece, (size_t)n, at) == n)
		at += n;
	free(piece);
	return !n && !fsync(to);
}

static void sync_folder_of(const char *name)
{
	char folder[FILES_NAME];
	snprintf(folder, sizeof folder, "%s", name);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	const int file = open(slash ? folder : ".", O_RDONLY | O_CLOEXEC);
	if (file >= 0)
		(void)!fsync(file);
	if (file >= 0)
		close(file);
}

static void name_part(char part[FILES_NAME + 16], const char *name)
{
	snprintf(part, FILES_NAME + 16, "%s.part", name);
}

/* Out: part  the copy's name; id  which file it is */
static bool make_copy(char part[FILES_NAME + 16], struct file_id *id, const char *name, int from)
{
	name_part(part, name);
	unlink(part);
	const int to = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const bool made = to >= 0 && copy_bytes(to, from);
	if (made)
		*id = seen_id(to);
	else
		log_error("%s cannot be brought back: %s", name, strerror(errno));
	if (to >= 0)
		close(to);
	if (!made)
		unlink(part);
	return made;
}

bool rescue_put_aside(const char *name)
{
	char aside[FILES_NAME + 32];
	struct stat info;
	if (stat(name, &info))
		return errno == ENOENT;
	snprintf(aside, sizeof aside, "%s.orphan-%llu", name, (unsigned long long)info.st_ino);
	if (rename(name, aside)) {
		log_error("%s cannot be put aside: %s", name, strerror(errno));
		return false;
	}
	log_error("%s does not belong to the database beside it: it was put aside as %s", name, aside);
	return true;
}

void rescue_clean(const struct files *f)
{
	char part[FILES_NAME + 16];
	name_part(part, f->db);
	(void)!unlink(part);
	name_part(part, f->log);
	(void)!unlink(part);
}

bool rescue_file(struct file_id *id, const char *name, const struct file_id *lost)
{
	char part[FILES_NAME + 16];
	const int from = find_open(lost);
	const bool copied = from >= 0 && make_copy(part, id, name, from);
	const bool back = copied && rescue_put_aside(name) && !rename(part, name);
	if (copied && !back)
		unlink(part);
	if (from >= 0)
		close(from);
	if (!back)
		return false;
	sync_folder_of(name);
	log_error("%s was taken away while it was in use: it was brought back from a process that has it open", name);
	return true;
}

/* For whoever opens it next. The old one may have been taken away with the rest. */
static void note_anew(const struct files *f, struct seen *seen)
{
	const int file = open(f->seen_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return;
	(void)!seen_write(seen, file);
	close(file);
}

/* Who leads by the old file's lock, which is ours now, looks at the name and sees the new one. */
static bool put_back_db(const struct files *f, struct seen *seen, int from)
{
	char part[FILES_NAME + 16];
	struct stat info;
	if (!make_copy(part, &seen->db, f->db, from) || stat(part, &info))
		return false;
	seen->db_size = info.st_size;
	seen->db_time = seen_time(&info);
	note_anew(f, seen);
	const bool back = !renameat2(AT_FDCWD, part, AT_FDCWD, f->db, RENAME_NOREPLACE);
	if (!back)
		unlink(part);
	return back;
}

/* Before the database is back nobody can open it without its log. */
static void bring_log_first(const struct files *f, struct seen *seen)
{
	struct stat info;
	struct file_id id;
	if ((stat(f->log, &info) || info.st_ino != seen->log.inode) && rescue_file(&id, f->log, &seen->log))
		seen->log = id;
}

bool rescue_db(struct files *f)
{
	struct stat info;
	struct seen seen;
	if (f->seen_file < 0 || !seen_read(&seen, f->seen_file))
		return false;
	const int from = find_open(&seen.db);
	/* A file that has a name still was moved, not taken away. */
	bool back = from >= 0 && !fstat(from, &info) && !info.st_nlink && files_wait_lock(from, LOCK_EX) && access(f->db, F_OK);
	if (back)
		bring_log_first(f, &seen);
	back = back && put_back_db(f, &seen, from);
	if (from >= 0)
		close(from);
	if (!back)
		return false;
	sync_folder_of(f->db);
	log_error("%s was taken away while it was in use: it was brought back from a process that has it open", f->db);
	return true;
}
