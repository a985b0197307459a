/* The request arena: a list of blocks, filled from the front, freed together. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 32 * 1024, NEXT_BLOCK = 64 * 1024 };

struct block {
	struct block *older;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *newest; /* the first block is the oldest and stays */
	size_t cap, taken;
};

static struct block *block_new(size_t size)
{
	struct block *b = malloc(sizeof *b + size);
	if (b)
		*b = (struct block){ .size = size };
	return b;
}

enum st arena_open(struct arena **out, size_t cap)
{
	struct arena *a = malloc(sizeof *a);
	struct block *first = block_new(FIRST_BLOCK);
	if (!a || !first) {
		free(a);
		free(first);
		return ST_MEMORY;
	}
	*a = (struct arena){ .newest = first, .cap = cap };
	*out = a;
	return ST_OK;
}

void arena_reset(struct arena *a)
{
	while (a->newest->older) {
		struct block *b = a->newest;
		a->newest = b->older;
		free(b);
	}
	a->newest->used = 0;
	a->taken = 0;
}

void arena_close(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	free(a->newest);
	free(a);
}

static struct block *room_for(struct arena *a, size_t size)
{
	struct block *b = a->newest;
	if (size <= b->size - b->used)
		return b;
	b = block_new(size > NEXT_BLOCK ? size : NEXT_BLOCK);
	if (!b)
		return NULL;
	b->older = a->newest;
	return a->newest = b;
}

void *arena_take_raw(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	if (size > a->cap - a->taken)
		return NULL;
	size = (size + align - 1) / align * align;
	struct block *b = room_for(a, size);
	if (!b)
		return NULL;
	void *p = b->bytes + b->used;
	b->used += size;
	a->taken += size < a->cap - a->taken ? size : a->cap - a->taken;
	return p;
}

void *arena_take(struct arena *a, size_t size)
{
	void *p = arena_take_raw(a, size);
	return p ? memset(p, 0, size) : NULL;
}

char *arena_copy(struct arena *a, const char *text, size_t size)
{
	char *p = size < SIZE_MAX ? arena_take_raw(a, size + 1) : NULL;
	if (!p)
		return NULL;
	if (size)
		memcpy(p, text, size);
	p[size] = '\0';
	return p;
}

char *arena_vformat(struct arena *a, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *p = n < 0 ? NULL : arena_take_raw(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, format, args);
	return p;
}

char *arena_format(struct arena *a, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *p = arena_vformat(a, format, args);
	va_end(args);
	return p;
}
