/* Normal forms. Most texts are ASCII, which is all of them already. */
#include "base/normal.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* utf8proc allocates by itself. */
static const char *map(const char *text, utf8proc_option_t options, struct arena *arena)
{
	utf8proc_uint8_t *mapped = NULL;
	const utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)text, 0, &mapped, options);
	const char *copy = size < 0 ? NULL : arena_copy(arena, (const char *)mapped, (size_t)size);
	free(mapped);
	return copy;
}

const char *text_nfc(const char *text, struct arena *arena)
{
	return is_ascii(text) ? text : map(text, UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE, arena);
}

const char *text_fold(const char *text, struct arena *arena)
{
	const utf8proc_option_t how = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
	                                 UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
	if (!is_ascii(text))
		return map(text, how, arena);
	char *copy = arena_copy(arena, text, strlen(text));
	for (char *p = copy; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}
