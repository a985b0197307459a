/* A growing text with a cap: every buffer that grows says how far it may. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct text {
	struct arena *arena;
	char *bytes; /* NUL behind them once anything was added; NULL before */
	size_t size, room, cap;
	bool failed; /* the cap or memory ran out; what was added since is lost */
};

/** An empty text that lives in `arena` and never grows past `cap` bytes. */
struct text text_new(struct arena *arena, size_t cap);

/** Append. On failure `failed` is set and stays; check it once at the end. */
void text_add(struct text *text, const char *bytes, size_t size);
void text_adds(struct text *text, const char *string);
void text_addi(struct text *text, int64_t number); /* in decimal */

/** Make room for `more` bytes and the NUL behind them. Returns: whether there is; if not, `failed` is set. */
bool text_make_room(struct text *text, size_t more);

/** Grow by `size` bytes for the caller to fill. NULL on failure, as above.
 *  Inline, as this and the next are called for every few bytes of every answer. */
static inline char *text_grow(struct text *t, size_t size)
{
	if ((t->failed || size >= t->room - t->size) && !text_make_room(t, size))
		return NULL;
	char *at = t->bytes + t->size;
	at[size] = '\0';
	t->size += size;
	return at;
}

static inline void text_addc(struct text *text, char c)
{
	char *at = text_grow(text, 1);
	if (at)
		*at = c;
}

void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Drop the content, keep the memory. */
void text_clear(struct text *text);

#endif
