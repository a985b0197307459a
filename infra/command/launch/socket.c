/* The sockets of `pennymeter launch`: replaced by renaming and emptied by shutting, so that nobody is refused. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "launch.h"

enum {
	GRACE = 100 * MILLISECONDS, /* for who looked the path up just before it was renewed */
	REQUEST_WAIT = 500          /* ms at most until a web server has written what it connected for, on a machine that is busy */
};

/* A socket that listens at the path, or -1. */
static int listen_at(const struct launcher *l, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	mode_t before = umask(~l->mode & 0777);
	bool fine = (!unlink(path) || errno == ENOENT) && !bind(fd, (struct sockaddr *)&address, sizeof address);
	umask(before);
	if (fine && (l->group == (gid_t)-1 || !chown(path, (uid_t)-1, l->group)) && !listen(fd, SOMAXCONN))
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* Whoever connects finds the one that was there or the new one, which listens already. */
bool socket_open(const struct launcher *l, struct function *f)
{
	char fresh[sizeof((struct sockaddr_un *)0)->sun_path];
	snprintf(fresh, sizeof fresh, "%s/new", l->run);
	int fd = listen_at(l, fresh);
	if (fd >= 0 && !rename(fresh, f->path)) {
		f->listener = fd;
		return true;
	}
	log_error("%s: cannot listen: %s", f->path, strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(fresh);
	}
	return false;
}

bool socket_renew(const struct launcher *l, struct function *f, int64_t now)
{
	int before = f->listener;
	if (!socket_open(l, f))
		return false;
	socket_shut_retired(f);
	f->retired = before;
	f->shut_at = now + GRACE;
	return true;
}

/* To shut a listening socket ends every accept() on it, in whatever process, after what is queued has been
 * taken. A signal would not do: between two system calls libfcgi overlooks it, or drops a connection. */
static void shut(int *fd)
{
	if (*fd < 0)
		return;
	shutdown(*fd, SHUT_RDWR);
	close(*fd);
	*fd = -1;
}

void socket_shut_retired(struct function *f)
{
	shut(&f->retired);
}

void socket_close(struct function *f)
{
	if (f->listener >= 0)
		unlink(f->path);
	shut(&f->retired);
	shut(&f->listener);
}

bool socket_waits(const struct function *f)
{
	struct pollfd one = { .fd = f->listener, .events = POLLIN };
	return poll(&one, 1, 0) == 1;
}

/* ---- the answer of a function that cannot be started ---- */

/* A FastCGI record of request 1, which is the only one a web server has on a connection. */
static size_t put_record(char *to, unsigned type, const char *content, size_t size)
{
	const unsigned char head[8] = { 1, (unsigned char)type, 0, 1, (unsigned char)(size >> 8), (unsigned char)size, 0, 0 };
	memcpy(to, head, sizeof head);
	memcpy(to + sizeof head, content, size);
	return sizeof head + size;
}

static const char not_started[] =
	"Status: 503\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
	"Cache-Control: private, no-cache\r\nX-Content-Type-Options: nosniff\r\n\r\n"
	"{\"type\":\"/problems/not-started\",\"code\":\"not-started\",\"title\":\"The function cannot be started\",\"status\":503,"
	"\"detail\":\"Nothing was changed. The operator finds the cause in the log.\",\"errors\":[]}";

static size_t write_answer(char to[static sizeof not_started + 32])
{
	enum { STDOUT = 6, END_REQUEST = 3 };
	size_t size = put_record(to, STDOUT, not_started, sizeof not_started - 1);
	return size + put_record(to + size, END_REQUEST, "\0\0\0\0\0\0\0", 8);
}

bool socket_refuse(const struct function *f)
{
	char answer[sizeof not_started + 32], piece[16 << 10];
	int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	struct pollfd one = { .fd = fd, .events = POLLIN };
	if (fd < 0)
		return errno != EMFILE && errno != ENFILE;
	if (poll(&one, 1, REQUEST_WAIT) == 1)
		while (recv(fd, piece, sizeof piece, MSG_DONTWAIT) > 0)
			;
	send(fd, answer, write_answer(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
	return true;
}
