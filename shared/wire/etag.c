/* Entity tags by FNV-1a over words of 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
#include "wire/etag.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void etag_of(char *tag, const char *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u ^ size;
	for (size_t i = 0; i < size; i += sizeof hash) {
		uint64_t word = 0;
		memcpy(&word, bytes + i, size - i < sizeof word ? size - i : sizeof word);
		hash = (hash ^ word) * 0x100000001b3u;
		hash ^= hash >> 32; /* a word's upper bits must reach the lower ones */
	}
	snprintf(tag, ETAG_ROOM, "\"%016llx\"", (unsigned long long)hash);
}

bool etag_matches(const char *header, const char *tag)
{
	const size_t inner = strlen(tag) - 1; /* without the closing quote */
	if (!header)
		return false;
	if (!strcmp(header, "*"))
		return true;
	/* Each quoted tag of the list; "abc-gzip" is "abc" too: Apache's mod_deflate and lighttpd rewrite the tag so. */
	for (const char *p = header; (p = strchr(p, '"')); p++)
		if (!strncmp(p, tag, inner) && (!strncmp(p + inner, "-gzip\"", 6) || !strncmp(p + inner, "-br\"", 4) ||
		                                !strncmp(p + inner, "-deflate\"", 9) || p[inner] == '"'))
			return true;
	return false;
}
