/* Tokens: pm_TENANT_SECRET. Shown once, stored as a hash; the tenant stands in the
 * token so that its look-up, like every statement, names the tenant. */
#ifndef ACCOUNT_TOKEN_H
#define ACCOUNT_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { TOKEN_ROOM = 80, TOKEN_HASH_ROOM = 65, TOKEN_PREFIX = 12 };

/** Make a token of 190 random bits. Out: token  TOKEN_ROOM bytes */
void token_make(char *token, int64_t tenant);

/** The tenant that a token names. Returns: ST_OK; ST_UNAUTHENTICATED if it has no token's shape. */
enum st token_tenant(int64_t *tenant, const char *token) MUST_USE;

/** SHA-256 in hexadecimal, as stored. Out: hash  TOKEN_HASH_ROOM bytes.
 *  A token is random, so a fast hash is right: there is no word list to try. */
void token_hash(char *hash, const char *token);

/** SHA-256 of any bytes in hexadecimal. Out: hash  TOKEN_HASH_ROOM bytes */
void sha256_hex(char *hash, const void *bytes, unsigned long long size);

/** The same of two pieces, one behind the other. */
void sha256_hex_of_two(char *hash, const char *first, size_t first_size, const char *second, size_t second_size);

/** A random number of 63 bits, from the kernel: unique, and no secret. A process that forks must not call it on both sides. */
int64_t random_id(void);

/** So many random bytes in hexadecimal. Out: out  twice as many characters and a NUL */
void random_hex(char *out, unsigned bytes);

#endif
