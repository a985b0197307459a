/* Preloaded, ends the process as soon as a sync has succeeded, once while the file that DYING_SYNC names is there: it
 * can tell nobody what it has committed. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int sync_and_die(const char *name, int fd)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *armed = getenv("DYING_SYNC");
	const int result = next(fd);
	if (!result && armed && !unlink(armed))
		_exit(9);
	return result;
}

int fsync(int fd)
{
	return sync_and_die("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_and_die("fdatasync", fd);
}
