/* A request, after it was authenticated and its parameters were checked. */
#ifndef WIRE_REQUEST_H
#define WIRE_REQUEST_H

#include "account/account.h"
#include "exact/clock.h"
#include "base/conf.h"
#include "base/json.h"
#include "exact/money.h"
#include "store/store.h"

enum { ARGS_CAP = 48 }; /* of the query and the body together; the route generator refuses to declare more */

struct param;

/** One value that came for a declared parameter. */
struct arg {
	const struct param *param;
	const char *text;         /* of texts, keys and choices */
	int64_t number;           /* of integers, booleans, quantities and instants */
	const struct json *value; /* of objects */
};

struct request {
	struct arena *arena;
	struct faults *faults; /* a handler that returns ST_INVALID says here what is wrong */
	struct store *store;
	const struct conf *conf;
	struct account *account; /* NULL on a public verb */
	instant now;
	int64_t id;              /* that stands behind the path, from 1 to 2^53; 0 where none is taken */
	const char *path;        /* of the function below /api: "customers/archive" */
	const char *query;       /* as it came; NULL: none */
	const char *address, *user_agent; /* of the client; NULL: not known */
	const char *if_match;    /* NULL if none came */
	const struct json *body; /* of BODY_SHAPE */
	struct arg args[ARGS_CAP];
	unsigned arg_count;
	const char *idempotency_key; /* NULL if none came */
	const char *content_type;    /* lower case, without parameters */
	bool wants_csv;              /* Accept: text/csv */
	const char *raw;             /* the body as it came */
	size_t raw_size;
};

/** A parameter's value, or what stands for an absent one. The name must be declared. */
bool rq_has(const struct request *rq, const char *name);
const char *rq_text(const struct request *rq, const char *name);                    /* NULL if absent */
int64_t rq_int(const struct request *rq, const char *name, int64_t absent);
bool rq_bool(const struct request *rq, const char *name);                           /* false if absent */
qty rq_qty(const struct request *rq, const char *name, qty absent);
instant rq_instant(const struct request *rq, const char *name, instant absent);
const struct json *rq_object(const struct request *rq, const char *name);           /* NULL if absent */

#endif
