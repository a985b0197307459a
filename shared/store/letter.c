/* Letters: their words, who looks after them, and a leader's copies of them. */
#include "store/letter.h"

#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "exact/clock.h"

enum {
	RETRY_NS = 5000000,
	LETTER_LIFE = 2 * 1000000 /* what its owner has not looked at for so long is left */
};

/* ---- words ---- */

uint64_t letter_word(uint64_t number, unsigned state)
{
	return number * STATES + state;
}

uint64_t letter_now(const struct slot *s)
{
	return __atomic_load_n(&s->word, __ATOMIC_ACQUIRE);
}

bool letter_change(struct slot *s, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(&s->word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

bool letter_under_way(uint64_t word)
{
	return word % STATES == PUBLISHED || word % STATES == TAKEN;
}

/* ---- whether it is looked after ---- */

void letter_look_after(struct slot *s)
{
	__atomic_store_n(&s->seen, clock_ticks(), __ATOMIC_RELAXED);
}

int64_t letter_unseen_for(const struct slot *s)
{
	return clock_ticks() - __atomic_load_n(&s->seen, __ATOMIC_RELAXED);
}

/* Does its request wait for a leader, or was it with one? What its owner has not looked at for so long is a dead one's, whose
 * client has long been told that it is not known: nobody expects that it is still to be recorded. */
bool letter_fresh(const struct slot *s)
{
	return letter_under_way(letter_now(s)) && letter_unseen_for(s) < LETTER_LIFE;
}

/* ---- sleeping and waking ---- */

static uint32_t *futex_of(struct slot *s)
{
	return (uint32_t *)&s->word + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

void letter_sleep(struct slot *s, uint64_t word)
{
	const struct timespec most = { 0, RETRY_NS };
	syscall(SYS_futex, futex_of(s), FUTEX_WAIT, (uint32_t)word, &most, NULL, 0);
}

void letter_wake(struct slot *s)
{
	syscall(SYS_futex, futex_of(s), FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* ---- which letters wait ---- */

static bool waits(const struct slot *s, uint64_t op)
{
	return letter_fresh(s) && s->letter.op == op;
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

struct slot *letter_first(struct box *box, uint64_t op)
{
	return next_waiting(box, 0, op);
}

static struct slot *waiting_after(struct box *box, const struct slot *s, uint64_t op)
{
	return next_waiting(box, (size_t)(s - box->slots) + 1, op);
}

unsigned letters_waiting(struct box *box, uint64_t op)
{
	unsigned count = 0;
	for (struct slot *s = letter_first(box, op); s; s = waiting_after(box, s, op))
		count++;
	return count;
}

/* ---- taking letters ---- */

uint64_t letter_sum(const struct letter *l, const void *bytes)
{
	return box_sum(box_sum(0, l, offsetof(struct letter, check)), bytes, l->size);
}

uint64_t answer_sum(const struct answer *a, const void *bytes, size_t size)
{
	return box_sum(box_sum(0, a, offsetof(struct answer, check)), bytes, size);
}

static unsigned char *room_in(struct bundle *b, size_t size)
{
	unsigned char *room = b->bytes + b->used;
	b->used += (size + 15) / 16 * 16;
	return room;
}

static bool copy_letter(struct bundle *b, const struct slot *s, const struct letter *l)
{
	unsigned char *request = room_in(b, l->size), *answer = l->answer_size ? room_in(b, l->answer_size) : NULL;
	memcpy(request, s->request, l->size);
	if (answer)
		memset(answer, 0, l->answer_size);
	b->jobs[b->count] = (struct combine_job){ request, l->size, answer, l->answer_size, l->again, ST_STORE };
	return letter_sum(l, request) == l->check;
}

/* What is TAKEN already was with a leader that has died, since it is our turn. What is not as its owner wrote it is
 * carried out by nobody. */
static void take_letter(struct bundle *b, struct slot *s, uint64_t op)
{
	const uint64_t word = letter_now(s), number = word / STATES, taken = letter_word(number, TAKEN);
	struct letter *l = &b->letters[b->count];
	memcpy(l, &s->letter, sizeof *l);
	if (!letter_under_way(word) || l->op != op || (word != taken && !letter_change(s, word, taken)))
		return;
	const unsigned tried = s->tried++;
	if (l->number != number || l->size > COMBINE_REQUEST || l->answer_size > COMBINE_ANSWER || !copy_letter(b, s, l)) {
		letter_change(s, taken, letter_word(number, TORN));
		letter_wake(s);
		return;
	}
	b->jobs[b->count].again |= tried > 0;
	b->slots[b->count++] = s;
}

void bundle_collect(struct bundle *b, struct box *box, uint64_t op)
{
	b->count = 0;
	b->used = 0;
	for (struct slot *s = letter_first(box, op); s && b->count < COMBINE_SLOTS; s = waiting_after(box, s, op))
		take_letter(b, s, op);
}

/* Only to the letter that was taken: its slot may have got another, or an older one by a copy of the file. */
void bundle_deliver(struct bundle *b, unsigned i)
{
	struct slot *s = b->slots[i];
	const struct letter *l = &b->letters[i];
	const struct combine_job *job = &b->jobs[i];
	const uint64_t word = letter_now(s);
	struct answer a = { .number = l->number, .st = (int32_t)job->st, .again = job->again };
	if (!letter_under_way(word) || word / STATES != l->number)
		return;
	a.check = answer_sum(&a, job->answer, l->answer_size);
	if (job->answer)
		memcpy(s->result, job->answer, l->answer_size);
	s->answer = a;
	letter_change(s, word, letter_word(l->number, DONE));
}
