/* What the last writer of a database saw of its files, kept beside them: between the files of SQLite's driver only. */
#ifndef STORE_SQLITE_SEEN_H
#define STORE_SQLITE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "store/sqlite_log.h"

/** Which file it is, also after its number was given to another. */
struct file_id {
	uint64_t inode;
	int64_t born; /* nanoseconds since 1970; 0 where the file system does not say */
};

/** Written by whoever holds the store's lock. It may be torn, old or gone, so what contradicts it is a reason to look at the
 *  files themselves; it never makes anything of them true. */
struct seen {
	uint64_t kind; /* of which layout this is */
	struct file_id db, log;
	struct log_state state; /* as of the last commit that was acknowledged */
	uint32_t copied;  /* frames that a checkpoint has brought into the database */
	uint32_t copying; /* a checkpoint is under way: the database changes */
	uint32_t mark;    /* written into the index as well, into bytes that SQLite leaves alone */
	uint32_t unused;
	int64_t db_size, db_time, log_time; /* times in nanoseconds */
	uint64_t sum;     /* of all before it */
};

enum { SEEN_PAGES = 2048 };

/** Sums of pages of the database itself as the last checkpoints left them; one may push another out. They tell a database that
 *  was written over from one that was only touched: an older copy lacks what the last checkpoint wrote. */
struct seen_pages {
	struct { uint32_t page, sum; } of[SEEN_PAGES]; /* page 0: none */
	uint64_t sum;
};

bool seen_read(struct seen *seen, int file);
bool seen_write(struct seen *seen, int file);
void seen_read_pages(struct seen_pages *pages, int file); /* all zeros if there are none */
void seen_write_pages(struct seen_pages *pages, int file);

/** Note a page as it is written. In: reserve  bytes at its end, in which its checksum lies if there is room for one */
void seen_note_page(struct seen_pages *pages, uint32_t page, const void *bytes, size_t size, size_t reserve);
/** A page that carries a checksum is told by that. */
uint32_t seen_page_sum(const void *bytes, size_t size, size_t reserve);

struct file_id seen_id(int file);
bool seen_same(const struct file_id *a, const struct file_id *b);
int64_t seen_time(const struct stat *info);

#endif
