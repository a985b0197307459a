/* A growing text with a cap, in an arena. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct text text_new(struct arena *arena, size_t cap)
{
	return (struct text){ .arena = arena, .cap = cap };
}

bool text_make_room(struct text *t, size_t more)
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
	if (room > t->cap)
		room = t->cap + 1; /* so that what fits the room fits the cap */
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
	char *at = text_grow(t, size);
	if (at && size)
		memcpy(at, bytes, size);
}

void text_adds(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

void text_addi(struct text *t, int64_t number)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	do
		digits[--at] = (char)('0' + (int)(rest % 10));
	while (rest /= 10);
	if (number < 0)
		digits[--at] = '-';
	text_add(t, digits + at, sizeof digits - at);
}

/* Into the room that there is; only what does not fit is formatted twice. */
void text_addf(struct text *t, const char *format, ...)
{
	va_list args, again;
	if (!text_make_room(t, 0))
		return;
	const size_t room = t->room - t->size;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(t->bytes + t->size, room, format, again);
	va_end(again);
	if (n >= 0 && text_make_room(t, (size_t)n + 1)) {
		if ((size_t)n + 1 >= room)
			vsnprintf(t->bytes + t->size, (size_t)n + 1, format, args);
		t->size += (size_t)n;
	} else {
		t->bytes[t->size] = '\0';
	}
	va_end(args);
}

void text_clear(struct text *t)
{
	t->size = 0;
	t->failed = false;
}
