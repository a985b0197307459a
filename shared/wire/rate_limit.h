/* Rate limits: how many requests a token may make a minute, counted across processes. */
#ifndef WIRE_RATE_LIMIT_H
#define WIRE_RATE_LIMIT_H

#include "account/account.h"
#include "base/conf.h"
#include "base/text.h"

struct rate_limit;

/** Map the shared counters if the configuration sets a limit; NULL (no limit) otherwise, or
 *  where the file cannot be mapped, which is logged: a limit is no reason to be down. */
struct rate_limit *rate_limit_open(const struct conf *conf);
void rate_limit_close(struct rate_limit *limit);

/** Count a request. Returns: ST_OK; ST_RATE_LIMITED.
 *  Out: headers  RateLimit-Limit, -Remaining, -Reset, and Retry-After when refused */
enum st rate_limit_check(struct rate_limit *limit, const struct account *account, instant now, struct text *headers) MUST_USE;

#endif
