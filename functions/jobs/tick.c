/* POST /api/jobs/tick: run the jobs that are due, for at most two seconds. */
#include "api/jobs.h"

const struct fn fn_jobs_tick = {
	.on[M_POST] = {
		.summary = "Run the jobs that are due",
		.doc = "For at most two seconds; call it again while it has something in `ran`. Where cron runs"
		       " `pennymeter job run --due`, or functions may do it after a reply (`tick`), nobody need call it.",
		.scope = SCOPE_OPERATOR_WRITE, .handle = reply_jobs_due,
		.answers = "{\"ran\":[{\"job\":\"purge\",\"tenant_id\":2,\"done\":3,\"failed\":0}]}",
	},
	.tick = jobs_tick,
};
