/* Event ids. */
#include "billing/event_id.h"

#include <string.h>

enum { RANDOM_BITS = 23, DIGITS = 13 };

int64_t event_number(instant now, unsigned sequence, int64_t randomness)
{
	const int64_t mask = ((int64_t)1 << RANDOM_BITS) - 1;
	int64_t ms = now / 1000 & (((int64_t)1 << 40) - 1);
	return ms << RANDOM_BITS | ((randomness + sequence) & mask);
}

static void base32(char *out, uint64_t n)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	for (int i = DIGITS - 1; i >= 0; i--, n >>= 5)
		out[i] = digits[n & 31];
}

const char *event_id_print(char *out, instant recorded_at, int64_t number)
{
	memcpy(out, "evt_", 4);
	base32(out + 4, (uint64_t)recorded_at);
	base32(out + 4 + DIGITS, (uint64_t)number);
	out[4 + 2 * DIGITS] = '\0';
	return out;
}
