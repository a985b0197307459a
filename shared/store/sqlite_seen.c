/* What the last writer of a database saw of its files, in a small file beside them. */
#include "store/sqlite_seen.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const uint64_t KIND = 0x31206e656573u; /* "seen 1" */

enum { PAGES_AT = 1024 };

static uint64_t sum_of(const void *bytes, size_t size)
{
	uint64_t sum = 0x9e3779b97f4a7c15u, part;
	for (const unsigned char *p = bytes; size >= sizeof part; p += sizeof part, size -= sizeof part) {
		memcpy(&part, p, sizeof part);
		sum = (sum ^ part) * 0xff51afd7ed558ccdu;
		sum ^= sum >> 32;
	}
	return sum;
}

/* Two words at a time, by additions alone. */
static uint32_t quick_sum(const void *bytes, size_t size)
{
	typedef uint64_t pair __attribute__((vector_size(16)));
	pair part, a = { 1, 3 }, b = { 0, 0 };
	for (const unsigned char *p = bytes; size >= sizeof part; p += sizeof part, size -= sizeof part) {
		memcpy(&part, p, sizeof part);
		a += part;
		b += a;
	}
	const uint64_t sum[] = { a[0], a[1], b[0], b[1] };
	return (uint32_t)sum_of(sum, sizeof sum);
}

uint32_t seen_page_sum(const void *bytes, size_t size, size_t reserve)
{
	uint64_t checksum = 0;
	if (reserve >= sizeof checksum)
		memcpy(&checksum, (const char *)bytes + size - sizeof checksum, sizeof checksum);
	return checksum ? (uint32_t)(checksum ^ checksum >> 32) : quick_sum(bytes, size);
}

bool seen_read(struct seen *s, int file)
{
	return pread(file, s, sizeof *s, 0) == sizeof *s && s->kind == KIND && s->sum == sum_of(s, offsetof(struct seen, sum));
}

bool seen_write(struct seen *s, int file)
{
	s->kind = KIND;
	s->sum = sum_of(s, offsetof(struct seen, sum));
	return pwrite(file, s, sizeof *s, 0) == sizeof *s;
}

void seen_read_pages(struct seen_pages *p, int file)
{
	if (pread(file, p, sizeof *p, PAGES_AT) != sizeof *p || p->sum != quick_sum(p, offsetof(struct seen_pages, sum)))
		memset(p, 0, sizeof *p);
}

void seen_write_pages(struct seen_pages *p, int file)
{
	p->sum = quick_sum(p, offsetof(struct seen_pages, sum));
	(void)!pwrite(file, p, sizeof *p, PAGES_AT);
}

void seen_note_page(struct seen_pages *p, uint32_t page, const void *bytes, size_t size, size_t reserve)
{
	p->of[page % SEEN_PAGES].page = page;
	p->of[page % SEEN_PAGES].sum = seen_page_sum(bytes, size, reserve);
}

struct file_id seen_id(int file)
{
	struct statx x;
	if (statx(file, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &x))
		return (struct file_id){ 0 };
	const bool told = x.stx_mask & STATX_BTIME;
	return (struct file_id){ x.stx_ino, told ? x.stx_btime.tv_sec * 1000000000LL + x.stx_btime.tv_nsec : 0 };
}

bool seen_same(const struct file_id *a, const struct file_id *b)
{
	return a->inode == b->inode && a->born == b->born;
}

int64_t seen_time(const struct stat *info)
{
	return info->st_mtim.tv_sec * 1000000000LL + info->st_mtim.tv_nsec;
}
