/* Flat bytes: numbers and texts in a row without a pointer, which mean the same in every process. */
#ifndef BASE_FLAT_H
#define BASE_FLAT_H

#include "base/text.h"

/** Append a number, or a text; NULL stays NULL. */
void flat_add_int(struct text *flat, int64_t number);
void flat_add_text(struct text *flat, const char *text);

/** Bytes that another process may have written: what is not as it was added is not read. */
struct flat_reader {
	const char *at, *end;
	bool failed; /* something was not there; what was taken since is 0 and NULL */
};

/** Take what was added, in its order. Texts point into the bytes. */
int64_t flat_int(struct flat_reader *reader);
const char *flat_text(struct flat_reader *reader);

#endif
