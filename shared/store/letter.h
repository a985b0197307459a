/* A letter in its slot, and how a leader takes it and answers it. Between combine.c, letter.c and their tests only. */
#ifndef STORE_LETTER_H
#define STORE_LETTER_H

#include "store/letter_box.h"

/* A letter's life: FREE (its slot's owner is idle, or it was withdrawn), FILLING (its owner writes), PUBLISHED (any leader
 * may take it), TAKEN (a leader has it in memory of its own), DONE (the answer lies there) or TORN (it is not what was
 * written). The owner moves it to FILLING, PUBLISHED and FREE, but not what is TAKEN; a leader from PUBLISHED to the others. */
enum { FREE, FILLING, PUBLISHED, TAKEN, DONE, TORN, STATES = 8 };

/** The word of a letter in a state. */
uint64_t letter_word(uint64_t number, unsigned state);
uint64_t letter_now(const struct slot *slot);
/** Move it on, unless it is another by now. */
bool letter_change(struct slot *slot, uint64_t from, uint64_t to);
/** Does it wait for a leader, or is it with one? */
bool letter_under_way(uint64_t word);

/** Say that its owner is awake. */
void letter_look_after(struct slot *slot);
/** For how many microseconds its owner has not said so. */
int64_t letter_unseen_for(const struct slot *slot);
/** Is it under way, and looked after? */
bool letter_fresh(const struct slot *slot);

/** Sleep until somebody wakes its owner, for some milliseconds, unless its word has changed. */
void letter_sleep(struct slot *slot, uint64_t word);
void letter_wake(struct slot *slot);

/** The first letter of an operation that waits for a leader; NULL: none. */
struct slot *letter_first(struct box *box, uint64_t op);
/** How many do. */
unsigned letters_waiting(struct box *box, uint64_t op);

/** Of all of it and its bytes: what stands in `check`. */
uint64_t letter_sum(const struct letter *letter, const void *bytes);
uint64_t answer_sum(const struct answer *answer, const void *bytes, size_t size);

/* What a leader has copied out: nobody else can change it. */
struct bundle {
	struct combine_job jobs[COMBINE_SLOTS];
	struct slot *slots[COMBINE_SLOTS];
	struct letter letters[COMBINE_SLOTS];
	unsigned count;
	size_t used;
	_Alignas(16) unsigned char bytes[COMBINE_SLOTS * (COMBINE_REQUEST + COMBINE_ANSWER)];
};

/** Take all letters of an operation that wait, at one's turn: what was with a leader, that one has died with. */
void bundle_collect(struct bundle *bundle, struct box *box, uint64_t op);
/** Lay the i-th one's answer into its slot, if it is there still. */
void bundle_deliver(struct bundle *bundle, unsigned i);

#endif
