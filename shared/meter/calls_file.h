/* The file in which API calls are counted: its shape, and how it is made and known again. Between calls.c and
 * calls_flush.c only. */
#ifndef METER_CALLS_FILE_H
#define METER_CALLS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CALLS_FILE "calls.shm" /* in the data folder */

enum { CALLS_SLOTS = 16384, CALLS_PROBES = 64 };

/** The first of it; nothing of that changes in a file's life. */
struct calls_head {
	char mark[24];  /* what kind of file it is, and of which layout */
	uint64_t epoch; /* drawn at its making, from 1 to 2^53: no other file has it */
	uint64_t inode; /* its own: a copy is not taken for it */
	uint64_t check; /* of all before it */
	uint64_t unused[2];
};

/** A tenant's place; once taken it is never given to another. Counts only grow. */
struct calls_slot {
	int64_t tenant; /* 0: free */
	uint64_t count;
	uint64_t seal;  /* of the tenant and the epoch: what was written over bears none */
	uint64_t known; /* how many of them were recorded, as a hint that saves a query; the store knows better */
};

struct calls_file {
	struct calls_head head;
	struct calls_slot slots[CALLS_SLOTS];
};

/** A file as a process has it mapped. */
struct calls_map {
	struct calls_file *file; /* NULL: none */
	uint64_t epoch;
	dev_t device;
	ino_t inode;
};

/** Map the file at a path. Returns: false: there is none, or it is none of ours.
 *  Out: strange  something else lies there */
bool calls_map_open(struct calls_map *map, const char *path, bool *strange);
void calls_map_close(struct calls_map *map);

/** Is it what was mapped, still? Costs no call of the system. */
static inline bool calls_map_sound(const struct calls_map *m)
{
	return m->file && __atomic_load_n(&m->file->head.epoch, __ATOMIC_RELAXED) == m->epoch;
}

/** Does the path still lead to it? */
bool calls_map_in_place(const struct calls_map *map, const char *path);

/** Make a file at a path, in the place of whatever is there if `strange`. Others that want to wait for this one.
 *  Returns: false: it could not be made. */
bool calls_make(const char *folder, const char *path, bool strange);

/** The place of a tenant's calls, taken for it if `take`. NULL: it has none, or there is none left. */
struct calls_slot *calls_slot_of(const struct calls_map *map, int64_t tenant, bool take);

#endif
