/* What a function declares: its methods, their scope, their parameters, and the handler.
 * A function file ends with a `const struct fn fn_…`; the rest is wire/'s. */
#ifndef WIRE_FN_H
#define WIRE_FN_H

#include "account/scope.h"
#include "shape/shape.h"
#include "wire/reply.h"
#include "wire/request.h"

enum method { M_GET, M_POST, M_PUT, M_PATCH, M_DELETE, M__MAX };

enum body_kind {
	BODY_NONE,   /* a body is not read */
	BODY_OBJECT, /* application/json, one object, its members declared in `body`, each an argument */
	BODY_SHAPE,  /* the same, of a shape: the handler reads rq->body by shape_read() */
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
	const struct param *gives; /* the shape of what a success answers with, or of each item of a list; may be NULL */
	bool lists;          /* takes limit, after, q and sort too, and may answer as CSV */
	bool csv;            /* may answer as CSV, though it does not list so */
	bool matches;        /* wants If-Match: without one it is 428 */
	bool idempotent;     /* takes an Idempotency-Key */
	bool proves_account; /* by the transaction that it writes in: it may be called with a cached account, and run again
	                      * where it returns ST_OUTDATED */
	bool pure;           /* stores nothing, though it is not a GET: so it may be public */
	const char *answers; /* what a success looks like: a JSON example */
	enum st (*handle)(struct request *rq, struct reply *rp);
};

struct fn {
	bool takes_id;    /* an id stands behind its path: /api/customers/7 */
	bool alone;       /* a program of its own, not its folder's: it is asked so often that it wants its own processes */
	const char *also; /* one more address, from the root: "usage/api/stats" */
	struct verb on[M__MAX];
	/** What this program does beside requests, a moment long (wire/tick.h). NULL: nothing. */
	enum st (*tick)(struct store *store, const struct conf *conf);
};

struct fn_entry {
	const char *path; /* below /api and /api/v1: "usage/record" */
	const struct fn *fn;
};

/** The functions of this program, ended by a zero row. Generated: one row, or all. */
extern const struct fn_entry fn_table[];

/** What every list takes beside its own parameters. */
extern const struct param list_query[];

/** "GET" … of a method; the method of a name, M__MAX if there is none such. */
const char *method_name(enum method method);
enum method method_of(const char *name);

#endif
