/* Files that are mapped to be shared, and may be cut off meanwhile by whoever cleans up: that must end no process. */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <stddef.h>

/** From now on: whoever reads or writes behind the end of the file finds empty pages in the whole mapping's place,
 *  which no other process sees. So what is mapped must tell of itself whether it is what it was. A few mappings
 *  at a time. */
void guard_mapping(void *at, size_t size);

/** Before it is unmapped. */
void unguard_mapping(const void *at);

#endif
