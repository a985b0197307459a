/* Ticks: when one is due, and how its program is started and runs. */
#include "wire/tick.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "exact/clock.h"
#include "wire/settings.h"

enum { LOOK_SECONDS = 5, LIFE_SECONDS = 60, LOWEST = 19 };

#define TICK_FILE "tick.time" /* in the data folder: its time is that of the last tick */
#define PROGRAM "jobs.fcgi"

/* ---- when ---- */

static bool name_file(char path[static PATH_MAX], const struct conf *conf)
{
	const int n = snprintf(path, PATH_MAX, "%s/" TICK_FILE, conf->data);
	return n > 0 && n < PATH_MAX;
}

/* A time to come is a clock's that was put back. */
static bool is_over(const struct stat *info, instant now)
{
	const instant last = (instant)info->st_mtim.tv_sec * SECOND;
	return now - last >= MINUTE || last - now >= MINUTE;
}

/* Whoever sets the file's time makes the tick. */
static bool claim(const char *path, instant now)
{
	struct stat info;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return false;
	const bool mine = !flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &info) && S_ISREG(info.st_mode) &&
	                  (!info.st_size || is_over(&info, now)) && pwrite(fd, "\n", 1, 0) == 1;
	close(fd);
	return mine;
}

static bool is_due(const struct conf *conf)
{
	static instant looked;
	char path[PATH_MAX];
	struct stat info;
	const instant now = clock_now();
	if (now - looked < LOOK_SECONDS * SECOND && now >= looked)
		return false;
	looked = now;
	if (!name_file(path, conf) || (!lstat(path, &info) && !is_over(&info, now)))
		return false;
	return claim(path, now);
}

void tick_noted(const struct conf *conf)
{
	char path[PATH_MAX];
	if (name_file(path, conf))
		(void)claim(path, INSTANT_END);
}

/* ---- starting it ---- */

static bool is_here(const struct fn_entry *table)
{
	for (const struct fn_entry *e = table; e->path; e++)
		if (e->fn->tick)
			return true;
	return false;
}

/* In the folder of this one, which may have been replaced since it began; or this one itself. */
static bool name_program(char path[static PATH_MAX], const struct fn_entry *table)
{
	static const char deleted[] = " (deleted)";
	const ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - sizeof PROGRAM);
	if (size <= 0)
		return false;
	path[size] = '\0';
	char *slash = strrchr(path, '/'), *gone = strstr(slash ? slash : path, deleted);
	if (gone)
		*gone = '\0';
	if (slash && !is_here(table))
		memcpy(slash + 1, PROGRAM, sizeof PROGRAM);
	return slash != NULL;
}

/* In the child: nothing of the server's is kept, least of all the socket that it listens at. */
static void become(const char *program)
{
	const int nothing = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(nothing, fd);
	syscall(SYS_close_range, 3u, ~0u, 0u);
	setsid();
	setpriority(PRIO_PROCESS, 0, LOWEST);
	execl(program, program, TICK_ARGUMENT, (char *)NULL);
	_exit(127);
}

/* By way of a child that ends at once, so that nobody has to wait for it. */
static void start(const char *program)
{
	const pid_t child = fork();
	if (!child) {
		if (fork())
			_exit(0);
		become(program);
	}
	if (child < 0)
		log_error("no process can be started for the jobs: %s", strerror(errno));
	else
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
}

void tick_after(const struct conf *conf, const struct fn_entry *table)
{
	char program[PATH_MAX];
	if (!conf_on(conf, CONF_TICK) || !is_due(conf))
		return;
	if (name_program(program, table) && !access(program, X_OK))
		start(program);
	else
		log_error(PROGRAM " is not beside this program: let cron run `pennymeter job run --due`");
}

/* ---- what it does ---- */

static enum st run_with(const struct fn *fn, struct arena *arena)
{
	struct faults faults = { .arena = arena };
	struct store *store = NULL;
	struct conf conf;
	enum st st = conf_load(&conf, &faults, arena);
	if (!st)
		st = store_open(&store, &conf, STORE_WRITE, &faults);
	if (!st)
		st = fn->tick(store, &conf);
	store_close(store);
	return st;
}

int tick_run(const struct fn_entry *table)
{
	struct arena *arena;
	enum st st = ST_OK;
	settings_beside_program();
	if (arena_open(&arena, 1 << 20))
		return 1;
	alarm(LIFE_SECONDS);
	for (const struct fn_entry *e = table; e->path && !st; e++)
		if (e->fn->tick)
			st = run_with(e->fn, arena);
	arena_close(arena);
	return st ? 1 : 0;
}
