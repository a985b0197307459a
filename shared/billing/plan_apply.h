/* Applying plans/: metrics and plans from files into the store, whole or not at all. */
#ifndef BILLING_PLAN_APPLY_H
#define BILLING_PLAN_APPLY_H

#include "catalog/plan.h"

struct plan_file {
	const char *name; /* as a fault names it: "starter.json" */
	const char *text; /* ended by NUL */
};

struct applied {
	unsigned metrics;   /* declared */
	unsigned plans;     /* read */
	unsigned versions;  /* of them, changed or new: made a version */
};

/** Read a metrics file and plan files, and store what changed. A changed plan makes a new
 *  version; subscriptions keep theirs.
 *  Returns: ST_OK; ST_INVALID, nothing was stored: each fault's pointer is "FILE: /JSON/POINTER".
 *  In:  metrics  NULL text: the stored metrics stay */
enum st plans_apply(struct applied *applied, struct store *store, struct faults *faults, const struct plan_file *metrics,
                    const struct plan_file *plans, unsigned count, instant now, struct arena *arena) MUST_USE;

#endif
