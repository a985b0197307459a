/* Entity tags: a poll that finds nothing changed is answered by a status line. */
#ifndef WIRE_ETAG_H
#define WIRE_ETAG_H

#include <stdbool.h>
#include <stddef.h>

enum { ETAG_ROOM = 19 }; /* 16 digits between quotes, and a NUL */

/** The tag of a body, quoted: "0123456789abcdef". Equal bytes give equal tags. */
void etag_of(char *tag, const char *bytes, size_t size);

/** Does an If-None-Match name the tag? Takes lists, "*", weak tags, and the "-gzip" that
 *  servers append where they compress. `header` may be NULL. */
bool etag_matches(const char *header, const char *tag);

#endif
