/* SQLite's write-ahead log as it lies on disk (https://sqlite.org/walformat.html): between sqlite_files.c and sqlite_judge.c only. */
#ifndef STORE_SQLITE_LOG_H
#define STORE_SQLITE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/** The first 48 bytes of the index that processes share: what the log holds, as of one commit. */
struct log_state {
	uint32_t version, unused, changes;
	uint8_t ready, foreign;
	uint16_t page_size;
	uint32_t frames; /* of which the last ends a transaction */
	uint32_t pages;  /* of the database after it */
	uint32_t check[2];
	uint32_t salt[2]; /* byte for byte as in the log: a new start of the log adds one to the first */
	uint32_t own_check[2];
};

enum { LOG_HEAD = 32, FRAME_HEAD_SIZE = 24 };

/** A frame that belongs to what precedes it. */
struct log_frame {
	uint32_t number; /* from 1 */
	uint32_t page;
	bool ends; /* a transaction */
	uint32_t check[2];
	const unsigned char *bytes; /* the page */
	uint32_t size;
};

/** Read a log from its start for as long as each frame belongs to the one before it.
 *  Returns: is there the head of a log? Out: end  its salts; frames, pages and check of its last commit, 0 if there is none
 *  In: visit  called for each frame; NULL: for none */
bool log_walk(struct log_state *end, int file, void (*visit)(void *context, const struct log_frame *frame), void *context);

/** Does the log have, at the place of the last frame of `state`, just that one? Costs one read. */
bool log_holds(int file, const struct log_state *state);

/** Make whatever was committed after `state` uncommitted, for whoever reads the log from its start. */
bool log_cut(int file, const struct log_state *state);

/** How often a log that was empty has been brought into the database as a whole and begun anew. */
uint32_t log_starts(int file);

/** How often a log with the salts `a` was started anew since it had the salts `b`: small and positive if it is the same one's
 *  later life, small and negative if its earlier one. */
int32_t log_starts_between(const struct log_state *a, const struct log_state *b);

#endif
