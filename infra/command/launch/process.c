/* The processes of `pennymeter launch`: how one begins, and what its end means. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "launch.h"

enum {
	SETTLE = 10 * MILLISECONDS,     /* until a new process can have taken what waits */
	AT_ONCE = 1 * SECONDS,          /* who ends sooner than this could not start */
	LENIENT = 2,                    /* failures in a row that are not held against a function */
	FIRST_PAUSE = 100 * MILLISECONDS,
	LONGEST_PAUSE = 5 * SECONDS,
	LAST_REQUEST = 60 * SECONDS     /* for a request that was being answered when its process was retired */
};

/* ---- beginning ---- */

/* What a child runs between vfork() and exec(): system calls only. In a session of its own no terminal
 * reaches it; it dies with the launcher however that ends, so that no socket is left with nobody in charge. */
static void become(const char *program, char *const *arguments, int input, int with_parent, mode_t mask, volatile int *why)
{
	sigset_t none;
	sigemptyset(&none);
	setsid();
	umask(mask);
	if (prctl(PR_SET_PDEATHSIG, with_parent) || sigprocmask(SIG_SETMASK, &none, NULL) ||
	    (input >= 0 && dup2(input, STDIN_FILENO) < 0)) {
		*why = errno;
		return;
	}
	execvp(program, arguments);
	*why = errno;
}

/* Returns: the process, or -1 with errno. */
static pid_t begin(const char *program, char *const *arguments, int input, int with_parent, mode_t mask)
{
	volatile int why = 0;
	pid_t pid = vfork();
	if (!pid) {
		become(program, arguments, input, with_parent, mask, &why);
		_exit(127);
	}
	if (pid > 0 && why) {
		waitpid(pid, NULL, 0);
		errno = why;
		return -1;
	}
	return pid;
}

/* A function that ends as soon as it starts is left alone for longer and longer; meanwhile it is answered for. */
static void count_failure(struct launcher *l, struct function *f, int64_t now)
{
	l->failed++;
	if (++f->failures <= LENIENT)
		return;
	unsigned doublings = f->failures - LENIENT - 1;
	int64_t pause = doublings > 6 ? LONGEST_PAUSE : FIRST_PAUSE << doublings;
	pause = pause > LONGEST_PAUSE ? LONGEST_PAUSE : pause;
	f->refuse_until = now + pause;
	log_error("%s fails to start: its requests are answered 503 for %lld ms", f->name, (long long)pause / MILLISECONDS);
}

static struct process *free_place(struct launcher *l)
{
	for (unsigned i = 0; i < l->room; i++)
		if (!l->processes[i].pid)
			return &l->processes[i];
	return NULL;
}

bool process_start(struct launcher *l, struct function *f, int64_t now)
{
	struct process *p = free_place(l);
	char *const arguments[] = { (char *)f->program, NULL };
	pid_t pid = -1;
	errno = EAGAIN;
	if (p)
		pid = begin(f->program, arguments, f->listener, SIGKILL, 077);
	if (pid < 0) {
		log_error("%s: cannot be started: %s", f->program, strerror(errno));
		count_failure(l, f, now);
		return false;
	}
	*p = (struct process){ .pid = pid, .function = f, .started = now };
	l->started++;
	f->live++;
	f->waited = 1;
	f->look_at = now + SETTLE;
	return true;
}

bool process_start_server(struct launcher *l, char *const *command)
{
	l->server = begin(command[0], command, -1, SIGTERM, l->umask_before);
	if (l->server > 0)
		return true;
	log_error("%s: cannot be started: %s", command[0], strerror(errno));
	l->server = 0;
	return false;
}

/* ---- ending ---- */

static struct process *find(struct launcher *l, pid_t pid)
{
	for (unsigned i = 0; i < l->room; i++)
		if (l->processes[i].pid == pid)
			return &l->processes[i];
	return NULL;
}

/* To be killed by someone says nothing about how a program starts. */
static bool was_killed(int status)
{
	return WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
}

static const char *describe(char text[48], int status)
{
	if (WIFSIGNALED(status))
		snprintf(text, 48, "was ended by signal %d", WTERMSIG(status));
	else
		snprintf(text, 48, "ended with code %d", WEXITSTATUS(status));
	return text;
}

/* One that ended in order after being told to, or after it had served, is started anew when it is asked for. */
static void take_note(struct launcher *l, struct process *p, int status, int64_t now)
{
	struct function *f = p->function;
	char text[48];
	bool retired = p->kill_at, quick = now - p->started < AT_ONCE;
	p->pid = 0;
	if (!retired)
		f->live--;
	if (status || (quick && !retired))
		log_error("%s %s", f->name, describe(text, status));
	if (retired)
		return;
	f->look_at = now;
	if (quick && !was_killed(status))
		count_failure(l, f, now);
	else
		f->failures = 0;
}

void process_reap(struct launcher *l, int64_t now)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct process *p = find(l, pid);
		char text[48];
		if (p)
			take_note(l, p, status, now);
		if (pid != l->server)
			continue;
		l->server = 0;
		if (!l->ending)
			log_error("the web server %s by itself", describe(text, status));
	}
}

void process_retire(struct launcher *l, struct function *f, int64_t now)
{
	for (unsigned i = 0; i < l->room; i++) {
		struct process *p = &l->processes[i];
		if (p->pid && p->function == f && !p->kill_at)
			p->kill_at = now + LAST_REQUEST;
	}
	f->live = 0;
	f->failures = 0;
	f->refuse_until = 0;
	f->look_at = now;
}

int64_t process_kill_late(struct launcher *l, int64_t now)
{
	int64_t next = INT64_MAX;
	for (unsigned i = 0; i < l->room; i++) {
		const struct process *p = &l->processes[i];
		if (!p->pid || (!p->kill_at && now != INT64_MAX))
			continue;
		if (now >= p->kill_at)
			kill(p->pid, SIGKILL);
		else if (p->kill_at < next)
			next = p->kill_at;
	}
	return next;
}

unsigned process_count(const struct launcher *l)
{
	unsigned count = 0;
	for (unsigned i = 0; i < l->room; i++)
		count += l->processes[i].pid != 0;
	return count;
}

/* ---- what they use ---- */

/* "NANOSECONDS waited slices"; 0 where the kernel does not tell. */
static uint64_t used_by(pid_t pid)
{
	char path[64], text[64];
	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strtoull(text, NULL, 10);
}

uint64_t process_usage(const struct launcher *l, const struct function *f)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < l->room; i++) {
		const struct process *p = &l->processes[i];
		if (p->pid && p->function == f && !p->kill_at)
			sum += used_by(p->pid);
	}
	return sum;
}
