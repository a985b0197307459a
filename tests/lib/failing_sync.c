/* Preloaded, makes each sync of a write-ahead log fail for as long as $FAILING_SYNC/fail is there, and keeps what the disk
 * may then hold: the database and its log as they lie, in $FAILING_SYNC. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_log(int fd, char *name, size_t room)
{
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	const ssize_t n = readlink(link, name, room - 1);
	name[n < 0 ? 0 : n] = '\0';
	const size_t size = strlen(name);
	return size > 4 && !strcmp(name + size - 4, "-wal");
}

static int fail(const char *folder, const char *log)
{
	char command[8192];
	snprintf(command, sizeof command, "cd '%s' && test -f kept-wal || { cp '%.*s' kept && cp '%s' kept-wal; }", folder,
	         (int)strlen(log) - 4, log, log);
	if (system(command))
		abort();
	errno = EIO;
	return -1;
}

int fdatasync(int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	const char *folder = getenv("FAILING_SYNC");
	char log[2048], flag[2048];
	snprintf(flag, sizeof flag, "%s/fail", folder ? folder : "");
	return folder && !access(flag, F_OK) && is_log(fd, log, sizeof log) ? fail(folder, log) : next(fd);
}
