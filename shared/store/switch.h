/* Where the store is while a move switches over from a file to a server. */
#ifndef STORE_SWITCH_H
#define STORE_SWITCH_H

#include "base/conf.h"

/* The switch is two renames under the file's lock: FILE to FILE.moved, and pennymeter.conf.new, which was proved to
 * lead to the server, to pennymeter.conf. After the first the server is the store: who finds it so does the second. */

/** The configuration's own place, behind symbolic links, so that a link stays one.
 *  Returns: ST_OK; ST_INVALID with a fault: it is a link to nothing; ST_MEMORY. */
enum st switch_conf_path(const char **path, const struct conf *conf, struct faults *faults, struct arena *arena) MUST_USE;

/** What is renamed to it: `path`.new. NULL: no memory. */
const char *switch_new_path(const char *path, struct arena *arena);

/** Rename the new configuration into its place, so that it stays so also when the power fails.
 *  Returns: ST_OK; ST_IO with a fault. */
enum st switch_conf(const char *path, struct faults *faults, struct arena *arena) MUST_USE;

/** Sync the folder that a file is in. */
enum st switch_sync_folder(const char *file) MUST_USE;

/** Is the file gone, and FILE.moved there? */
bool switch_aside(const char *file);

/** Who finds a file put aside waits for the move that is at it, completes what one that was killed has left, and
 *  learns where the store is.
 *  In:  file  of which switch_aside() was true
 *  Returns: ST_OK; ST_STORE with a fault that says what to do; ST_BUSY: a move holds it; ST_MEMORY.
 *  Out: conf  read anew: it names the server */
enum st switch_complete(struct conf *conf, const char *file, struct faults *faults, struct arena *arena) MUST_USE;

#endif
