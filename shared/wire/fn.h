/* What a function declares: its methods, their scope, their parameters, and the handler.
 * A function file ends with a `const struct fn fn_…`; the rest is wire/'s. */
#ifndef WIRE_FN_H
#define WIRE_FN_H

#include "account/scope.h"
#include "wire/reply.h"
#include "wire/request.h"

enum method { M_GET, M_POST, M_PUT, M_PATCH, M_DELETE, M__MAX };

enum param_type {
	P_TEXT = 1, /* a string of min to max characters (default 1 to 255) in one line: no control characters */
	P_KEY,      /* 1 to 255 visible ASCII characters */
	P_QUANTITY, /* a number or decimal string of at most 6 decimals: rq_qty() */
	P_INSTANT,  /* RFC 3339, or a date: that day's first instant in the tenant's zone */
	P_END,      /* RFC 3339, or a date: the end of that day there */
	P_INT,      /* a whole number from min to max */
	P_BOOL,
	P_OBJECT,   /* a JSON object of at most max bytes */
	P_CHOICE,   /* one of `choices` */
	P__MAX
};

enum presence { OPTIONAL, REQUIRED };

struct param {
	const char *name;
	enum param_type type;
	enum presence presence;
	const char *doc;
	int64_t min, max;
	const char *choices; /* parted by spaces */
};

enum body_kind {
	BODY_NONE,   /* a body is not read */
	BODY_OBJECT, /* application/json, one object, its members declared in `body` */
	BODY_RAW     /* the handler reads rq->raw; `media` names the content types */
};

enum { BODY_CAP = 64 << 10 }; /* of a method that says nothing else */

struct verb {
	const char *summary;
	const char *doc; /* more, for openapi.json; may be NULL */
	enum scope scope;
	const struct param *query, *body; /* ended by a row without a name; NULL for none */
	enum body_kind kind;
	const char *media;   /* of BODY_RAW: content types parted by spaces */
	size_t body_cap;     /* bytes; 0 means BODY_CAP */
	bool idempotent;     /* takes an Idempotency-Key */
	bool proves_account; /* by the transaction that it writes in: it may be called with a cached account, and run again
	                      * where it returns ST_OUTDATED */
	bool pure;           /* stores nothing, though it is not a GET: so it may be public */
	const char *answers; /* what a success looks like: a JSON example */
	enum st (*handle)(struct request *rq, struct reply *rp);
};

struct fn {
	const char *also; /* one more address, from the root: "usage/api/stats" */
	struct verb on[M__MAX];
};

struct fn_entry {
	const char *path; /* below /api and /api/v1: "usage/record" */
	const struct fn *fn;
};

/** The functions of this program, ended by a zero row. Generated: one row, or all. */
extern const struct fn_entry fn_table[];

/** "GET" … of a method; the method of a name, M__MAX if there is none such. */
const char *method_name(enum method method);
enum method method_of(const char *name);

#endif
