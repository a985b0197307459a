/* Processes that write through a letter box, and a stand-in for the database: for the facts of group commit. */
#ifndef UNIT_WRITERS_H
#define UNIT_WRITERS_H

#include "facts.h"
#include "folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/letter.h"

enum { WRITERS = 8, WRITES = 300, JOURNAL = 8192, OP = 42, OTHER = 44 };

/* What the commits did, in memory that the processes share: the stand-in for a database. */
static struct journal {
	unsigned commits, applied;
	unsigned times[JOURNAL]; /* how often each request took effect */
	unsigned again;          /* requests met a second time and known */
	unsigned told_again;     /* how often a writer was told so */
	unsigned seconds;        /* how far the clock has been moved on */
	unsigned garbage;        /* requests that nobody wrote */
	pid_t hangs;             /* a leader that waits within its commit, until it is told to go on */
	bool go_on;
	bool at_leisure;         /* commits take some time */
} *journal;
static enum combine_turns turns;

/* In place of the C library's: letters grow old without our waiting for it. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int failed = (int)syscall(SYS_clock_gettime, id, ts);
	ts->tv_sec += journal ? journal->seconds : 0;
	return failed;
}

/* Where a leader dies, if it is told to. */
static enum { NOWHERE, BEFORE_COMMIT, AFTER_COMMIT, HANGS } dies;
static char folder[FOLDER_ROOM], box_path[96], lock_path[96];

static inline void give_way(void)
{
	nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

/* As a server's row does: where leaders do not exclude each other, what they do at it is one after the other. */
static inline int hold_row(void)
{
	int row = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (row < 0 || flock(row, LOCK_EX))
		_exit(1);
	return row;
}

static inline enum st outcome_of(unsigned number)
{
	return number % 7 == 6 ? ST_LIMIT_EXCEEDED : ST_OK;
}

static inline void commit(void *context, struct combine_job *jobs, unsigned count)
{
	(void)context;
	if (dies == BEFORE_COMMIT)
		_exit(9);
	if (dies == HANGS) {
		journal->hangs = getpid();
		for (unsigned tries = 0; !journal->go_on && tries < 10000; tries++)
			give_way();
	}
	if (journal->at_leisure)
		give_way();
	const int row = hold_row();
	journal->commits++;
	for (unsigned i = 0; i < count; i++) {
		unsigned number;
		memcpy(&number, jobs[i].request, sizeof number);
		if (number >= JOURNAL || jobs[i].size != sizeof number) {
			journal->garbage++;
			continue;
		}
		if (jobs[i].again && journal->times[number])
			journal->again++;
		else
			journal->times[number]++;
		journal->applied++;
		memcpy(jobs[i].answer, &number, sizeof number);
		jobs[i].st = outcome_of(number);
	}
	close(row);
	if (dies == AFTER_COMMIT)
		_exit(9);
}

static inline void set_lock(int lock, short type, int operation)
{
	struct flock byte = { .l_type = type, .l_whence = SEEK_SET, .l_start = OP / 2, .l_len = 1 };
	assert_int_equal(turns == COMBINE_ONE_LEADER ? flock(lock, operation) : fcntl(lock, F_SETLK, &byte), 0);
}

/* As a leader does. Children may hold the same open file: closing it would not free it. */
static inline void hold(int lock)
{
	set_lock(lock, F_WRLCK, LOCK_EX);
}

static inline void let_go(int lock)
{
	set_lock(lock, F_UNLCK, LOCK_UN);
	close(lock);
}

static inline int open_lock(void)
{
	int lock = open(turns == COMBINE_ONE_LEADER ? lock_path : box_path, O_RDWR | O_CREAT, 0600);
	if (lock < 0)
		_exit(1);
	return lock;
}

/* As the store does where there is no place for a letter. */
static inline enum st write_alone(int lock, unsigned number, unsigned *answer, bool again)
{
	struct combine_job job = { &number, sizeof number, answer, sizeof *answer, again, ST_STORE };
	if (turns == COMBINE_ONE_LEADER && flock(lock, LOCK_EX))
		return ST_IO;
	commit(NULL, &job, 1);
	if (turns == COMBINE_ONE_LEADER)
		flock(lock, LOCK_UN);
	return job.st;
}

/* Write one request; exits with 1 if the answer is not its own, with 100 and the status where it could not be written. */
static inline void write_one(struct combine *c, int lock, unsigned number)
{
	unsigned answer = ~0u;
	bool again = false;
	enum st st = combine_write(c, &again, lock, OP, &number, sizeof number, &answer, sizeof answer, commit, NULL);
	if (st == ST_DONE)
		st = write_alone(lock, number, &answer, again);
	journal->told_again += again;
	if (st == ST_BUSY || st == ST_IO)
		_exit(100 + (int)st);
	if (answer != number || st != outcome_of(number))
		_exit(1);
}

/* A process of its own: what kills it is not a fact that failed, which cmocka would go on from, in the child. */
static inline pid_t start_process(void)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGABRT };
	pid_t child = fork();
	for (unsigned i = 0; !child && i < sizeof deadly / sizeof *deadly; i++)
		signal(deadly[i], SIG_DFL);
	return child;
}

static inline pid_t start_writer(unsigned first, unsigned writes)
{
	pid_t child = start_process();
	if (child)
		return child;
	struct combine *c = combine_open(box_path, turns);
	int lock = open_lock();
	for (unsigned i = 0; c && i < writes; i++)
		write_one(c, lock, first + i);
	combine_close(c);
	_exit(c ? 0 : 1);
}

static inline int ending_of(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int fresh(void **state)
{
	turns = *state ? COMBINE_LEADER_EACH : COMBINE_ONE_LEADER;
	dies = NOWHERE;
	memset(journal, 0, sizeof *journal);
	if (folder_made(folder, "combine"))
		return 1;
	snprintf(box_path, sizeof box_path, "%s/slots", folder);
	snprintf(lock_path, sizeof lock_path, "%s/lock", folder);
	struct combine *c = combine_open(box_path, turns); /* as the store does, before any writer */
	combine_close(c);
	return !c;
}

static inline int clean(void **state)
{
	(void)state;
	return folder_removed(folder); /* with what a maker left that was killed at it */
}

/* ---- a look into the box ---- */

static inline struct box *open_box(void)
{
	int fd = open(box_path, O_RDWR | O_CLOEXEC);
	void *box = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct box), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0 && turns == COMBINE_ONE_LEADER)
		close(fd); /* or else it stays: to close it would end what locks we have */
	return box == MAP_FAILED ? NULL : box;
}

static inline unsigned in_state(const struct box *box, unsigned state)
{
	unsigned count = 0;
	for (unsigned i = 0; i < COMBINE_SLOTS; i++)
		count += __atomic_load_n(&box->slots[i].word, __ATOMIC_ACQUIRE) % STATES == state;
	return count;
}

/* Wait until so many letters of the box that is at the path are in a state. */
static inline void await(unsigned count, unsigned state)
{
	struct stat mapped = { 0 }, there;
	struct box *box = NULL;
	unsigned found = ~0u;
	for (unsigned tries = 0; tries < 10000 && found != count; tries++) {
		give_way();
		if (stat(box_path, &there))
			continue;
		if (!box || there.st_ino != mapped.st_ino) {
			box = open_box(); /* it may have become another */
			mapped = there;
		}
		found = box ? in_state(box, state) : ~0u;
	}
	assert_int_equal(found, count);
}

static inline struct slot *slot_in(struct box *box, unsigned state)
{
	for (unsigned i = 0; i < COMBINE_SLOTS; i++)
		if (box->slots[i].word % STATES == state)
			return &box->slots[i];
	return NULL;
}

/* The same where each op has a leader of its own. */
#define BOX_FACT(function) cmocka_unit_test_setup_teardown(function, fresh, clean)
#define EACH_FACT(function) { #function " (each)", function, fresh, clean, &(bool){ true } }
#define BOTH(function) BOX_FACT(function), EACH_FACT(function)

static inline int run_facts(const struct CMUnitTest *facts, size_t count)
{
	journal = mmap(NULL, sizeof *journal, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return journal == MAP_FAILED ? 1 : _cmocka_run_group_tests("facts", facts, count, NULL, NULL);
}

#endif
