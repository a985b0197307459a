/* SQLite's files as we have them written, the log in one piece a commit, pages with checksums: between sqlite*.c only. */
#ifndef STORE_SQLITE_WAL_H
#define STORE_SQLITE_WAL_H

/** Name of the file layer to open a database with: SQLite's own, but for the log. SQLite writes a log's frame in two
 *  calls, its head and its page; this layer keeps them until the frame that ends a transaction, and hands all to the
 *  system together. Whatever else is asked of the log comes after what was kept, so nobody can tell the difference
 *  but the system.
 *  Returns: NULL, which means SQLite's own layer, if it cannot be set up. */
const char *sqlite_wal_layer(void);

struct sqlite3_file;

/** Read a database's file as it lies there, with the checksums of its pages, which SQLite itself does not get to see.
 *  Returns: SQLite's own codes. */
int sqlite_wal_read(struct sqlite3_file *file, void *bytes, int size, long long at);

struct sqlite3;
struct copying;

/** Tell `copying` (sqlite_files.h) what checkpoints by this connection do to the database. */
void sqlite_wal_watch(struct sqlite3 *lite, struct copying *copying);

/** The first bytes of the index that processes share, once a statement has run. NULL: there is none, or not to be written. */
void *sqlite_wal_index(struct sqlite3 *lite);

#endif
