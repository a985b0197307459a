/* The audit's answers. */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "wire/fn.h"

extern const struct param audit_query[], audit_proof_query[];

/** Rows newest first, as {"audit": […], "next"}, or all that match as CSV. */
enum st reply_audit(struct request *rq, struct reply *rp) MUST_USE;

/** {"ok", "rows", "redacted", "first_bad", "head": {"seq", "hash"}} of the tenant's whole chain. */
enum st reply_audit_proof(struct request *rq, struct reply *rp) MUST_USE;

#endif
