/* The request arena: memory that is taken piece by piece and given back at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/status.h"

struct arena;

/** Make an arena that hands out at most `cap` bytes between two resets.
 *  Returns: ST_OK; ST_MEMORY.
 *  Out: arena  owned by the caller, freed by arena_close() */
enum st arena_open(struct arena **arena, size_t cap) MUST_USE;

/** Free everything; NULL is allowed. */
void arena_close(struct arena *arena);

/** Forget everything handed out; the first block is kept for the next request. */
void arena_reset(struct arena *arena);

/** Take `size` bytes, zeroed, aligned for any type.
 *  Returns: NULL when memory or the cap is exhausted. */
void *arena_take(struct arena *arena, size_t size);

/** The same, not zeroed: for what is filled at once. */
void *arena_take_raw(struct arena *arena, size_t size);

/** Copy `size` bytes and a NUL behind them. NULL as arena_take(). */
char *arena_copy(struct arena *arena, const char *text, size_t size);

/** printf into the arena. NULL as arena_take(). */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vformat(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

#endif
