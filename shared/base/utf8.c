/* Well-formed UTF-8, by table 3-7 of the Unicode standard. */
#include "base/utf8.h"

#include <string.h>

unsigned utf8_length(const unsigned char *p, const unsigned char *end)
{
	static const struct { unsigned char from, to, low, high; unsigned length; } lead[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	for (size_t i = 0; i < sizeof lead / sizeof *lead; i++) {
		if (*p < lead[i].from || *p > lead[i].to)
			continue;
		if ((size_t)(end - p) < lead[i].length)
			return 0;
		if (lead[i].length > 1 && (p[1] < lead[i].low || p[1] > lead[i].high))
			return 0;
		for (unsigned k = 2; k < lead[i].length; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return lead[i].length;
	}
	return 0;
}

bool utf8_valid(const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
	while (p < end) {
		unsigned length = *p < 0x80 ? 1 : utf8_length(p, end);
		if (!length)
			return false;
		p += length;
	}
	return true;
}

size_t utf8_count(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

void utf8_repair(char *text)
{
	unsigned char *p = (unsigned char *)text, *end = p + strlen(text);
	while (p < end) {
		unsigned length = utf8_length(p, end);
		if (!length)
			*p = '?';
		p += length ? length : 1;
	}
}
