/* Another user of the host: tries all that can be done with each path given, and prints what could be. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void could(const char *what, const char *path)
{
	printf("%s %s\n", what, path);
}

/* A lock that SQLite's writers wait for takes no more than the right to read. */
static void try_locks(int fd, const char *path)
{
	struct flock byte = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 120, .l_len = 1 };
	if (!flock(fd, LOCK_EX | LOCK_NB) || errno == EWOULDBLOCK)
		could("flock", path);
	if (!fcntl(fd, F_SETLK, &byte))
		could("lock byte 120 of", path);
}

static void try_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		could("read", path);
		try_locks(fd, path);
		close(fd);
	}
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		could("write", path);
		close(fd);
	}
}

static void try_folder(const char *path)
{
	char fresh[4096];
	DIR *listing = opendir(path);
	if (listing) {
		could("list", path);
		closedir(listing);
	}
	snprintf(fresh, sizeof fresh, "%s/planted", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		could("make files in", path);
		close(fd);
		unlink(fresh);
	}
}

static void try_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (!connect(fd, (struct sockaddr *)&address, sizeof address))
		could("connect to", path);
	close(fd);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		try_file(argv[i]);
		try_folder(argv[i]);
		try_socket(argv[i]);
	}
	return 0;
}
