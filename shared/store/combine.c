/* Group commit through a shared letter box. How it works stands in combine.h. */
#include "store/letter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exact/clock.h"
#include "base/log.h"
#include "store/lock.h"

struct combine {
	struct letter_box at;
	enum combine_turns turns;
	bool leading;
	struct slot *mine; /* NULL: none */
	uint64_t idle;     /* its word while nobody has taken it from us */
	uint64_t number;   /* of this process's last letter */
	uint64_t space, born;
	int32_t process;
	int64_t retry;     /* when to look for a box again, where there was none */
};

enum {
	LONG_COMMIT = 4000, WAIT_PART = 16, WAIT_PART_OF_CALL = 4, MOST_TRIES = 10000,
	SPACE_LIFE = 60 * 1000000,   /* for so long an owner that cannot be seen from here may be idle */
	NO_BOX = 10 * 1000000,
	UNTAKEN = 3 * 1000000,       /* a letter is withdrawn that nobody takes */
	UNANSWERED = 6 * 1000000,    /* for so long one that was taken is waited for: longer than its leader waits for the database */
	NAPS_A_LOOK = 10, MOVES = 8
};

/* ---- opening ---- */

/* From a start that no other process has: what lies in an older copy of the file bears no number of today. */
static uint64_t next_number(struct combine *c)
{
	return ++c->number & UINT64_MAX / STATES;
}

struct combine *combine_open(const char *path, enum combine_turns turns)
{
	struct stat processes = { 0 };
	struct combine *c = calloc(1, sizeof *c);
	if (!c || getrandom(&c->number, sizeof c->number, 0) != (ssize_t)sizeof c->number) {
		free(c);
		return NULL;
	}
	box_open(&c->at, path);
	c->retry = clock_ticks() + NO_BOX;
	c->turns = turns;
	c->process = getpid();
	(void)!stat("/proc/self/ns/pid", &processes);
	c->space = processes.st_ino;
	return c;
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

/* What is still with a leader is nobody's until that one is done or dead. */
static void give_up_slot(struct combine *c)
{
	int32_t owner = c->process;
	if (!c->mine)
		return;
	if (__atomic_compare_exchange_n(&c->mine->owner, &owner, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		mark(c, false);
	c->mine = NULL;
}

void combine_close(struct combine *c)
{
	if (!c)
		return;
	if (c->process == getpid())
		give_up_slot(c);
	box_close(&c->at);
	free(c);
}

/* ---- the box may become another ---- */

static bool same_box(struct combine *c)
{
	return box_in_place(&c->at) && box_sound(&c->at);
}

static bool leave_box(struct combine *c)
{
	if (c->at.box && box_sound(&c->at))
		give_up_slot(c);
	c->mine = NULL;
	c->retry = clock_ticks() + NO_BOX;
	return box_renew(&c->at);
}

static bool have_box(struct combine *c)
{
	if (c->at.box)
		return box_sound(&c->at) || leave_box(c);
	return clock_ticks() > c->retry && leave_box(c);
}

void *combine_room(struct combine *c)
{
	if (!c->leading && c->at.box && !same_box(c))
		leave_box(c);
	return c->at.box ? c->at.box->head.room : NULL;
}

/* ---- taking turns ---- */

static int64_t byte_of(uint64_t op)
{
	return (int64_t)(op >> 1);
}

static bool set_byte(const struct combine *c, uint64_t op, short type)
{
	struct flock byte = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte_of(op), .l_len = 1 };
	return !fcntl(c->at.file, F_SETLK, &byte);
}

/* Without waiting. */
static bool take_turn(const struct combine *c, int lock, uint64_t op)
{
	return c->turns == COMBINE_ONE_LEADER ? !flock(lock, LOCK_EX | LOCK_NB) : set_byte(c, op, F_WRLCK);
}

static void end_turn(const struct combine *c, int lock, uint64_t op)
{
	if (c->turns == COMBINE_ONE_LEADER)
		flock(lock, LOCK_UN);
	else
		set_byte(c, op, F_UNLCK);
}

static bool somebody_has_it(int error)
{
	return error == EWOULDBLOCK || error == EACCES || error == EINTR;
}

/* ---- owning a slot ---- */

/* When a process started, in clock ticks since boot: field 22 of /proc/PID/stat. 0: there is none such. */
static uint64_t birth_of(int32_t process)
{
	char path[32], line[512] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
	FILE *f = fopen(path, "re");
	if (f && !fgets(line, sizeof line, f))
		*line = '\0';
	if (f)
		fclose(f);
	char *at = strrchr(line, ')'); /* the name may hold anything */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static bool abandoned(const struct combine *c, const struct slot *s, int32_t owner)
{
	if (s->space != c->space)
		return letter_unseen_for(s) > SPACE_LIFE;
	return owner < 0 || (kill(owner, 0) && errno == ESRCH) || (s->born && birth_of(owner) != s->born);
}

/* Should two come at once, or its owner after all, the word decides, which each changes only from what it has seen. */
static bool change_owner(struct combine *c, struct slot *s, int32_t owner, uint64_t word)
{
	const uint64_t idle = letter_word(next_number(c), FREE);
	int32_t ours = c->process;
	if (!__atomic_compare_exchange_n(&s->owner, &owner, ours, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	if (!letter_change(s, word, idle)) {
		__atomic_compare_exchange_n(&s->owner, &ours, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
		return false;
	}
	s->born = c->born;
	s->space = c->space;
	letter_look_after(s);
	c->idle = idle;
	return true;
}

/* Take a slot that is nobody's, or a dead process's; not one whose letter waits for a leader, or is with one. */
static bool take_slot(struct combine *c, int lock, struct slot *s)
{
	const uint64_t word = letter_now(s), op = s->letter.op;
	const int32_t owner = __atomic_load_n(&s->owner, __ATOMIC_ACQUIRE);
	if (owner && !abandoned(c, s, owner))
		return false;
	if (!letter_under_way(word))
		return change_owner(c, s, owner, word);
	if (letter_fresh(s) || !take_turn(c, lock, op))
		return false;
	const bool changed = change_owner(c, s, owner, word);
	end_turn(c, lock, op);
	return changed;
}

static struct slot *my_slot(struct combine *c, int lock)
{
	if (c->mine && letter_now(c->mine) == c->idle)
		return c->mine;
	c->mine = NULL;
	if (!c->born)
		c->born = birth_of(c->process);
	for (unsigned i = 0; i < COMBINE_SLOTS && !c->mine; i++) {
		const unsigned n = ((unsigned)c->process + i) % COMBINE_SLOTS;
		if (!take_slot(c, lock, &c->at.box->slots[n]))
			continue;
		c->mine = &c->at.box->slots[n];
		mark(c, true);
	}
	return c->mine;
}

/* ---- leading ---- */

/* Who is about to publish may do so first: those that the last commit served come back together, and what comes
 * too late waits for a whole sync. So the leader gives way until as many have come as there were, or for a part of
 * the time that a commit takes, a larger one where a server does the work meanwhile; longer only while still more
 * come. Who is alone waits for nobody. */
static void gather(struct combine *c, uint64_t op)
{
	const struct pace *pace = &c->at.box->paces[op % BOX_PACES];
	const unsigned expected = pace->expected;
	unsigned before, now = letters_waiting(c->at.box, op), tries = 0;
	if (now >= expected)
		return;
	const unsigned part = c->turns == COMBINE_ONE_LEADER ? WAIT_PART : WAIT_PART_OF_CALL;
	const int64_t until = clock_ticks() + (pace->took < LONG_COMMIT ? pace->took : LONG_COMMIT) / part;
	do {
		before = now;
		sched_yield();
		now = letters_waiting(c->at.box, op);
	} while (++tries < MOST_TRIES && (now > before || (now < expected && clock_ticks() < until)));
}

/* Returns: false: the box is another now, nothing was carried out. */
static bool lead(struct combine *c, uint64_t op, combine_commit *commit, void *context)
{
	static struct bundle bundle; /* a process leads once at a time; what it does not use costs nothing */
	struct bundle *b = &bundle;
	struct pace *pace = &c->at.box->paces[op % BOX_PACES];
	if (!same_box(c))
		return false;
	gather(c, op);
	letter_look_after(c->mine); /* we may have been stopped meanwhile */
	if (!box_count_lead(&c->at))
		return false;
	bundle_collect(b, c->at.box, op);
	if (!box_sound(&c->at)) /* what was taken may be out of an older copy */
		return false;
	const int64_t began = clock_ticks();
	c->leading = true;
	commit(context, b->jobs, b->count);
	c->leading = false;
	pace->took = (uint32_t)(clock_ticks() - began);
	pace->expected = letters_waiting(c->at.box, op); /* these, and who came meanwhile */
	for (unsigned i = 0; i < b->count; i++) {
		bundle_deliver(b, i);
		if (b->slots[i] != c->mine)
			letter_wake(b->slots[i]);
	}
	return true;
}

/* Who published while the leader was at work finds the lock free now, not 5 ms later. */
static void wake_next(struct combine *c, uint64_t op)
{
	struct slot *s = letter_first(c->at.box, op);
	if (s)
		letter_wake(s);
}

/* ---- writing ---- */

/* A request on its way. */
struct errand {
	uint64_t op;
	const void *request;
	size_t size;
	void *answer;
	size_t answer_size;
	combine_commit *commit;
	void *context;
	int lock;
	bool *again;
	int64_t began;
	uint64_t number; /* of the letter that it has become */
	int64_t taken;   /* when a leader was first seen to have it; 0: not yet */
	enum st st;
};

static bool publish(struct combine *c, struct errand *e)
{
	struct slot *s = c->mine;
	struct letter l = { .op = e->op, .size = (uint32_t)e->size, .answer_size = (uint32_t)e->answer_size, .again = *e->again };
	l.number = e->number = next_number(c);
	l.check = letter_sum(&l, e->request);
	e->taken = 0;
	if (!letter_change(s, c->idle, letter_word(l.number, FILLING)))
		return false;
	s->letter = l;
	s->tried = 0;
	memcpy(s->request, e->request, e->size);
	letter_look_after(s);
	return letter_change(s, letter_word(l.number, FILLING), letter_word(l.number, PUBLISHED));
}

/* An answer to another letter, or a torn one, is none. */
static bool read_answer(struct combine *c, struct errand *e)
{
	struct slot *s = c->mine;
	const struct answer a = s->answer;
	if (e->answer_size)
		memcpy(e->answer, s->result, e->answer_size);
	c->idle = letter_word(e->number, FREE);
	if (a.number != e->number || a.check != answer_sum(&a, e->answer, e->answer_size) || !letter_change(s, letter_word(e->number, DONE), c->idle))
		return false;
	e->st = (enum st)a.st;
	*e->again = a.again;
	return true;
}

/* Take it back, as long as nobody has taken it. */
static bool withdraw(struct combine *c, const struct errand *e)
{
	c->idle = letter_word(e->number, FREE);
	return letter_change(c->mine, letter_word(e->number, PUBLISHED), c->idle);
}

enum fate { WAITS, ANSWERED, MOVED /* to be written anew, into another box */ };

/* Unless it is certain that nobody has it, whoever carries it out next looks whether it has been carried out. */
static enum fate move(struct combine *c, struct errand *e)
{
	if (!box_sound(&c->at) || e->taken || !withdraw(c, e))
		*e->again = true;
	return MOVED;
}

static enum fate end(struct errand *e, enum st st)
{
	e->st = st;
	return ANSWERED;
}

/* It is our turn. What then is not answered does not lie where it was put. */
static enum fate take_lead(struct combine *c, struct errand *e)
{
	enum fate fate = WAITS;
	if (letter_now(c->mine) != letter_word(e->number, DONE) &&
	    (!lead(c, e->op, e->commit, e->context) || letter_now(c->mine) != letter_word(e->number, DONE)))
		fate = move(c, e);
	end_turn(c, e->lock, e->op);
	wake_next(c, e->op);
	return fate;
}

/* What was taken may yet be committed; its slot is nobody's until then. */
static enum fate give_up(struct combine *c, struct errand *e, enum st untaken)
{
	if (withdraw(c, e))
		return end(e, untaken);
	if (letter_now(c->mine) == letter_word(e->number, DONE))
		return WAITS;
	give_up_slot(c);
	return end(e, ST_IO);
}

static enum fate complain(struct combine *c, struct errand *e)
{
	char who[HOLDER_ROOM];
	const bool whole = c->turns == COMBINE_ONE_LEADER;
	lock_holder(who, whole ? e->lock : c->at.file, whole ? LOCK_WHOLE : byte_of(e->op));
	log_error("%s keeps the others from writing for longer than %d s: let it go on (kill -CONT) or end it (kill -9), "
	          "neither loses anything", who, (e->taken ? UNANSWERED : UNTAKEN) / 1000000);
	return give_up(c, e, ST_BUSY);
}

/* Somebody else has the turn. */
static enum fate be_patient(struct combine *c, struct errand *e, uint64_t word, unsigned naps)
{
	const int64_t now = clock_ticks();
	const bool taken = word % STATES == TAKEN;
	if (taken && !e->taken)
		e->taken = now;
	if (taken ? now - e->taken > UNANSWERED : now - e->began > UNTAKEN)
		return complain(c, e);
	if (!taken && naps % NAPS_A_LOOK == NAPS_A_LOOK - 1 && !box_in_place(&c->at))
		return move(c, e);
	letter_sleep(c->mine, word);
	return WAITS;
}

static enum fate wait_on(struct combine *c, struct errand *e, unsigned naps)
{
	const uint64_t word = letter_now(c->mine);
	if (word == letter_word(e->number, DONE) && read_answer(c, e))
		return ANSWERED;
	if (word / STATES != e->number || !letter_under_way(word) || !box_sound(&c->at)) {
		*e->again = true;
		return MOVED;
	}
	letter_look_after(c->mine);
	if (take_turn(c, e->lock, e->op))
		return take_lead(c, e);
	if (somebody_has_it(errno))
		return be_patient(c, e, word, naps);
	log_error("cannot lock the store: %s", strerror(errno));
	return give_up(c, e, ST_STORE);
}

static enum fate send(struct combine *c, struct errand *e)
{
	enum fate fate = WAITS;
	for (unsigned naps = 0; fate == WAITS; naps++)
		fate = wait_on(c, e, naps);
	return fate;
}

enum st combine_write(struct combine *c, bool *again, int lock, uint64_t op, const void *request, size_t size, void *answer,
                      size_t answer_size, combine_commit *commit, void *context)
{
	struct errand e = { .op = op, .request = request, .size = size, .answer = answer, .answer_size = answer_size,
		.commit = commit, .context = context, .lock = lock, .again = again, .began = clock_ticks() };
	if (size > COMBINE_REQUEST || answer_size > COMBINE_ANSWER)
		return ST_DONE;
	for (unsigned moves = 0; moves < MOVES && have_box(c) && my_slot(c, lock); moves++) {
		if (!publish(c, &e))
			continue; /* the slot was taken from us: another one */
		if (send(c, &e) == ANSWERED)
			return e.st;
		if (!leave_box(c))
			break;
	}
	return ST_DONE;
}
