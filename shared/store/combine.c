/* Group commit through a shared letter box. How it works stands in combine.h. */
#include "store/letter_box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* A slot's life: FREE (nobody's or its owner is idle), FILLING (its owner writes), PUBLISHED (any
 * leader may carry it out), DONE (the answer lies there). Only its owner moves it to FILLING,
 * PUBLISHED and FREE, only a leader from PUBLISHED to DONE. The state is also the futex. */
enum { FREE, FILLING, PUBLISHED, DONE };

struct combine {
	struct letter_box at;
	enum combine_turns turns;
	struct slot *mine; /* NULL until the first write */
	pid_t process;
};

enum { RETRY_NS = 5000000, LONG_COMMIT = 4000, WAIT_PART = 16, WAIT_PART_OF_CALL = 4, MOST_TRIES = 10000, LETTER_LIFE = 10 * 1000000 };

/* ---- the box ---- */

static bool read_line(char *out, size_t room, const char *path)
{
	FILE *f = fopen(path, "re");
	bool got = f && fgets(out, (int)room, f);
	if (f)
		fclose(f);
	return got;
}

struct combine *combine_open(const char *path, enum combine_turns turns)
{
	struct combine *c = calloc(1, sizeof *c);
	if (!c || !box_open(&c->at, path)) {
		free(c);
		return NULL;
	}
	c->turns = turns;
	c->process = getpid();
	return c;
}

void *combine_room(struct combine *c)
{
	return c->at.box ? c->at.box->head.room : NULL;
}

static void mark(struct combine *c, bool taken)
{
	const size_t n = (size_t)(c->mine - c->at.box->slots);
	const uint64_t bit = (uint64_t)1 << n % 64;
	if (taken)
		__atomic_fetch_or(&c->at.box->taken[n / 64], bit, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(&c->at.box->taken[n / 64], ~bit, __ATOMIC_RELEASE);
}

void combine_close(struct combine *c)
{
	if (!c)
		return;
	if (c->mine && c->process == getpid()) {
		mark(c, false);
		__atomic_store_n(&c->mine->word, FREE, __ATOMIC_RELAXED);
		__atomic_store_n(&c->mine->owner, 0, __ATOMIC_RELEASE);
	}
	box_close(&c->at);
	free(c);
}

/* ---- taking turns ---- */

static bool set_byte(int lock, uint64_t op, short type)
{
	struct flock byte = { .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(op >> 1), .l_len = 1 };
	return !fcntl(lock, F_SETLK, &byte);
}

/* Without waiting. */
static bool take_turn(const struct combine *c, int lock, uint64_t op)
{
	return c->turns == COMBINE_ONE_LEADER ? !flock(lock, LOCK_EX | LOCK_NB) : set_byte(lock, op, F_WRLCK);
}

static void end_turn(const struct combine *c, int lock, uint64_t op)
{
	if (c->turns == COMBINE_ONE_LEADER)
		flock(lock, LOCK_UN);
	else
		set_byte(lock, op, F_UNLCK);
}

static bool taken(int error)
{
	return error == EWOULDBLOCK || error == EACCES || error == EINTR;
}

/* ---- owning a slot ---- */

/* When a process started, in clock ticks since boot: field 22 of /proc/PID/stat. 0: there is none such. */
static uint64_t birth_of(int32_t process)
{
	char path[32], line[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
	if (!read_line(line, sizeof line, path))
		return 0;
	char *at = strrchr(line, ')'); /* the name may hold anything */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static bool abandoned(const struct slot *s, int32_t owner)
{
	return kill(owner, 0) && errno == ESRCH ? true : s->born && birth_of(owner) != s->born;
}

static bool published(const struct slot *s)
{
	return __atomic_load_n(&s->word, __ATOMIC_ACQUIRE) == PUBLISHED;
}

/* Does its request wait for a leader? What its owner has not looked at for so long is a dead one's, whose client has
 * long been told that it is not known: nobody expects that it is still to be recorded, hours after. */
static bool fresh(const struct slot *s)
{
	return published(s) && clock_ticks() - __atomic_load_n(&s->seen, __ATOMIC_RELAXED) < LETTER_LIFE;
}

static bool change_owner(struct slot *s, int32_t owner, int32_t process, uint64_t born)
{
	if (!__atomic_compare_exchange_n(&s->owner, &owner, process, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	s->born = born;
	__atomic_store_n(&s->word, FREE, __ATOMIC_RELEASE);
	return true;
}

/* Take a slot that is nobody's, or a dead process's; not one whose request waits for a leader, or is with one. */
static bool take_slot(const struct combine *c, int lock, struct slot *s, uint64_t born)
{
	const int32_t owner = __atomic_load_n(&s->owner, __ATOMIC_ACQUIRE);
	if (!owner || (!published(s) && abandoned(s, owner)))
		return change_owner(s, owner, c->process, born);
	const uint64_t op = s->letter.op;
	if (fresh(s) || !abandoned(s, owner) || !take_turn(c, lock, op))
		return false;
	const bool changed = change_owner(s, owner, c->process, born);
	end_turn(c, lock, op);
	return changed;
}

static struct slot *my_slot(struct combine *c, int lock)
{
	if (c->mine)
		return c->mine;
	const uint64_t born = birth_of(c->process);
	for (unsigned i = 0; i < COMBINE_SLOTS && !c->mine; i++) {
		const unsigned n = ((unsigned)c->process + i) % COMBINE_SLOTS;
		if (!take_slot(c, lock, &c->at.box->slots[n], born))
			continue;
		c->mine = &c->at.box->slots[n];
		mark(c, true);
	}
	return c->mine;
}

/* ---- sleeping and waking ---- */

static void sleep_on(struct slot *s)
{
	const struct timespec most = { 0, RETRY_NS };
	syscall(SYS_futex, &s->word, FUTEX_WAIT, PUBLISHED, &most, NULL, 0);
}

static void wake(struct slot *s)
{
	syscall(SYS_futex, &s->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* ---- leading ---- */

static bool waits(const struct slot *s, uint64_t op)
{
	return fresh(s) && s->letter.op == op;
}

/* The first slot from number `n` on that waits for a leader; NULL: none. */
static struct slot *next_waiting(struct box *box, size_t n, uint64_t op)
{
	for (; n < COMBINE_SLOTS; n++) {
		const uint64_t taken = __atomic_load_n(&box->taken[n / 64], __ATOMIC_ACQUIRE) >> n % 64;
		n += taken ? (size_t)__builtin_ctzll(taken) : 63 - n % 64;
		if (taken && waits(&box->slots[n], op))
			return &box->slots[n];
	}
	return NULL;
}

static struct slot *first_waiting(struct combine *c, uint64_t op)
{
	return next_waiting(c->at.box, 0, op);
}

static struct slot *waiting_after(struct combine *c, const struct slot *s, uint64_t op)
{
	return next_waiting(c->at.box, (size_t)(s - c->at.box->slots) + 1, op);
}

static unsigned waiting(struct combine *c, uint64_t op)
{
	unsigned count = 0;
	for (struct slot *s = first_waiting(c, op); s; s = waiting_after(c, s, op))
		count++;
	return count;
}

/* Who is about to publish may do so first: those that the last commit served come back together, and what comes
 * too late waits for a whole sync. So the leader gives way until as many have come as there were, or for a part of
 * the time that a commit takes, a larger one where a server does the work meanwhile; longer only while still more
 * come. Who is alone waits for nobody. */
static void gather(struct combine *c, uint64_t op)
{
	const struct pace *pace = &c->at.box->paces[op % BOX_PACES];
	const unsigned expected = pace->expected;
	unsigned before, now = waiting(c, op), tries = 0;
	if (now >= expected)
		return;
	const unsigned part = c->turns == COMBINE_ONE_LEADER ? WAIT_PART : WAIT_PART_OF_CALL;
	const int64_t until = clock_ticks() + (pace->took < LONG_COMMIT ? pace->took : LONG_COMMIT) / part;
	do {
		before = now;
		sched_yield();
		now = waiting(c, op);
	} while (++tries < MOST_TRIES && (now > before || (now < expected && clock_ticks() < until)));
}

static void lead(struct combine *c, uint64_t op, combine_commit *commit, void *context)
{
	struct combine_job jobs[COMBINE_SLOTS];
	struct slot *of[COMBINE_SLOTS];
	struct pace *pace = &c->at.box->paces[op % BOX_PACES];
	unsigned count = 0;
	gather(c, op);
	const int64_t began = clock_ticks();
	for (struct slot *s = first_waiting(c, op); s; s = waiting_after(c, s, op)) {
		if (s->letter.size > COMBINE_REQUEST)
			continue;
		jobs[count] = (struct combine_job){ s->request, s->letter.size, s->result, s->tried++, ST_STORE };
		of[count++] = s;
	}
	commit(context, jobs, count);
	pace->took = (uint32_t)(clock_ticks() - began);
	pace->expected = waiting(c, op); /* these, and who came meanwhile */
	for (unsigned i = 0; i < count; i++) {
		of[i]->answer.st = jobs[i].st;
		__atomic_store_n(&of[i]->word, DONE, __ATOMIC_RELEASE);
		if (of[i] != c->mine)
			wake(of[i]);
	}
}

/* Who published while the leader was at work finds the lock free now, not 5 ms later. */
static void wake_next(struct combine *c, uint64_t op)
{
	struct slot *s = first_waiting(c, op);
	if (s)
		wake(s);
}

/* ---- writing ---- */

static void look_after(struct slot *s)
{
	__atomic_store_n(&s->seen, clock_ticks(), __ATOMIC_RELAXED);
}

static void publish(struct slot *s, uint64_t op, bool again, const void *request, size_t size)
{
	__atomic_store_n(&s->word, FILLING, __ATOMIC_RELAXED);
	s->letter.op = op;
	s->letter.size = (uint32_t)size;
	s->tried = again;
	memcpy(s->request, request, size);
	look_after(s);
	__atomic_store_n(&s->word, PUBLISHED, __ATOMIC_RELEASE);
}

enum st combine_write(struct combine *c, bool *again, int lock, uint64_t op, const void *request, size_t size, void *answer,
                      size_t answer_size, combine_commit *commit, void *context)
{
	struct slot *s = size <= COMBINE_REQUEST && answer_size <= COMBINE_ANSWER ? my_slot(c, lock) : NULL;
	if (!s)
		return ST_DONE;
	publish(s, op, *again, request, size);
	while (__atomic_load_n(&s->word, __ATOMIC_ACQUIRE) != DONE) {
		look_after(s);
		if (take_turn(c, lock, op)) {
			if (__atomic_load_n(&s->word, __ATOMIC_ACQUIRE) != DONE)
				lead(c, op, commit, context);
			end_turn(c, lock, op);
			wake_next(c, op);
		} else if (!taken(errno)) {
			log_error("cannot lock the store: %s", strerror(errno));
			c->mine = NULL; /* it stays published: another may yet commit it */
			return ST_IO;
		} else {
			sleep_on(s);
		}
	}
	const enum st st = (enum st)s->answer.st;
	*again = s->tried > 1;
	if (answer_size)
		memcpy(answer, s->result, answer_size);
	__atomic_store_n(&s->word, FREE, __ATOMIC_RELEASE);
	return st;
}
