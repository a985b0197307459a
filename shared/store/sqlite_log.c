/* SQLite's write-ahead log as it lies on disk: where it ends, and whether a commit is still in it. */
#include "store/sqlite_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAGIC = 0x377f0682, PAGE_LEAST = 512, PAGE_MOST = 65536 }; /* of a log whose checksums are of little-endian words; ours are */

static uint32_t number_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void add_up(uint32_t check[2], const unsigned char *bytes, uint32_t size)
{
	uint32_t pair[2];
	for (uint32_t i = 0; i < size; i += sizeof pair) {
		memcpy(pair, bytes + i, sizeof pair);
		check[0] += pair[0] + check[1];
		check[1] += pair[1] + check[0];
	}
}

static bool is_check(const unsigned char *p, const uint32_t check[2])
{
	return number_at(p) == check[0] && number_at(p + 4) == check[1];
}

static bool read_at(int file, void *bytes, size_t size, uint64_t at)
{
	return pread(file, bytes, size, (off_t)at) == (ssize_t)size;
}

/* Of frame `number`, from 1 on. */
static uint64_t place_of(uint32_t page_size, uint32_t number)
{
	return LOG_HEAD + (uint64_t)(number - 1) * (FRAME_HEAD_SIZE + (uint64_t)page_size);
}

static uint32_t size_of(const struct log_state *s)
{
	return s->page_size == 1 ? PAGE_MOST : s->page_size;
}

static bool read_head(struct log_state *end, int file, uint32_t *page_size)
{
	unsigned char head[LOG_HEAD];
	*end = (struct log_state){ 0 };
	if (!read_at(file, head, sizeof head, 0) || number_at(head) != MAGIC)
		return false;
	*page_size = number_at(head + 8);
	if (*page_size < PAGE_LEAST || *page_size > PAGE_MOST || *page_size & (*page_size - 1))
		return false;
	add_up(end->check, head, LOG_HEAD - 8);
	end->page_size = (uint16_t)(*page_size == PAGE_MOST ? 1 : *page_size);
	memcpy(end->salt, head + 16, sizeof end->salt);
	return is_check(head + 24, end->check);
}

/* The next frame, if it belongs to what precedes it. In/Out: check */
static bool read_frame(struct log_frame *f, uint32_t check[2], int file, const struct log_state *end, unsigned char *room)
{
	if (!read_at(file, room, FRAME_HEAD_SIZE + f->size, place_of(f->size, f->number)) || memcmp(room + 8, end->salt, sizeof end->salt))
		return false;
	add_up(check, room, 8);
	add_up(check, room + FRAME_HEAD_SIZE, f->size);
	f->page = number_at(room);
	f->ends = number_at(room + 4);
	f->bytes = room + FRAME_HEAD_SIZE;
	memcpy(f->check, check, sizeof f->check);
	return f->page && is_check(room + 16, check);
}

bool log_walk(struct log_state *end, int file, void (*visit)(void *, const struct log_frame *), void *context)
{
	struct log_frame f = { .number = 1 };
	if (!read_head(end, file, &f.size))
		return false;
	uint32_t check[2] = { end->check[0], end->check[1] };
	unsigned char *room = malloc(FRAME_HEAD_SIZE + f.size);
	memset(end->check, 0, sizeof end->check);
	for (; room && read_frame(&f, check, file, end, room); f.number++) {
		if (visit)
			visit(context, &f);
		if (!f.ends)
			continue;
		end->frames = f.number;
		end->pages = number_at(room + 4);
		memcpy(end->check, check, sizeof end->check);
	}
	free(room);
	return room;
}

bool log_holds(int file, const struct log_state *s)
{
	unsigned char head[FRAME_HEAD_SIZE];
	return !s->frames || (read_at(file, head, sizeof head, place_of(size_of(s), s->frames)) &&
	                      !memcmp(head + 8, s->salt, sizeof s->salt) && is_check(head + 16, s->check));
}

/* Where the log was started anew since, all of it came after. */
bool log_cut(int file, const struct log_state *s)
{
	static const unsigned char none[FRAME_HEAD_SIZE];
	struct log_state now;
	uint32_t size;
	const bool same = read_head(&now, file, &size) && !memcmp(now.salt, s->salt, sizeof now.salt);
	const uint64_t at = place_of(size_of(s), same ? s->frames + 1 : 1);
	return pwrite(file, none, sizeof none, (off_t)at) == sizeof none && !fdatasync(file);
}

uint32_t log_starts(int file)
{
	unsigned char head[LOG_HEAD];
	return read_at(file, head, sizeof head, 0) ? number_at(head + 12) : 0;
}

int32_t log_starts_between(const struct log_state *a, const struct log_state *b)
{
	return (int32_t)(number_at((const unsigned char *)&a->salt[0]) - number_at((const unsigned char *)&b->salt[0]));
}
