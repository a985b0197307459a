/* Event ids. */
#include "meter/event_id.h"

#include <stdbool.h>
#include <string.h>

enum { RANDOM_BITS = 23, SEQUENCES = 4096, DIGITS = 13 };

int64_t event_number(instant now, unsigned sequence, int64_t randomness)
{
	const int64_t room = (int64_t)1 << RANDOM_BITS, first = randomness % (room - SEQUENCES); /* a request's numbers do not begin anew */
	int64_t ms = now / 1000 & (((int64_t)1 << 40) - 1);
	return ms << RANDOM_BITS | ((first + sequence) & (room - 1));
}

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void base32(char *out, uint64_t n)
{
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

static bool read_base32(int64_t *out, const char *text)
{
	uint64_t n = 0;
	for (int i = 0; i < DIGITS; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
		if (!digit || n >> 59)
			return false;
		n = n << 5 | (uint64_t)(digit - digits);
	}
	*out = (int64_t)n;
	return true;
}

enum st event_id_read(instant *recorded_at, int64_t *number, const char *text)
{
	const bool good = strlen(text) == 4 + 2 * DIGITS && !memcmp(text, "evt_", 4) &&
	                  read_base32(recorded_at, text + 4) && read_base32(number, text + 4 + DIGITS);
	return good ? ST_OK : ST_INVALID;
}
