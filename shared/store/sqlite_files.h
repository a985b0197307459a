/* SQLite's files are what we think they are: between the files of SQLite's driver only.
 *
 * The lock is the database's own inode, so nothing that can be removed or replaced stands between the lock and what it
 * guards. Who opens the files, and who writes, does so with it; so the files' names are compared with what is open before
 * a write and after its commit, and what the last writer saw (sqlite_seen.h) with what lies there. */
#ifndef STORE_SQLITE_FILES_H
#define STORE_SQLITE_FILES_H

#include "base/fault.h"
#include "store/driver.h"
#include "store/sqlite_seen.h"

/* Places in the index (wal.c, WalCkptInfo): how many frames are in the database, and bytes that SQLite leaves alone. */
enum { INDEX_COPIED = 96, INDEX_MARK = 132 };

enum { FILES_PATH = 4096, FILES_NAME = FILES_PATH + 16 };

/** What a checkpoint does to the database, as the layer under SQLite sees it (sqlite_wal.h). */
struct copying {
	int file; /* the database, to ask for its size and time */
	bool on, spoilt; /* spoilt: somebody else cut it off meanwhile */
	int64_t size, time; /* after the last page that was written */
	struct seen_pages pages;
	bool written; /* since it was last looked at: a checkpoint that a reader cuts short ends without a sync */
};

struct files {
	char db[FILES_PATH], log[FILES_NAME], index[FILES_NAME], seen_name[FILES_NAME], lock_name[FILES_NAME];
	bool local;   /* else on a network file system: no log, and a lock of its own beside it */
	bool logged;  /* the database has a log */
	bool alone;   /* the lock is ours alone, not shared with others that open */
	bool beside;  /* neither: another holds it, and this one only reads what was there before */
	bool log_kept; /* the log is there and can only be read: nothing is written */
	bool stale;   /* it is known that they must be opened anew */
	bool sample;  /* the database is another than was seen: look at its pages anew */
	int lock, log_file, seen_file; /* -1: not open */
	dev_t device;
	ino_t db_inode, log_inode, index_inode; /* as they are open */
	volatile unsigned char *shared; /* the index's first bytes; NULL: there is none, or not to be written */
	struct seen seen; /* as files_ready() found it */
	struct copying copying;
};

/** Take the lock of the database at `path`, see that its files belong together, and mend what can be mended: a log that was
 *  taken away is brought back from a process that still has it, a log of another database is put aside. `alone`: not
 *  together with others that open it.
 *  Returns: ST_OK: SQLite may open them, and files_opened() follows; ST_BUSY: another holds the lock; ST_STORE; each with a
 *  fault that says what to do. */
enum st files_open(struct files *files, const char *path, enum db_mode mode, bool alone, struct faults *faults) MUST_USE;

/** After SQLite has opened them: are they still what their names lead to? The lock is given back.
 *  Returns: ST_OK; ST_STALE: close it all and open it alone.
 *  In: shared  the first bytes of the index; NULL where the database has no log */
enum st files_opened(struct files *files, void *shared) MUST_USE;

/** Are they what they were, for who has read from them? No lock is needed. */
bool files_sound(const struct files *files);

/** The same for who holds the lock and is about to write. */
bool files_ready(struct files *files);

/** The same for who holds the lock and has written already, by statements that were each a transaction. */
bool files_held(struct files *files);

/** After a commit: may it be acknowledged? If not it is taken back. */
bool files_settled(struct files *files);

/** Take back whatever was committed since files_ready(): it is not known whether it would last, and nobody is told of it. */
void files_take_back(struct files *files);

/** Open the lock of the database at `path` and nothing else. Returns: its descriptor; -1. */
int files_open_lock(const char *path);

/** Around a checkpoint. */
bool files_want_copying(const struct files *files);
void files_copy_begins(struct files *files);
void files_copy_ended(struct files *files);

/** Bring back what was taken away while it was open here. Before SQLite closes it. */
void files_leave(struct files *files);

/** After SQLite has closed them: to close any descriptor of the database ends a process's locks on it. */
void files_close(struct files *files);

/* ---- sqlite_judge.c: whether they belong together ---- */

/** At once, with a shared lock, or beside a writer: is all as the last one left it? */
bool judge_at_once(const struct files *files);

/** With the lock alone. Returns: ST_OK; ST_STORE with a fault. Out: others  the database was brought back: lock it anew */
enum st judge(struct files *files, struct faults *faults) MUST_USE;

/** A log beside a database that says it has none is another's. Returns: ST_OK; ST_STORE. */
enum st judge_without(struct files *files) MUST_USE;

bool judge_db(const struct seen *seen, const struct stat *db);

/** What the index tells once it is mapped: does it go with what was seen? */
bool judge_index(const struct files *files, const struct seen *seen, bool ahead);

/* ---- sqlite_rescue.c: what was taken away ---- */

/** Bring a file back to its name from whoever has it open, and put aside what lies there.
 *  Returns: was it? Out: id  of the new one */
bool rescue_file(struct file_id *id, const char *name, const struct file_id *lost);

/** The same for the database, which only comes back if no file has its name: others may lock it until they look. */
bool rescue_db(struct files *files);

/** Remove what a process that died left of either. With the lock alone: nobody else is at it. */
void rescue_clean(const struct files *files);

/** Rename a file that does not belong there. Returns: is it gone from its name? */
bool rescue_put_aside(const char *name);

enum { DB_RESERVE = 20 }; /* place in the database's head */

/** How many bytes at the end of each page the database leaves alone: a checksum may lie there. */
size_t files_reserve(const struct files *files);

/** Open the log anew, as far as that is allowed. Out: log_file  -1 with errno; log_kept */
void files_open_log(struct files *files);

/** Does the database say that it has a log? */
bool files_have_log(const struct files *files);

/** Wait for a lock of a file, for some seconds at most. Returns: was it got? */
bool files_wait_lock(int file, int how);

#endif
