/* GET /api/widgets/polish: say here what it tells. */
#include "wire/fn.h"

/* A row a parameter: name, type, REQUIRED or OPTIONAL, a sentence, least and most. Types: shape/shape.h. */
static const struct param query[] = {
	{ "name", P_TEXT, OPTIONAL, "whom to greet; the world if absent", 1, 40 },
	{ 0 },
};

/* Who calls, his scope and the parameters are checked by now. Make one call of shared/ here, and write what it
 * gives. */
static enum st answer(struct request *rq, struct reply *rp)
{
	jw_object(&rp->json, NULL);
	jw_string(&rp->json, "hello", rq_has(rq, "name") ? rq_text(rq, "name") : "world");
	jw_end(&rp->json);
	return ST_OK;
}

/* More columns: wire/fn.h. */
const struct fn fn_widgets_polish = {
	.on[M_GET] = { .summary = "Say here what it tells", .scope = SCOPE_SETTINGS_READ, .query = query,
		.answers = "{\"hello\":\"world\"}", .handle = answer },
};
