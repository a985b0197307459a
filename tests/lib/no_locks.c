/* Preloaded, makes the kernel keep no locks of files, as on a network file system without a lock daemon. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>

static int refuse(void)
{
	errno = ENOLCK;
	return -1;
}

int flock(int fd, int operation)
{
	(void)fd;
	return operation & LOCK_UN ? 0 : refuse();
}

static int control(const char *name, int fd, int command, void *argument)
{
	int (*next)(int, int, ...) = (int (*)(int, int, ...))dlsym(RTLD_NEXT, name);
	return command == F_SETLK || command == F_SETLKW ? refuse() : next(fd, command, argument);
}

int fcntl(int fd, int command, ...)
{
	va_list more;
	va_start(more, command);
	void *argument = va_arg(more, void *);
	va_end(more);
	return control("fcntl", fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
	va_list more;
	va_start(more, command);
	void *argument = va_arg(more, void *);
	va_end(more);
	return control("fcntl64", fd, command, argument);
}
