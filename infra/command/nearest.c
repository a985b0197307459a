/* Edits between two words: a letter more, less, other, or two of them swapped. */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { LETTERS = 24, PREFIX = 3 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Three rows of the usual table suffice: a swap looks two rows back. Both have at most LETTERS. */
static unsigned edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
	unsigned rows[3][LETTERS + 1];
	for (unsigned j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a_size; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
		row[0] = i;
		for (unsigned j = 1; j <= b_size; j++) {
			const bool same = !strncasecmp(a + i - 1, b + j - 1, 1);
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && !strncasecmp(a + i - 1, b + j - 2, 1) && !strncasecmp(a + i - 2, b + j - 1, 1))
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

void nearest_offer(struct nearest *n, const char *known, const char *shown)
{
	const char *typed = n->typed + strspn(n->typed, "-");
	const size_t typed_size = strcspn(typed, "="), size = strlen(known), common = typed_size < size ? typed_size : size;
	if (!typed_size || typed_size > LETTERS || size > LETTERS)
		return;
	unsigned distance = edits(typed, typed_size, known, size);
	if (common >= PREFIX && distance && !strncasecmp(typed, known, common))
		distance = 1; /* one begins as the other: "curr", "tenant-id" */
	if (distance > (typed_size + 3) / 4 || (n->best && distance >= n->distance))
		return;
	n->best = shown;
	n->distance = distance;
}
