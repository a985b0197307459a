/* Taking turns by a file's lock: waiting with an end, and who is in the way. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { LOCK_WHOLE = -1 }; /* flock()'s, in place of a byte's */

/** Wait for flock() of the file, in the kernel's queue, but no longer than `most` microseconds.
 *  Returns: ST_OK; ST_BUSY: the log says who holds it; ST_IO. */
enum st lock_wait(int file, int64_t most) MUST_USE;

enum { HOLDER_ROOM = 160 };

/** Who holds the lock of the file, or of its byte (F_SETLK), in words: "process 12 (usage-record), which is stopped,".
 *  Returns `out`, HOLDER_ROOM bytes. */
const char *lock_holder(char *out, int file, int64_t byte);

#endif
