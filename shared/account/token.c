/* Tokens, on libsodium. */
#include "account/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { SECRET_LENGTH = 32, RANDOM_MOST = 64 };

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

void token_make(char *token, int64_t tenant)
{
	int at = snprintf(token, TOKEN_ROOM, "pm_%lld_", (long long)tenant);
	for (int i = 0; i < SECRET_LENGTH; i++)
		token[at++] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
	token[at] = '\0';
}

enum st token_tenant(int64_t *tenant, const char *token)
{
	if (strncmp(token, "pm_", 3) || strlen(token) >= TOKEN_ROOM)
		return ST_UNAUTHENTICATED;
	int64_t n = 0;
	const char *p = token + 3;
	for (; *p >= '0' && *p <= '9' && n < INT64_MAX / 100; p++)
		n = n * 10 + (*p - '0');
	if (p == token + 3 || *p != '_')
		return ST_UNAUTHENTICATED;
	*tenant = n;
	return ST_OK;
}

void sha256_hex(char *hash, const void *bytes, unsigned long long size)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(digest, bytes, size);
	sodium_bin2hex(hash, TOKEN_HASH_ROOM, digest, sizeof digest);
}

void sha256_hex_of_two(char *hash, const char *first, size_t first_size, const char *second, size_t second_size)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)first, first_size);
	crypto_hash_sha256_update(&state, (const unsigned char *)second, second_size);
	crypto_hash_sha256_final(&state, digest);
	sodium_bin2hex(hash, TOKEN_HASH_ROOM, digest, sizeof digest);
}

void token_hash(char *hash, const char *token)
{
	sha256_hex(hash, token, strlen(token));
}

/* By the handful: a call of the system for each would be one of the few that a record makes. */
int64_t random_id(void)
{
	enum { HANDFUL = 32 };
	static int64_t ids[HANDFUL];
	static unsigned left;
	if (!left) {
		randombytes_buf(ids, sizeof ids);
		left = HANDFUL;
	}
	return ids[--left] & INT64_MAX;
}

void random_hex(char *out, unsigned bytes)
{
	unsigned char random[RANDOM_MOST];
	bytes = bytes < RANDOM_MOST ? bytes : RANDOM_MOST;
	randombytes_buf(random, bytes);
	sodium_bin2hex(out, 2 * bytes + 1, random, bytes);
}
