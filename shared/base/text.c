/* A growing text with a cap, in an arena. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct text text_new(struct arena *arena, size_t cap)
{
	return (struct text){ .arena = arena, .cap = cap };
}

static bool make_room(struct text *t, size_t more)
{
	if (t->failed || more > t->cap - t->size) {
		t->failed = true;
		return false;
	}
	if (t->size + more < t->room)
		return true;
	size_t room = t->room ? t->room * 2 : 1024;
	while (room <= t->size + more)
		room *= 2;
	char *bytes = arena_take_raw(t->arena, room);
	if (!bytes) {
		t->failed = true;
		return false;
	}
	if (t->size)
		memcpy(bytes, t->bytes, t->size);
	t->bytes = bytes;
	t->room = room;
	return true;
}

void text_add(struct text *t, const char *bytes, size_t size)
{
	if (!make_room(t, size))
		return;
	if (size)
		memcpy(t->bytes + t->size, bytes, size);
	t->size += size;
	t->bytes[t->size] = '\0';
}

void text_adds(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

char *text_grow(struct text *t, size_t size)
{
	if (!make_room(t, size))
		return NULL;
	char *at = t->bytes + t->size;
	t->size += size;
	t->bytes[t->size] = '\0';
	return at;
}

void text_addc(struct text *t, char c)
{
	char *at = text_grow(t, 1);
	if (at)
		*at = c;
}

void text_addf(struct text *t, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n >= 0 && make_room(t, (size_t)n + 1)) {
		vsnprintf(t->bytes + t->size, (size_t)n + 1, format, args);
		t->size += (size_t)n;
	}
	va_end(args);
}

void text_clear(struct text *t)
{
	t->size = 0;
	t->failed = false;
}
