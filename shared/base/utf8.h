/* Well-formed UTF-8. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/** The length in bytes of the well-formed sequence that begins at `p`, 0 if there is none. */
unsigned utf8_length(const unsigned char *p, const unsigned char *end);

/** Is the whole string well-formed? */
bool utf8_valid(const char *text);

/** How many characters a well-formed string has. */
size_t utf8_count(const char *text);

/** Put "?" in the place of each byte that belongs to no well-formed sequence. */
void utf8_repair(char *text);

#endif
