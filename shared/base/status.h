/* The one status enum: what every fallible call of Pennymeter returns. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define MUST_USE __attribute__((warn_unused_result))

/** Only wire/problem.c translates these to HTTP, only infra/ to exit codes. */
enum st {
	ST_OK,
	ST_DONE,            /* no further row, line or request */
	ST_INVALID,         /* the caller's input is wrong; faults say where */
	ST_RANGE,           /* a value does not fit its type */
	ST_UNAUTHENTICATED, /* no token, or not a valid one */
	ST_FORBIDDEN,       /* a valid token without the scope */
	ST_LIMIT_EXCEEDED,  /* a plan's hard limit refuses it */
	ST_NOT_FOUND,       /* no such object, or another tenant's */
	ST_BAD_METHOD,
	ST_CONFLICT,        /* the object's state does not allow it */
	ST_OUTDATED,        /* it was decided by what has changed since: read it anew and decide again */
	ST_NO_PRECONDITION, /* a change that does not say which version it is of */
	ST_PRECONDITION,    /* a change of a version that is no longer the last */
	ST_KEY_REUSED,      /* an idempotency key with another payload */
	ST_TOO_LARGE,
	ST_BAD_MEDIA,
	ST_RATE_LIMITED,
	ST_BUSY,            /* try again: the store is held by another */
	ST_STALE,           /* the store has been put elsewhere: open it anew */
	ST_STORE,           /* the database failed; the log says how */
	ST_IO,
	ST_MEMORY,
	ST__MAX
};

/** The status's own short name, e.g. "not_found"; never NULL. */
const char *st_name(enum st st);

#endif
