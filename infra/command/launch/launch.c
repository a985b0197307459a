/* pennymeter launch: keeps every function reachable, and starts its processes when they are asked for.
 *
 * One process, one loop over poll(). A function's socket listens from the beginning. The first connection starts a
 * process, which inherits the socket as its standard input and accepts the connection itself; more are started while
 * connections are left waiting. What dies is started again by the next connection, what is replaced or idle gives way. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../routes/routes.h"
#include "exact/clock.h"
#include "base/log.h"
#include "../command.h"
#include "launch.h"
#include "store/folder.h"

enum {
	LOOK = 100 * MILLISECONDS,  /* between two looks at a function whose processes suffice */
	LOOK_AGAIN = 2 * MILLISECONDS,
	WAITED = 4,                 /* looks in a row at which connections wait: more processes are wanted */
	LINGER = 5 * SECONDS,       /* for the web server, and then for the functions, to end */
	PROCS = 2, IDLE = 600,      /* the defaults */
	PROCS_MOST = 1000, IDLE_MOST = 366 * 86400,
	OTHER_FDS = 2               /* signals and the folder of programs, before the functions in the poll set */
};

/* ---- what there is to launch ---- */

static enum st add_function(struct run *r, struct launcher *l, const struct program *p, const char *root)
{
	struct function *f = &l->functions[l->count++];
	enum st st = ST_OK;
	*f = (struct function){ .name = p->name, .most = p->procs, .listener = -1, .retired = -1, .watched = true };
	f->program = arena_format(r->arena, "%s/%s.fcgi", root, p->name);
	f->path = arena_format(r->arena, "%s/%s.sock", l->run, p->name);
	if (!f->program || !f->path)
		return ST_MEMORY;
	l->room += 2 * p->procs; /* those that give way may still be at their last requests */
	if (strlen(f->path) >= sizeof((struct sockaddr_un *)0)->sun_path)
		st = fault_add(&r->faults, f->path, "is too long for a socket, by %zu bytes: choose another --run",
		               strlen(f->path) + 1 - sizeof((struct sockaddr_un *)0)->sun_path);
	return access(f->program, X_OK) ? fault_add(&r->faults, f->program, "%s", strerror(errno)) : st;
}

static enum st list_functions(struct run *r, struct launcher *l, const char *root)
{
	static struct programs programs;
	int64_t procs, writers;
	enum st st = run_number_to(&procs, r, "procs", PROCS_MOST);
	if (!st)
		st = run_number_to(&writers, r, "writers", PROCS_MOST);
	if (st)
		return st;
	struct site site = { .procs = procs ? (unsigned)procs : PROCS, .writers = (unsigned)writers,
		.all = run_option(r, "all") != NULL };
	if (!programs_list(&programs, &site, fn_table))
		return ST_INVALID;
	l->functions = arena_take(r->arena, programs.count * sizeof *l->functions);
	if (!l->functions)
		return ST_MEMORY;
	for (size_t i = 0; i < programs.count; i++) {
		const enum st one = add_function(r, l, &programs.at[i], root);
		st = one ? one : st;
	}
	l->processes = arena_take(r->arena, l->room * sizeof *l->processes);
	return st ? st : l->processes ? ST_OK : ST_MEMORY;
}

/* ---- the folder of sockets ---- */

static enum st find_group(struct run *r, struct launcher *l)
{
	const char *name = run_option(r, "group");
	struct group *group = name ? getgrnam(name) : NULL;
	l->group = group ? group->gr_gid : (gid_t)-1;
	l->mode = name ? 0660 : 0600;
	return name && !group ? fault_add(&r->faults, "--group", "there is no group \"%s\"", name) : ST_OK;
}

/* The group may pass to its sockets, and no more. */
static bool make_folder(const struct launcher *l)
{
	if (mkdir(l->run, 0700))
		return errno == EEXIST;
	return l->group == (gid_t)-1 || (!chown(l->run, (uid_t)-1, l->group) && !chmod(l->run, 0710));
}

/* Who may write there could put a socket of their own in the place of one, and be sent every token. The group that serves
 * is sent them anyway. The sticky bit keeps others' sockets. */
static enum st judge_folder(struct run *r, const struct launcher *l)
{
	struct stat info;
	if (fstat(l->lock, &info))
		return fault_add(&r->faults, l->run, "%s", strerror(errno));
	const mode_t others = l->group == info.st_gid ? S_IWOTH : S_IWGRP | S_IWOTH;
	if ((info.st_mode & others) && !(info.st_mode & S_ISVTX))
		return fault_add(&r->faults, l->run, "has mode %04o: others can put their own sockets there; `chmod go-w` it", info.st_mode & 07777u);
	if (info.st_uid && info.st_uid != geteuid() && !(info.st_mode & S_ISVTX))
		return fault_add(&r->faults, l->run, "belongs to user %u, who can put their own sockets there: choose another --run", (unsigned)info.st_uid);
	return ST_OK;
}

/* The lock lies on the folder itself, so it leaves nothing behind and ends with the process. */
static enum st hold_folder(struct run *r, struct launcher *l)
{
	if (!make_folder(l))
		return fault_add(&r->faults, l->run, "cannot be made: %s", strerror(errno));
	l->lock = open(l->run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->lock < 0)
		return fault_add(&r->faults, l->run, "%s", strerror(errno));
	enum st st = judge_folder(r, l);
	if (st || !flock(l->lock, LOCK_EX | LOCK_NB))
		return st;
	return fault_add(&r->faults, l->run, errno == EWOULDBLOCK ? "another `pennymeter launch` has its sockets here" : "%s",
	                 strerror(errno));
}

static enum st open_sockets(struct run *r, struct launcher *l)
{
	for (unsigned i = 0; i < l->count; i++)
		if (!socket_open(l, &l->functions[i]))
			return fault_add(&r->faults, l->run, "a function's socket cannot be made");
	return ST_OK;
}

/* ---- what the processes are to do ---- */

/* Its processes answer what they have and end; the next connection starts the program as it is then. */
static void renew(struct launcher *l, struct function *f, int64_t now)
{
	if (f->live && socket_renew(l, f, now))
		process_retire(l, f, now);
	f->failures = 0;
	f->refuse_until = 0;
}

/* Connections wait though there are processes: they double, up to as many as there may be. */
static void grow(struct launcher *l, struct function *f, int64_t now)
{
	for (unsigned wanted = f->live ? f->live : 1; wanted && f->live < f->most; wanted--)
		if (!process_start(l, f, now))
			return;
}

/* Someone has connected. Where processes accept, one of them takes it, unless all are busy: the next look tells. */
static void connected(struct launcher *l, struct function *f, int64_t now)
{
	if (f->live) {
		f->waited = 1;
		f->look_at = now + LOOK_AGAIN;
	} else if (now < f->refuse_until) {
		f->look_at = socket_refuse(f) ? now : now + LOOK; /* no file descriptor for it is left: not at once again */
	} else {
		f->rest_at = now + l->idle;
		f->used = 0;
		process_start(l, f, now);
	}
}

static void rest(struct launcher *l, struct function *f, int64_t now)
{
	uint64_t used = process_usage(l, f);
	if (used == f->used)
		renew(l, f, now);
	f->used = used;
	f->rest_at = now + l->idle;
}

/* At any one moment a connection may be waiting that a process is about to take: only one after the other tells. */
static void look(struct launcher *l, struct function *f, int64_t now)
{
	f->waited = socket_waits(f) ? f->waited + 1 : 0;
	f->look_at = now + (f->waited ? LOOK_AGAIN : LOOK);
	if (f->waited > WAITED && now >= f->refuse_until)
		grow(l, f, now);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What is due of a function. Returns: when something will be, INT64_MAX if nothing; `watched` tells the rest. */
static int64_t tend(struct launcher *l, struct function *f, int64_t now)
{
	int64_t next = INT64_MAX;
	if (f->retired >= 0 && now >= f->shut_at)
		socket_shut_retired(f);
	if (l->idle && f->live && now >= f->rest_at)
		rest(l, f, now);
	if (f->live && f->waited && now >= f->look_at)
		look(l, f, now);
	f->watched = f->live < f->most && now >= f->look_at;
	if (f->live < f->most && !f->watched)
		next = f->look_at;
	if (f->retired >= 0)
		next = sooner(next, f->shut_at);
	return l->idle && f->live ? sooner(next, f->rest_at) : next;
}

/* ---- what comes from outside ---- */

static void ask_to_end(struct launcher *l, int64_t now)
{
	if (l->ending)
		return;
	l->ending = true;
	l->give_up_at = now + LINGER;
	if (l->server)
		kill(l->server, SIGTERM);
}

static void take_signals(struct launcher *l, int fd, int64_t now)
{
	struct signalfd_siginfo info;
	while (read(fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGHUP)
			for (unsigned i = 0; i < l->count; i++)
				renew(l, &l->functions[i], now);
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			ask_to_end(l, now);
	}
	process_reap(l, now);
}

/* A program was put in the place of another: "usage-record.fcgi". */
static void replaced(struct launcher *l, const char *file, int64_t now)
{
	for (unsigned i = 0; i < l->count; i++) {
		struct function *f = &l->functions[i];
		const size_t size = strlen(f->name);
		if (strncmp(file, f->name, size) || strcmp(file + size, ".fcgi"))
			continue;
		if (f->live)
			log_error("%s was replaced: the next request runs the new program", f->name);
		renew(l, f, now);
	}
}

static void take_changes(struct launcher *l, int fd, int64_t now)
{
	_Alignas(struct inotify_event) char room[4096];
	ssize_t size;
	while ((size = read(fd, room, sizeof room)) > 0)
		for (char *at = room; at < room + size;) {
			const struct inotify_event *event = (const struct inotify_event *)at;
			if (event->len)
				replaced(l, event->name, now);
			at += sizeof *event + event->len;
		}
}

static int open_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	for (const int *s = (const int[]){ SIGCHLD, SIGTERM, SIGINT, SIGHUP, 0 }; *s; s++)
		sigaddset(&set, *s);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int watch_folder(const char *root)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd >= 0 && inotify_add_watch(fd, root, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		log_error("%s cannot be watched: %s; replaced programs are run after SIGHUP", root, strerror(errno));
	return fd;
}

/* ---- the loop ---- */

static int until(int64_t next, int64_t now)
{
	if (next == INT64_MAX)
		return -1;
	int64_t ms = next <= now ? 0 : (next - now + MILLISECONDS - 1) / MILLISECONDS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* To poll again at once what cannot be polled would take a processor and serve nobody: it ends, and whoever looks after it
 * starts it again. */
static enum st wait_failed(struct run *r)
{
	const int why = errno;
	struct rlimit files;
	if (why == EINTR)
		return ST_OK;
	if (why == EINVAL && !getrlimit(RLIMIT_NOFILE, &files))
		return fault_add(&r->faults, "RLIMIT_NOFILE", "only %llu files may be open, fewer than there are functions: raise `ulimit -n`, or use --all",
		                 (unsigned long long)files.rlim_cur);
	return fault_add(&r->faults, "poll", "cannot wait for connections: %s", strerror(why));
}

/* Serve until the end was asked for and the web server, if there is one, has ended. */
static enum st serve_functions(struct run *r, struct launcher *l, struct pollfd *set)
{
	enum st st = ST_OK;
	for (;;) {
		int64_t now = clock_ticks(), next = l->ending ? l->give_up_at : INT64_MAX;
		if (st || (r->rest && !l->server) || (l->ending && (!l->server || now >= l->give_up_at)))
			return st;
		next = sooner(next, process_kill_late(l, now));
		for (unsigned i = 0; i < l->count; i++) {
			struct function *f = &l->functions[i];
			next = sooner(next, tend(l, f, now));
			set[OTHER_FDS + i] = (struct pollfd){ .fd = f->watched ? f->listener : -1, .events = POLLIN };
		}
		const int ready = poll(set, OTHER_FDS + l->count, until(next, now));
		if (ready < 0)
			st = wait_failed(r);
		if (ready <= 0)
			continue;
		now = clock_ticks();
		if (set[1].revents) /* first: who connected after a program was replaced is for the new one */
			take_changes(l, set[1].fd, now);
		for (unsigned i = 0; i < l->count; i++)
			if (set[OTHER_FDS + i].revents & POLLIN)
				connected(l, &l->functions[i], now);
		if (set[0].revents)
			take_signals(l, set[0].fd, now);
	}
}

/* Each process may finish its request; who takes too long is killed. */
static void end_functions(struct launcher *l, int signals)
{
	struct pollfd one = { .fd = signals, .events = POLLIN };
	int64_t now = clock_ticks(), deadline = now + LINGER;
	for (unsigned i = 0; i < l->count; i++) {
		socket_close(&l->functions[i]);
		process_retire(l, &l->functions[i], now);
	}
	if (l->server)
		kill(l->server, SIGKILL);
	while (process_count(l) || l->server) {
		if (now >= deadline)
			process_kill_late(l, INT64_MAX);
		poll(&one, 1, now >= deadline ? 100 : until(deadline, now));
		now = clock_ticks();
		take_signals(l, signals, now);
	}
}

/* One is started before it is asked for, as a processor has nothing to do until the web server listens: the one that
 * had most to do when the last run ended, so probably the first of this one too. */
static void start_beside_server(struct launcher *l, const char *data)
{
	struct function *first = l->count == 1 ? l->functions : busiest_last_time(l, data);
	if (first)
		connected(l, first, clock_ticks());
}

/* So that the next start has no log to read, and one file is all there is to copy. Without a store there is nothing to do. */
static void settle_store(struct run *r)
{
	struct faults why = { .arena = r->arena };
	struct store *store = NULL;
	enum st st = store_open(&store, &r->conf, STORE_WRITE, &why);
	if (!st && store_settle(store))
		log_error("the log could not be brought into the database: the next start reads it");
	store_close(store);
}

/* ---- the command ---- */

static const char *absolute(struct run *r, const char *path, const char *what)
{
	char whole[PATH_MAX];
	if (path && realpath(path, whole))
		return arena_copy(r->arena, whole, strlen(whole));
	fault_add(&r->faults, what, "%s: %s", path ? path : "", strerror(errno));
	return NULL;
}

/* Beside the folder of this program: build/bin/pennymeter starts build/fn. */
static const char *functions_beside(struct run *r)
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	program[n > 0 ? n : 0] = '\0';
	for (int up = 0; up < 2 && strrchr(program, '/'); up++)
		*strrchr(program, '/') = '\0';
	return arena_format(r->arena, "%s/fn", program);
}

static void log_closed(void *context, const char *path, unsigned before)
{
	(void)context;
	log_error("%s had mode %04o: it is closed to other users now", path, before);
}

static enum st prepare(struct run *r, struct launcher *l, const char **root)
{
	const char *given = run_option(r, "root"), *run = run_option(r, "run");
	const char *data = absolute(r, r->conf.data, "data");
	int64_t idle;
	*root = absolute(r, given ? given : functions_beside(r), "--root");
	enum st st = data && *root ? run_number_to(&idle, r, "idle", IDLE_MOST) : ST_INVALID;
	if (st)
		return st;
	st = folder_judge(data, NULL, &r->faults);
	if (!st)
		st = folder_judge_entries(data, &r->faults);
	if (st)
		return st;
	folder_close(data, log_closed, NULL);
	setenv("PENNYMETER_DATA", data, 1);
	l->run = run ? run : arena_format(r->arena, "%s/run", data);
	l->idle = (idle ? idle : IDLE) * SECONDS;
	l->umask_before = r->umask_before;
	st = find_group(r, l);
	if (!st)
		st = hold_folder(r, l);
	return st ? st : list_functions(r, l, *root);
}

static void report_end(struct run *r, const struct launcher *l)
{
	jw_object(&r->w, NULL);
	jw_string(&r->w, "run", l->run);
	jw_int(&r->w, "functions", l->count);
	jw_int(&r->w, "started", (int64_t)l->started);
	jw_int(&r->w, "failed", (int64_t)l->failed);
	jw_end(&r->w);
}

enum st command_launch(struct run *r)
{
	struct launcher l = { .lock = -1 };
	const char *root;
	log_name("launch");
	enum st st = prepare(r, &l, &root);
	struct pollfd *set = st ? NULL : arena_take(r->arena, (OTHER_FDS + l.count) * sizeof *set);
	if (st || !set)
		return st ? st : ST_MEMORY;
	set[0] = (struct pollfd){ .fd = open_signals(), .events = POLLIN };
	set[1] = (struct pollfd){ .fd = watch_folder(root), .events = POLLIN };
	st = open_sockets(r, &l);
	if (!st && r->rest && !process_start_server(&l, r->rest))
		st = fault_add(&r->faults, r->rest[0], "cannot be started");
	if (!st) {
		start_beside_server(&l, r->conf.data);
		say(r, "%u functions wait in %s.\n", l.count, l.run);
		fflush(stdout);
		st = serve_functions(r, &l, set);
		busiest_remember(&l, r->conf.data);
	}
	end_functions(&l, set[0].fd);
	settle_store(r);
	report_end(r, &l);
	if (!st && r->rest && !l.ending)
		st = fault_add(&r->faults, r->rest[0], "ended by itself");
	return st;
}
