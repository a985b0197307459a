/* Names of the statuses, for logs and messages. */
#include "base/status.h"

static const char *const names[ST__MAX] = {
	[ST_OK] = "ok",
	[ST_DONE] = "done",
	[ST_INVALID] = "invalid",
	[ST_RANGE] = "out_of_range",
	[ST_UNAUTHENTICATED] = "unauthenticated",
	[ST_FORBIDDEN] = "forbidden",
	[ST_LIMIT_EXCEEDED] = "limit_exceeded",
	[ST_NOT_FOUND] = "not_found",
	[ST_BAD_METHOD] = "method_not_allowed",
	[ST_CONFLICT] = "conflict",
	[ST_OUTDATED] = "outdated",
	[ST_NO_PRECONDITION] = "precondition_required",
	[ST_PRECONDITION] = "precondition_failed",
	[ST_KEY_REUSED] = "key_reused",
	[ST_TOO_LARGE] = "too_large",
	[ST_BAD_MEDIA] = "unsupported_media_type",
	[ST_RATE_LIMITED] = "rate_limited",
	[ST_BUSY] = "busy",
	[ST_STALE] = "stale",
	[ST_STORE] = "store_failed",
	[ST_IO] = "io_failed",
	[ST_MEMORY] = "out_of_memory",
};

const char *st_name(enum st st)
{
	return (unsigned)st < ST__MAX ? names[st] : "unknown";
}
