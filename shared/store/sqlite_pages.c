/* Checksums of pages: 64 bits over a page's number and all of it but the checksum itself. */
#include "store/sqlite_pages.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { WORD = sizeof(uint64_t) };

static const uint64_t FACTOR = 0x9e3779b97f4a7c15u, LAST_FACTOR = 0xd6e8feb86659fd93u; /* odd: no bit of a word is lost */

/* ---- the sum ---- */

/* The turn brings the upper bits down, which the product alone never does: two of them would undo each other. */
static uint64_t mix(uint64_t lane, const unsigned char *at)
{
	uint64_t word;
	memcpy(&word, at, WORD);
	lane = (lane ^ word) * FACTOR;
	return lane << 29 | lane >> 35;
}

static uint64_t fold(uint64_t sum, uint64_t lane)
{
	sum = (sum ^ lane) * LAST_FACTOR;
	return sum ^ sum >> 32;
}

/* In four lanes that need not wait for each other, each in a register. Never 0, which is how a page looks that has no checksum. */
static uint64_t page_sum(const unsigned char *page, size_t size, uint32_t number)
{
	const unsigned char *at = page, *end = page + size - PAGE_RESERVE;
	uint64_t a = number, b = FACTOR, c = ~(uint64_t)number, d = LAST_FACTOR;
	for (; end - at >= 4 * WORD; at += 4 * WORD) {
		a = mix(a, at);
		b = mix(b, at + WORD);
		c = mix(c, at + 2 * WORD);
		d = mix(d, at + 3 * WORD);
	}
	a = end - at > 0 ? mix(a, at) : a;
	b = end - at > WORD ? mix(b, at + WORD) : b;
	c = end - at > 2 * WORD ? mix(c, at + 2 * WORD) : c;
	const uint64_t sum = fold(fold(fold(fold(size, a), b), c), d);
	return sum ? sum : 1;
}

void page_seal(unsigned char *page, size_t size, uint32_t number)
{
	const uint64_t sum = page_sum(page, size, number);
	memcpy(page + size - PAGE_RESERVE, &sum, sizeof sum);
}

static bool is_empty(const unsigned char *page, size_t size)
{
	return !page[0] && !memcmp(page, page + 1, size - 1);
}

enum page_state page_judge(const unsigned char *page, size_t size, uint32_t number)
{
	uint64_t sum;
	memcpy(&sum, page + size - PAGE_RESERVE, sizeof sum);
	if (!sum)
		return is_empty(page, size) ? PAGE_EMPTY : PAGE_BARE;
	return sum == page_sum(page, size, number) ? PAGE_RIGHT : PAGE_WRONG;
}

static int seal_one(int fd, size_t size, uint32_t number)
{
	static unsigned char page[PAGE_MOST];
	const off_t at = (off_t)(number - 1) * (off_t)size;
	if (pread(fd, page, size, at) != (ssize_t)size)
		return -1;
	if (number == page_of_locks((uint32_t)size) || page_judge(page, size, number) == PAGE_RIGHT)
		return 0;
	page_seal(page, size, number);
	return pwrite(fd, page, size, at) == (ssize_t)size ? 0 : -1;
}

int page_seal_file(const char *path)
{
	unsigned char header[PAGE_HEADER];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool failed = fd < 0 || pread(fd, header, sizeof header, 0) != sizeof header;
	const struct page_shape shape = failed ? (struct page_shape){ 0 } : page_shape_of(header);
	for (uint32_t n = 1; shape.sealed && n <= shape.count && !failed; n++)
		failed = seal_one(fd, shape.size, n);
	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}

/* ---- SQLite's header (https://sqlite.org/fileformat2.html) ---- */

uint32_t page_be32(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

struct page_shape page_shape_of(const unsigned char *header)
{
	const uint32_t told = (uint32_t)header[16] << 8 | header[17], size = told == 1 ? PAGE_MOST : told;
	const bool good = !memcmp(header, "SQLite format 3", 16) && size >= PAGE_LEAST && !(size & (size - 1));
	if (!good)
		return (struct page_shape){ 0 };
	return (struct page_shape){ .size = size, .sealed = header[20] == PAGE_RESERVE, .count = page_be32(header + 28) };
}

uint32_t page_of_locks(uint32_t size)
{
	return (1u << 30) / size + 1;
}
