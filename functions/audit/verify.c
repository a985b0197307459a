/* GET /api/audit/verify: is the audit's chain whole, and the one whose head was kept? */
#include "api/audit.h"

const struct fn fn_audit_verify = {
	.on[M_GET] = {
		.summary = "Prove the audit's chain",
		.doc = "Reads all of it. With `seq` and `hash` of a head that was kept elsewhere, that row must be the same:"
		       " then not even who has the database can have made another chain.",
		.scope = SCOPE_AUDIT_READ, .query = audit_proof_query, .handle = reply_audit_proof,
		.answers = "{\"ok\":true,\"rows\":2,\"redacted\":0,\"first_bad\":null,"
		           "\"head\":{\"seq\":2,\"hash\":\"49181a0e…\"}}",
	},
};
