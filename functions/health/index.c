/* GET /api/health: is the store there, and of which version is everything? */
#include "wire/fn.h"

static enum st health(struct request *rq, struct reply *rp)
{
	int64_t schema = 0;
	enum st st = rq->store ? store_schema(rq->store, &schema) : ST_STORE;
	if (st)
		return st;
	jw_object(&rp->json, NULL);
	jw_string(&rp->json, "status", "ok");
	jw_string(&rp->json, "version", PM_VERSION);
	jw_int(&rp->json, "schema", schema);
	jw_end(&rp->json);
	return ST_OK;
}

const struct fn fn_health = {
	.on[M_GET] = {
		.summary = "Is Pennymeter able to answer?", .scope = SCOPE_PUBLIC, .handle = health,
		.answers = "{\"status\":\"ok\",\"version\":\"0.1.0\",\"schema\":1}",
	},
};
