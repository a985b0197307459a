/* Which of the known words a mistyped one was probably meant to be. */
#ifndef COMMAND_NEAREST_H
#define COMMAND_NEAREST_H

struct nearest {
	const char *typed;
	const char *best;  /* what to say instead; NULL: nothing is near */
	unsigned distance; /* of `best`: edits between it and what was typed */
};

/** Offer a known word. It becomes the best if it is near, and nearer than all before it.
 *  In: shown  what to say for it: the word itself, or a longer title that holds it; kept by pointer */
void nearest_offer(struct nearest *n, const char *known, const char *shown);

#endif
