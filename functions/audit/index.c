/* GET /api/audit: who changed what, newest first. */
#include "api/audit.h"

const struct fn fn_audit = {
	.on[M_GET] = {
		.summary = "List who changed what",
		.doc = "Each row is a link of a chain: `hash` is the SHA-256 of the row before's, a line feed and `body`;"
		       " `detail_sha256` in it that of `salt`, a line feed and `detail`. `Accept: text/csv` gives all.",
		.scope = SCOPE_AUDIT_READ, .query = audit_query, .csv = true, .handle = reply_audit,
		.answers = "{\"audit\":[{\"tenant_id\":5,\"seq\":1,\"body\":\"{…}\",\"hash\":\"34866d1a…\","
		           "\"salt\":\"3261b4a8…\",\"detail\":\"{…}\"}],\"next\":null}",
	},
};
