/* A layer between SQLite and its own files: the write-ahead log in one piece a commit, and a checksum in each page of
 * the database. */
#include "store/sqlite_wal.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/sqlite_files.h"

#include "store/sqlite_pages.h"

enum { ROOM = 64 << 10 };         /* a commit of 15 pages; a larger one takes more than one write */
enum { FRAME_HEAD = 24, END = 4 }; /* https://sqlite.org/walformat.html: nothing else that is written has this size */
enum { WRITERS_LOCK = 0, CHECKPOINTERS_LOCK = 1 }; /* among the locks of the wal-index */
enum { INDEX_PIECE = 32 << 10 };  /* SQLite maps it in such */

/* What the layer adds to a file; it lies behind what SQLite's own layer has of it. */
struct added {
	struct added *log;   /* of a database: its log's, while that is open */
	struct added *db;    /* of a log: its database's */
	unsigned char *kept; /* of a log: what is still to be written, from `at` on */
	sqlite3_int64 at;
	int size;
	bool ends; /* the frame whose head came last ends a transaction */
	struct page_shape shape; /* of a database; its size is 0 until that is known */
	struct copying *copying; /* of a database: who wants to know of checkpoints */
};

static sqlite3_vfs layer;
static sqlite3_vfs *own;

/* SQLite's own methods, and the same with ours among them. NULL: none was opened yet. */
static const sqlite3_io_methods *own_db, *own_log;
static sqlite3_io_methods our_db, our_log;

static int own_size(void)
{
	const int unit = (int)_Alignof(struct added);
	return (own->szOsFile + unit - 1) / unit * unit;
}

static struct added *added(sqlite3_file *file)
{
	return (void *)((char *)file + own_size());
}

/* ---- keeping and writing ---- */

/* What cannot be written stays while the transaction lasts: the next call tries again and is told the same. */
static int write_kept(sqlite3_file *file)
{
	struct added *a = added(file);
	int rc = SQLITE_OK;
	if (a->size)
		rc = own_log->xWrite(file, a->kept, a->size, a->at);
	if (rc == SQLITE_OK)
		a->size = 0;
	return rc;
}

static void keep(struct added *a, const void *bytes, int size, sqlite3_int64 at)
{
	if (!a->size)
		a->at = at;
	memcpy(a->kept + a->size, bytes, (size_t)size);
	a->size += size;
}

/* A frame's head says how many pages the database has after it if it ends a transaction, and 0 else. */
static bool head_ends(const unsigned char *head)
{
	return head[END] || head[END + 1] || head[END + 2] || head[END + 3];
}

/* Others may look at what ends a transaction once this has returned, so it is not kept. */
static int log_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	struct added *a = added(file);
	const bool head = size == FRAME_HEAD, last = a->ends && !head;
	int rc = SQLITE_OK;
	a->ends = head && head_ends(bytes);
	if (a->size && (at != a->at + a->size || size > ROOM - a->size))
		rc = write_kept(file);
	if (rc == SQLITE_OK && size > ROOM)
		return own_log->xWrite(file, bytes, size, at);
	if (rc == SQLITE_OK)
		keep(a, bytes, size, at);
	return rc == SQLITE_OK && last ? write_kept(file) : rc;
}

/* Another process may write from now on. What is kept still was not committed, and was undone. */
static int db_lock(sqlite3_file *file, int first, int count, int flags)
{
	struct added *log = added(file)->log;
	if (log && first == WRITERS_LOCK && flags & SQLITE_SHM_UNLOCK)
		log->size = 0;
	if (first == CHECKPOINTERS_LOCK)
		added(file)->shape.size = 0; /* another may have made the file anew since its header was read */
	return own_db->xShmLock(file, first, count, flags);
}

/* ---- what else is asked of the log: after what was kept ---- */

static int log_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
	const int rc = write_kept(file);
	return rc == SQLITE_OK ? own_log->xRead(file, bytes, size, at) : rc;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	const int rc = write_kept(file);
	return rc == SQLITE_OK ? own_log->xTruncate(file, size) : rc;
}

static int log_sync(sqlite3_file *file, int flags)
{
	const int rc = write_kept(file);
	return rc == SQLITE_OK ? own_log->xSync(file, flags) : rc;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
	const int rc = write_kept(file);
	return rc == SQLITE_OK ? own_log->xFileSize(file, size) : rc;
}

/* The writer's lock is given back before. */
static int log_close(sqlite3_file *file)
{
	struct added *a = added(file);
	a->db->log = NULL;
	free(a->kept);
	return own_log->xClose(file);
}

/* ---- checkpoints: pages go into the database ---- */

static void look_at_db(struct copying *c)
{
	struct stat db;
	if (fstat(c->file, &db))
		return;
	c->spoilt |= db.st_size < c->size; /* a program that writes a file over cuts it off first */
	c->size = db.st_size;
	c->time = seen_time(&db);
	c->written = false;
}

/* As the bytes go to the system. */
static int put_in_db(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at, size_t reserve)
{
	struct copying *c = added(file)->copying;
	if (c && c->on) {
		look_at_db(c);
		if (c->spoilt)
			return SQLITE_IOERR_WRITE;
		seen_note_page(&c->pages, (uint32_t)(at / size) + 1, bytes, (size_t)size, reserve);
		c->written = true;
	}
	return own_db->xWrite(file, bytes, size, at);
}

static int db_sync(sqlite3_file *file, int flags)
{
	struct copying *c = added(file)->copying;
	if (c && c->on)
		look_at_db(c);
	return own_db->xSync(file, flags);
}

/* ---- pages of the database ---- */

static void learn_shape(sqlite3_file *file)
{
	unsigned char header[PAGE_HEADER];
	if (own_db->xRead(file, header, sizeof header, 0) == SQLITE_OK)
		added(file)->shape = page_shape_of(header);
}

static bool is_page(const struct page_shape *shape, int size, sqlite3_int64 at)
{
	return shape->sealed && (uint32_t)size == shape->size && !(at & (size - 1));
}

/* In write-ahead mode a checkpoint alone comes here, so a record pays for its part of that. SQLite's own page stays as it
 * is: a frame's checksum may have been taken of it already. */
static int db_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	static unsigned char copy[PAGE_MOST];
	struct page_shape *shape = &added(file)->shape;
	if (!at && size >= PAGE_HEADER)
		*shape = page_shape_of(bytes);
	else if (!shape->size)
		learn_shape(file);
	if (!is_page(shape, size, at))
		return put_in_db(file, bytes, size, at, 0);
	memcpy(copy, bytes, (size_t)size);
	page_seal(copy, (size_t)size, (uint32_t)(at / size + 1));
	return put_in_db(file, copy, size, at, PAGE_RESERVE);
}

/* What SQLite gets to see has no checksum: it would come back with another content, and a program without this layer that
 * brings our log into the file would put it there. */
static int db_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
	const struct page_shape *shape = &added(file)->shape;
	const int rc = own_db->xRead(file, bytes, size, at);
	if (rc != SQLITE_OK)
		return rc;
	if (!at && size >= PAGE_HEADER)
		added(file)->shape = page_shape_of(bytes);
	if (is_page(shape, size, at))
		memset((char *)bytes + size - PAGE_RESERVE, 0, PAGE_RESERVE);
	return SQLITE_OK;
}

int sqlite_wal_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
	const sqlite3_io_methods *methods = file->pMethods == &our_db ? own_db : file->pMethods;
	return methods->xRead(file, bytes, size, at);
}

/* ---- opening ---- */

static void take_db(sqlite3_file *file)
{
	if (!own_db) {
		own_db = file->pMethods;
		our_db = *own_db;
		our_db.xShmLock = db_lock;
		our_db.xWrite = db_write;
		our_db.xRead = db_read;
		our_db.xSync = db_sync;
	}
	if (file->pMethods != own_db)
		return;
	*added(file) = (struct added){ 0 };
	file->pMethods = &our_db;
}

static void make_log_methods(const sqlite3_io_methods *methods)
{
	own_log = methods;
	our_log = *methods;
	our_log.xWrite = log_write;
	our_log.xRead = log_read;
	our_log.xTruncate = log_truncate;
	our_log.xSync = log_sync;
	our_log.xFileSize = log_size;
	our_log.xClose = log_close;
}

/* Where a torn write may spoil its neighbours SQLite fills the last sector up, in pieces of any size: that is left alone. */
static void take_log(sqlite3_file *file, sqlite3_file *db)
{
	struct added *a = added(file);
	const bool apart = file->pMethods->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE;
	if (!own_log)
		make_log_methods(file->pMethods);
	if (!apart || file->pMethods != own_log || db->pMethods != &our_db)
		return;
	*a = (struct added){ .db = added(db), .kept = malloc(ROOM) };
	if (!a->kept)
		return;
	a->db->log = a;
	file->pMethods = &our_log;
}

static int layer_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
	(void)self;
	const int rc = own->xOpen(own, name, file, flags, out);
	if (rc == SQLITE_OK && flags & SQLITE_OPEN_MAIN_DB)
		take_db(file);
	if (rc == SQLITE_OK && flags & SQLITE_OPEN_WAL)
		take_log(file, sqlite3_database_file_object(name));
	return rc;
}

const char *sqlite_wal_layer(void)
{
	if (own)
		return layer.zName;
	own = sqlite3_vfs_find(NULL);
	if (!own)
		return NULL;
	layer = *own;
	layer.pNext = NULL;
	layer.zName = "pennymeter";
	layer.szOsFile = own_size() + (int)sizeof(struct added);
	layer.xOpen = layer_open;
	if (sqlite3_vfs_register(&layer, 0) != SQLITE_OK)
		layer.zName = NULL;
	return layer.zName;
}

static sqlite3_file *file_of(sqlite3 *lite)
{
	sqlite3_file *file = NULL;
	const int rc = sqlite3_file_control(lite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	return rc == SQLITE_OK && file && file->pMethods == &our_db ? file : NULL;
}

void sqlite_wal_watch(sqlite3 *lite, struct copying *copying)
{
	sqlite3_file *file = file_of(lite);
	if (file)
		added(file)->copying = copying;
}

void *sqlite_wal_index(sqlite3 *lite)
{
	sqlite3_file *file = file_of(lite);
	void volatile *piece = NULL;
	/* SQLite gives back what it has mapped with its log. */
	const int rc = file && added(file)->log ? file->pMethods->xShmMap(file, 0, INDEX_PIECE, 0, &piece) : SQLITE_ERROR;
	return rc == SQLITE_OK ? (void *)piece : NULL;
}
