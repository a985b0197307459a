/* Checksums of a SQLite file's pages: in the eight bytes that each reserves at its end. */
#ifndef STORE_SQLITE_PAGES_H
#define STORE_SQLITE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE_RESERVE = 8, PAGE_LEAST = 512, PAGE_MOST = 65536, PAGE_HEADER = 100 };

/** What a file's first 100 bytes tell of its pages. */
struct page_shape {
	uint32_t size;   /* of a page; 0: this is no header of SQLite's */
	bool sealed;     /* its pages have room for checksums, so who writes one through our layer puts it there */
	uint32_t count;  /* of its pages, as the header has it */
};

struct page_shape page_shape_of(const unsigned char *header);

enum page_state {
	PAGE_RIGHT, /* its checksum is that of its content and its number */
	PAGE_BARE,  /* it has none: a program without our layer brought the log into the file */
	PAGE_EMPTY, /* nothing but zeros: a page that was never used, or one that was lost */
	PAGE_WRONG
};

enum page_state page_judge(const unsigned char *page, size_t size, uint32_t number);

/** Put the checksum into a page's last eight bytes. */
void page_seal(unsigned char *page, size_t size, uint32_t number);

/** Put the checksums into every page of a file that nobody has open. Returns: 0; -1 with errno. */
int page_seal_file(const char *path);

/** Big-endian numbers, as in SQLite's files. */
uint32_t page_be32(const unsigned char *bytes);

/** The page that holds SQLite's lock bytes: never used. */
uint32_t page_of_locks(uint32_t size);

#endif
