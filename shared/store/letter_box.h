/* The file in which writers leave letters for their leader: its shape, and how it is made, known again and left.
 * Between combine.c, letter_box.c and their tests only. How it is used stands in combine.h. */
#ifndef STORE_LETTER_BOX_H
#define STORE_LETTER_BOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/combine.h"

/** The first of it; what stands before `check` never changes in a box's life. */
struct box_head {
	char mark[24];     /* what kind of file it is, and of which layout */
	char boot[40];     /* letters and owners of another boot are nobody's */
	uint64_t size;
	uint64_t identity; /* drawn at its making: no other box has it */
	uint64_t inode;    /* its file's: a copy of it is no box */
	uint64_t check;    /* of all before it */
	uint64_t leads;    /* how often somebody has begun to lead. It never goes back: where it does, an older copy was put in place */
	_Alignas(64) unsigned char room[COMBINE_ROOM];
};

/** A request as its owner wrote it. */
struct letter {
	uint64_t number; /* never used twice */
	uint64_t op;
	uint32_t size, answer_size;
	uint32_t again;
	uint32_t reserved;
	uint64_t check; /* of all of it and its bytes */
};

/** What became of the letter of that number. */
struct answer {
	uint64_t number;
	int32_t st;
	uint32_t again;
	uint64_t check; /* of all of it and its bytes */
};

/** A letter's place, which has one owner at a time. */
struct slot {
	uint64_t word;   /* a letter's number above its state, which change as one; its lower half is the futex */
	int32_t owner;   /* a process id; 0: nobody's */
	uint32_t tried;  /* how many have begun to carry it out: more than one where a leader died */
	uint64_t born;   /* the owner's start, so that a process id used again is told apart */
	uint64_t space;  /* in which the owner's process id is meant: containers number theirs each by itself */
	int64_t seen;    /* when the owner of what is published was last awake, by clock_ticks() */
	struct letter letter;
	struct answer answer;
	_Alignas(16) unsigned char request[COMBINE_REQUEST];
	_Alignas(16) unsigned char result[COMBINE_ANSWER]; /* structs lie in both */
};

/** Of one op; another whose number ends alike may share it. Written by leaders only. */
struct pace {
	uint32_t expected; /* how many may come to the next commit */
	uint32_t took;     /* how long the last one took, in microseconds */
};

enum { BOX_PACES = 64 };

struct box {
	struct box_head head;
	struct pace paces[BOX_PACES];
	uint64_t taken[COMBINE_SLOTS / 64]; /* a bit for each slot with an owner: a leader looks at no others, they lie far apart */
	struct slot slots[COMBINE_SLOTS];
};

enum { BOXES_LEFT = 8 };

/** A box as one process has it. */
struct letter_box {
	struct box *box; /* NULL: none */
	int file;        /* its descriptor; -1: none */
	dev_t device;
	ino_t inode;
	uint64_t identity;
	uint64_t leads; /* as many as this process has seen */
	uint64_t left[BOXES_LEFT]; /* identities of boxes that it has left: what bears one is an old copy */
	unsigned lefts;
	char path[4200];
};

/** A number of `size` bytes in which a changed bit shows. */
uint64_t box_sum(uint64_t sum, const void *bytes, size_t size);

/** Map the box at the path; make it if there is none, or none of this boot and layout. What the room of a box of an
 *  earlier boot held is kept. Where none can be made there is none; the log says so. */
void box_open(struct letter_box *b, const char *path);
void box_close(struct letter_box *b);

/** Is it still the file at its path? */
bool box_in_place(const struct letter_box *b);
/** Is it the box that was opened, and nothing older? Costs no call of the system. */
bool box_sound(struct letter_box *b);
/** Count one more that begins to lead. Returns: false: it is an older copy. */
bool box_count_lead(struct letter_box *b);
/** Leave it for the one that is at the path now, or for a new one. Not while this process leads.
 *  Returns: is there a box? */
bool box_renew(struct letter_box *b);

#endif
