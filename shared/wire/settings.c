/* What a program is told beside its environment: the data folder, by a file. */
#include "wire/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static bool name_file(char path[static PATH_MAX])
{
	static const char name[] = "data.path";
	const ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - sizeof name);
	if (size <= 0)
		return false;
	path[size] = '\0';
	char *slash = strrchr(path, '/');
	if (slash)
		memcpy(slash + 1, name, sizeof name);
	return slash != NULL;
}

/* Who can write to it chooses what is served; so it is judged as the data folder itself is. */
static bool is_trusted(int fd, const char *path)
{
	struct stat info;
	if (fstat(fd, &info) || !S_ISREG(info.st_mode))
		log_error("%s is no file, and is not used", path);
	else if (info.st_uid && info.st_uid != geteuid())
		log_error("%s belongs to user %u, not to user %u, who runs this, and is not used", path, (unsigned)info.st_uid, (unsigned)geteuid());
	else if (info.st_mode & (S_IWGRP | S_IWOTH))
		log_error("%s has mode %04o: others can change it, so it is not used; `chmod 644` it", path, (unsigned)info.st_mode & 07777u);
	else
		return true;
	return false;
}

/* One line; that and spaces at its end are an editor's. */
static bool read_line(char line[static PATH_MAX], int fd, const char *path)
{
	const ssize_t size = read(fd, line, PATH_MAX - 1);
	line[size > 0 ? size : 0] = '\0';
	for (char *end = line + strlen(line); end > line && strchr(" \t\r\n", end[-1]);)
		*--end = '\0';
	if (*line == '/' && !strpbrk(line, "\r\n"))
		return true;
	log_error("%s must hold one line: the data folder, from the root, as /home/you/pennymeter", path);
	return false;
}

void settings_beside_program(void)
{
	char path[PATH_MAX], line[PATH_MAX];
	if (getenv("PENNYMETER_DATA") || !name_file(path))
		return;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		if (errno != ENOENT)
			log_error("%s cannot be read: %s", path, strerror(errno));
		return;
	}
	if (is_trusted(fd, path) && read_line(line, fd, path))
		setenv("PENNYMETER_DATA", line, 1);
	close(fd);
}
