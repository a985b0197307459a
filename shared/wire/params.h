/* Typed parameters: from a query string or a JSON object to checked values. */
#ifndef WIRE_PARAMS_H
#define WIRE_PARAMS_H

#include "wire/fn.h"

/** Check a query string against its declaration and keep the values in rq->args.
 *  In: more  what stands beside the declaration, all optional; NULL: nothing
 *  Unknown and repeated names, missing ones and bad values are faults.
 *  Returns: ST_OK; ST_INVALID; ST_MEMORY. */
enum st params_query(struct request *rq, const struct param *declared, const struct param *more,
                     const char *query) MUST_USE;

/** The same for a body's members. */
enum st params_body(struct request *rq, const struct param *declared, const struct json *object) MUST_USE;

/** Check one JSON value as params_body() does a member.
 *  Out: arg  In: pointer  where a fault points */
enum st param_value(struct arg *arg, struct request *rq, const struct param *param, const struct json *value,
                    const char *pointer) MUST_USE;

/** "a decimal", "RFC 3339 or a date": a type in words, and in JSON Schema's terms. */
const char *param_type_name(enum param_type type);

/** Decode %XX in place once. Returns: false on a bad or refused escape (%00). */
bool percent_decode(char *text, bool plus_is_space);

#endif
