/* pennymeter launch: what its files share. Functions wait as sockets; processes come when they are asked for. */
#ifndef COMMAND_LAUNCH_H
#define COMMAND_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Instants and spans are those of clock_ticks(): microseconds that pass evenly. */
enum { MILLISECONDS = 1000, SECONDS = 1000000 };

/** A function: a program, the socket that a web server finds it at, and how it fares. */
struct function {
	const char *name;    /* "usage-record" */
	const char *program; /* its file */
	const char *path;    /* of its socket */
	unsigned most;       /* processes at a time */

	int listener;         /* what `path` leads to; the processes inherit it */
	unsigned live;        /* processes that accept from it */
	int retired;          /* what `path` led to before, until it is shut; -1: nothing */
	int64_t shut_at;      /* when that is */
	int64_t look_at;      /* when to look again whether connections wait */
	bool watched;         /* a connection is to be told of at once */
	unsigned waited;      /* looks in a row at which one waited */
	unsigned failures;    /* processes in a row that ended as soon as they had started */
	int64_t refuse_until; /* until then a connection is answered 503 */
	int64_t rest_at;      /* when its processes are ended if they did nothing */
	uint64_t used;        /* nanoseconds of processor that they had used when that was decided */
};

/** A process of a function. */
struct process {
	pid_t pid; /* 0: a free place */
	struct function *function;
	int64_t started;
	int64_t kill_at; /* of one that accepts no more, for its last request; 0: it accepts */
};

struct launcher {
	const char *run; /* folder of the sockets */
	int lock;        /* holds that folder */
	mode_t mode;     /* of the sockets */
	gid_t group;     /* of the sockets; (gid_t)-1: as it comes */
	int64_t idle;    /* a function that did nothing for so long has its processes ended; 0: never */

	struct function *functions;
	unsigned count;
	struct process *processes;
	unsigned room;

	mode_t umask_before; /* the web server's: it may have other sites, and files that others read */
	pid_t server;     /* the web server; 0: none */
	bool ending;      /* asked to end */
	int64_t give_up_at; /* when the web server is waited for no longer */
	unsigned long started, failed; /* processes, for the record */
};

/* ---- launch_socket.c: the sockets ---- */

/** Make a socket that listens at the function's path, over whatever was there.
 *  Returns: false, logged; what was there then stays. */
bool socket_open(const struct launcher *l, struct function *f);

/** The same beside the one that listens now, which is shut a moment later: who accepts from that has then
 *  answered all that it had taken, and ends. No connection is lost in between. */
bool socket_renew(const struct launcher *l, struct function *f, int64_t now);

/** Shut the retired socket: processes that wait on it end. */
void socket_shut_retired(struct function *f);

/** Shut both, and remove the path. */
void socket_close(struct function *f);

/** Does a connection wait? */
bool socket_waits(const struct function *f);

/** Take the connection that waits, answer 503, and hang up.
 *  Returns: false if no file could be opened for it, so that it still waits. */
bool socket_refuse(const struct function *f);

/* ---- launch_process.c: the processes ---- */

/** Start a process of a function. Returns: false, logged, with the failure counted. */
bool process_start(struct launcher *l, struct function *f, int64_t now);

/** Start the web server. Returns: false, logged. */
bool process_start_server(struct launcher *l, char *const *command);

/** Take note of all that have ended. */
void process_reap(struct launcher *l, int64_t now);

/** The function's processes accept no more: each may finish its request. */
void process_retire(struct launcher *l, struct function *f, int64_t now);

/** Nanoseconds of processor that the function's processes have used. */
uint64_t process_usage(const struct launcher *l, const struct function *f);

/** Kill those whose time has come; all of them at INT64_MAX.
 *  Returns: when the next one's comes; INT64_MAX if none's does. */
int64_t process_kill_late(struct launcher *l, int64_t now);

/** How many processes there are. */
unsigned process_count(const struct launcher *l);

/* ---- launch_busiest.c: what is remembered from one run to the next ---- */

/** The function that had used the most processor time when the last launcher over this data folder ended.
 *  NULL: nobody knows, or it is not among these. */
struct function *busiest_last_time(const struct launcher *l, const char *data);

/** Keep its name for the next start; where nothing was done, what was kept before stays. Call it while processes live. */
void busiest_remember(const struct launcher *l, const char *data);

#endif
