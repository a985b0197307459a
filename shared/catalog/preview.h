/* Previews: what a plan or a price would come to, before anyone is on it. */
#ifndef CATALOG_PREVIEW_H
#define CATALOG_PREVIEW_H

#include "catalog/plan.h"

/** A price by itself, in place of a plan's. */
struct preview_amount {
	const struct currency *currency;
	struct price price;
	qty quantity;
	exact unrounded;
	minor amount;
};

/** Price a quantity by a price as plans write it.
 *  Returns: ST_OK; ST_INVALID with faults at "/price", "/quantity" and "/currency"; ST_MEMORY.
 *  In:  quantity  below 0: none came
 *  In:  currency  NULL: the configured one */
enum st preview_price(struct preview_amount *preview, const struct conf *conf, const struct json *price, qty quantity,
                      const char *currency, struct faults *faults) MUST_USE;

struct preview_line {
	const struct metric *metric;
	const struct plan_entry *entry;
	qty quantity, overage; /* overage: past what is included */
	bool refused;          /* a hard limit would not let so much be used */
	exact unrounded;
	minor amount;
};

struct preview {
	const struct plan *plan;
	const struct currency *currency;
	minor base_price, total_overage, total;
	struct preview_line *lines;
	unsigned count;
};

/** Price quantities of a plan's latest version.
 *  Returns: ST_OK; ST_INVALID with faults; ST_RANGE; what the store returns.
 *  In:  code        a plan's code, in any case
 *  In:  cycle       whose base price: a name; NULL: plan_cycle()'s
 *  In:  currency    NULL: the plan's own, or the configured one
 *  In:  quantities  {"metric_name": quantity, …}; lives as long as `arena` */
enum st preview_plan(struct preview *preview, struct store *store, const struct conf *conf, const char *code,
                     const char *cycle, const char *currency, const struct json *quantities, struct faults *faults, struct arena *arena) MUST_USE;

#endif
