/* Normal forms of Unicode, by utf8proc: how texts are kept, and how they are compared. */
#ifndef BASE_NORMAL_H
#define BASE_NORMAL_H

#include "base/arena.h"

/** The NFC of a well-formed text. Returns: the text itself where it is that already; NULL: no memory. */
const char *text_nfc(const char *text, struct arena *arena);

/** A text as one searches: without case, accents or other marks, compatible letters as one. NULL: no memory. */
const char *text_fold(const char *text, struct arena *arena);

#endif
