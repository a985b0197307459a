/* Whom the data folder lets in: what is refused, since others may have put it there, and what others are kept from. */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>

#include "base/fault.h"

/** Can others change what lies in the data folder, or put another in its place? By its mode and owner, those of the link
 *  that names it and of the folders above it, and the owners of the configuration and of the database's files.
 *  In: file  the database, or what a server's letters lie beside; NULL: only the folder and the configuration
 *  Returns: ST_OK, also where there is none yet; ST_STORE with a fault that says what to do. */
enum st folder_judge(const char *folder, const char *file, struct faults *faults) MUST_USE;

/** Can others write to it, or to the folder of `file`, by now? At most a look at each: for who was let in before.
 *  Returns: whether folder_judge() would refuse it for that. */
bool folder_is_open(const char *folder, const char *file);

/** Has somebody else put anything into it? Asked once it is closed to others: what they could do before stays otherwise.
 *  Returns: ST_OK; ST_STORE with a fault that names the first of it. */
enum st folder_judge_entries(const char *folder, struct faults *faults) MUST_USE;

/** Called for each path that was closed to others, with the mode that it had. */
typedef void folder_closed(void *context, const char *path, unsigned before);

/** Take from the group and from others whatever they may do to the folder and to the files in it that belong to its
 *  owner or to us. A folder that is open to all by design, as /tmp is, stays as it is. */
void folder_close(const char *folder, folder_closed *closed, void *context);

/** The same for the configuration and a database's files alone, which an upload may have opened to all. None is opened for
 *  it: that would end SQLite's locks. */
void folder_close_files(const char *folder, const char *file);

#endif
