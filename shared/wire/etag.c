/* Entity tags by FNV-1a over words of 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
#include "wire/etag.h"

#include <stdint.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x100000001b3u;
	return hash ^ hash >> 32; /* a word's upper bits must reach the lower ones */
}

void etag_of(char *tag, const char *bytes, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t hash = 0xcbf29ce484222325u ^ size, word;
	for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, bytes, size);
	hash = mix(hash, word);
	char *at = tag + ETAG_ROOM;
	*--at = '\0';
	*--at = '"';
	for (; at > tag + 1; hash >>= 4)
		*--at = hex[hash & 15];
	*tag = '"';
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
