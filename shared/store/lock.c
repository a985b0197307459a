/* Waiting for a file's lock with an end. */
#include "store/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include "exact/clock.h"
#include "base/log.h"

/* ---- who ---- */

/* A row of /proc/locks: "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF". */
struct row {
	char kind[8];
	long process;
	unsigned major, minor;
	uint64_t inode, from, to;
};

/* The text from the n-th field on. */
static const char *field(const char *line, unsigned n)
{
	line += strspn(line, " ");
	for (; n; n--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

/* Who waits stands behind an arrow. */
static bool read_row(struct row *r, const char *line)
{
	char *end;
	*r = (struct row){ .to = UINT64_MAX };
	if (!strncmp(field(line, 1), "->", 2))
		return false;
	snprintf(r->kind, sizeof r->kind, "%.*s", (int)strcspn(field(line, 1), " "), field(line, 1));
	r->process = strtol(field(line, 4), NULL, 10);
	r->major = (unsigned)strtoul(field(line, 5), &end, 16);
	if (*end != ':')
		return false;
	r->minor = (unsigned)strtoul(end + 1, &end, 16);
	if (*end != ':')
		return false;
	r->inode = strtoull(end + 1, NULL, 10);
	r->from = strtoull(field(line, 6), NULL, 10);
	if (*field(line, 7) != 'E')
		r->to = strtoull(field(line, 7), NULL, 10);
	return true;
}

static bool is_of(const struct row *r, const struct stat *file, int64_t byte)
{
	const bool whole = byte == LOCK_WHOLE;
	return r->inode == file->st_ino && !strcmp(r->kind, whole ? "FLOCK" : "POSIX") &&
	       (whole || ((uint64_t)byte >= r->from && (uint64_t)byte <= r->to));
}

/* Some file systems tell another device there than stat() does: then the number of the file must do. 0: nobody that we can see. */
static long holder(int file, int64_t byte)
{
	char line[256];
	struct stat info;
	struct row row;
	long found = 0;
	FILE *f = fopen("/proc/locks", "re");
	while (f && !fstat(file, &info) && fgets(line, sizeof line, f)) {
		if (!read_row(&row, line) || !is_of(&row, &info, byte))
			continue;
		found = row.process;
		if (makedev(row.major, row.minor) == info.st_dev)
			break;
	}
	if (f)
		fclose(f);
	return found > 0 ? found : 0;
}

const char *lock_holder(char *out, int file, int64_t byte)
{
	char path[40], line[256] = "";
	const long process = holder(file, byte);
	snprintf(path, sizeof path, "/proc/%ld/stat", process);
	FILE *f = process ? fopen(path, "re") : NULL;
	if (f && !fgets(line, sizeof line, f))
		*line = '\0';
	if (f)
		fclose(f);
	char *name = strchr(line, '('), *end = strrchr(line, ')');
	if (!process)
		snprintf(out, HOLDER_ROOM, "a process that cannot be seen from here");
	else if (!name || !end || end < name)
		snprintf(out, HOLDER_ROOM, "process %ld", process);
	else
		snprintf(out, HOLDER_ROOM, "process %ld %.*s%s", process, (int)(end + 1 - name), name,
		         strchr("Tt", end[1] ? end[2] : 'x') ? ", which is stopped," : "");
	return out;
}

/* ---- waiting ---- */

static void nothing(int signal_number)
{
	(void)signal_number;
}

/* A signal again and again: one that came before flock() began would break nothing off. */
static void wait_interrupted(int file, int64_t until, int *failed)
{
	const struct sigaction interrupt = { .sa_handler = nothing }; /* without SA_RESTART */
	struct sigaction before;
	const int64_t left = until - clock_ticks() > 1000 ? until - clock_ticks() : 1000;
	const struct itimerval never = { 0 }, timer = { { 0, 100000 }, { left / 1000000, left % 1000000 } };
	sigaction(SIGALRM, &interrupt, &before);
	setitimer(ITIMER_REAL, &timer, NULL);
	do {
		*failed = flock(file, LOCK_EX) ? errno : 0;
	} while (*failed == EINTR && clock_ticks() < until);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
}

enum st lock_wait(int file, int64_t most)
{
	char who[HOLDER_ROOM];
	int failed = flock(file, LOCK_EX | LOCK_NB) ? errno : 0;
	if (failed == EWOULDBLOCK || failed == EINTR)
		wait_interrupted(file, clock_ticks() + most, &failed);
	if (!failed)
		return ST_OK;
	if (failed != EINTR) {
		log_error("cannot lock the store: %s", strerror(failed));
		return ST_IO;
	}
	log_error("%s holds the store's lock for longer than %" PRId64 " s: let it go on (kill -CONT) or end it (kill -9), "
	          "neither loses anything", lock_holder(who, file, LOCK_WHOLE), most / 1000000);
	return ST_BUSY;
}
