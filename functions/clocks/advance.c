/* POST /api/clocks/advance: advance a tenant's own clock; each of its jobs runs at its time. */
#include "api/jobs.h"

const struct fn fn_clocks_advance = {
	.on[M_POST] = {
		.summary = "Advance a tenant's own clock",
		.doc = "For tenants that were added with one (`pennymeter tenant add --clock`), as tests do: their time stands"
		       " still until it is advanced. A clock that would go back is refused (409 clock-back), and so is a tenant"
		       " without one (409 no-clock).",
		.scope = SCOPE_OPERATOR_WRITE, .kind = BODY_OBJECT, .body = clock_fields, .handle = reply_clock_advanced,
		.answers = "{\"tenant_id\":2,\"now\":\"2026-03-01T00:00:00Z\","
		           "\"ran\":[{\"job\":\"purge\",\"tenant_id\":2,\"done\":3,\"failed\":0}]}",
	},
};
