/* POST /api/widgets/polish/{id}: say here what it does. */
#include "api/resource.h"
#include "billing/widget.h"

/* Who calls, his scope and all that came are checked by now: rq->id is the address's, rq_text(rq, "note") a parameter.
 * Make one call of shared/billing, which changes the widget within work_do() (account/work.h), and answer with it.
 * This one only reads. */
static enum st answer(struct request *rq, struct reply *rp)
{
	return reply_one(rq, rp, &widgets);
}

/* More columns: wire/fn.h. Parameters are `.query = …`, or `.kind = BODY_OBJECT, .body = …`: rows as in
 * functions/usage/check.c. */
const struct fn fn_widgets_polish = {
	.takes_id = true, /* without it: POST /api/widgets/polish */
	.on[M_POST] = { .summary = "Say here what it does", .scope = SCOPE_SETTINGS_WRITE, .idempotent = true,
		.gives = widget_shape, .handle = answer },
};
