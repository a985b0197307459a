/* Flat bytes, written and read. */
#include "base/flat.h"

#include <string.h>

void flat_add_int(struct text *flat, int64_t number)
{
	text_add(flat, (const char *)&number, sizeof number);
}

/* How long it is with its NUL, 0 for none; then that. */
void flat_add_text(struct text *flat, const char *text)
{
	const size_t size = text ? strlen(text) + 1 : 0;
	flat_add_int(flat, (int64_t)size);
	if (size)
		text_add(flat, text, size);
}

static const char *take(struct flat_reader *r, size_t size)
{
	const char *at = r->at;
	r->failed |= size > (size_t)(r->end - at);
	if (r->failed)
		return NULL;
	r->at += size;
	return at;
}

int64_t flat_int(struct flat_reader *r)
{
	int64_t number = 0;
	const char *at = take(r, sizeof number);
	if (at)
		memcpy(&number, at, sizeof number);
	return number;
}

const char *flat_text(struct flat_reader *r)
{
	const int64_t size = flat_int(r);
	const char *text = size > 0 ? take(r, (size_t)size) : NULL;
	r->failed |= size < 0 || (text && strnlen(text, (size_t)size) != (size_t)size - 1);
	return r->failed ? NULL : text;
}
