/* Group commit: many single-threaded processes share one transaction and one sync.
 *
 * A writer lays its request as a letter into its slot of a small shared file and tries for the store's
 * lock without waiting. Who gets it leads: it carries out every letter of its kind that lies
 * there, in one transaction, lays the answers into the slots, and wakes their owners. Who does
 * not get it sleeps on its slot, and tries again after 5 ms at the latest.
 *
 * What makes it safe: the lock, which the kernel frees with its holder, is all that excludes; the
 * file is a letter box, which may be removed, replaced, overwritten or cut off at any time. Each letter
 * has a number that is used once and a sum over all of it. A leader copies it out, checks
 * it there and works on its copy; its answer bears the number and a sum too. Whoever finds the box
 * another than it was leaves it and writes its letter anew into the next.
 *
 * A leader that dies before its commit has changed nothing, and the next one finds the same letters.
 * One that dies after its commit has not told anybody, and one that dies while a server carries out
 * its commit does not stop it: the next carries the letters out again, so an operation must know its
 * own work when it meets it (an event's id is given before it is published, and `again` says that it
 * may be so). A leader that stands still costs the others seconds: what it has not taken is withdrawn,
 * what it has is given up as not known. Why so: infra/notes/0020-letters-are-numbered.md. */
#ifndef STORE_COMBINE_H
#define STORE_COMBINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct combine;

enum { COMBINE_REQUEST = 8192, COMBINE_ANSWER = 512, COMBINE_SLOTS = 128, COMBINE_ROOM = 256 };

/** One request that the leader carries out. */
struct combine_job {
	const void *request; /* of the leader's own memory, as is the answer: nobody else can change it */
	size_t size;
	void *answer; /* NULL: the owner wants none */
	size_t answer_size;
	bool again;   /* it may have been committed before: by a leader that has died, or in a try whose answer was lost */
	enum st st;   /* set by the commit */
};

/** Carry out `count` jobs in one transaction and set each one's st; called with the lock held. */
typedef void combine_commit(void *context, struct combine_job *jobs, unsigned count);

/** How leaders exclude each other. */
enum combine_turns {
	COMBINE_ONE_LEADER, /* one at a time, whatever it carries out: by flock() of a file that the caller has open, what is written
	                     * to itself, so that the lock cannot be removed apart from it. Two boxes may exist for a moment */
	COMBINE_LEADER_EACH /* one of each op: the lock is the process's, of a byte of the box itself (F_SETLK), so no other
	                     * descriptor of that file may be closed while it leads; between two boxes the server excludes */
};

/** Open the letter box at the path, or make it: anew after a reboot, or where what lies there is none. It needs no lock held.
 *  Where none can be made each write commits alone, and some seconds later it is tried again. NULL: no memory. */
struct combine *combine_open(const char *path, enum combine_turns turns);
void combine_close(struct combine *combine);

/** COMBINE_ROOM bytes of the box, at a multiple of 64, in which whoever holds the store's lock keeps facts for the next
 *  holder; all zeros in a new box, and kept when a box is made anew after a reboot. They may be torn or old: the power may
 *  have failed, a copy of the file may have been put in its place; so they carry a check of their own, and what
 *  contradicts them is a reason to look, no proof. Call it with the lock held, and anew each time: the box may have become
 *  another. NULL: there is none. */
void *combine_room(struct combine *combine);

/** The same bytes, read from the file at the path without mapping it. Not for COMBINE_LEADER_EACH, whose locks it would end.
 *  Returns: were they read? false: there is no such file, or it is no box. Out: room  COMBINE_ROOM bytes */
bool combine_read_room(const char *path, void *room) MUST_USE;

/** Write one request together with whoever writes at the same time. It takes some seconds at most, and a commit.
 *  Returns: what the commit set; ST_DONE if it does not fit a slot, none is free, or there is no box: write alone;
 *           ST_BUSY: nobody took it, it is withdrawn; ST_IO: a leader took it and has not answered; ST_STORE: there is no locking.
 *  In/Out: again  may it have been committed before? Afterwards also by a leader that has died meanwhile, or in a box
 *                 that was left; then ST_BUSY and ST_STORE do not say that nothing was written
 *  In:     lock   COMBINE_ONE_LEADER: descriptor of the file that is locked; else it is not used
 *  In:     op     which operation; a leader carries out its own kind only
 *  Out:    answer answer_size bytes */
enum st combine_write(struct combine *combine, bool *again, int lock, uint64_t op, const void *request, size_t size,
                      void *answer, size_t answer_size, combine_commit *commit, void *context) MUST_USE;

#endif
