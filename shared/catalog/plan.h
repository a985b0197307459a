/* Plans: base price, and for each metric what is included, what more costs, and who stops it. */
#ifndef CATALOG_PLAN_H
#define CATALOG_PLAN_H

#include "catalog/cycle.h"
#include "catalog/metric.h"
#include "rate/price.h"

enum policy {
	POLICY_NONE,      /* not in the plan: counted, never charged, refused where enforced */
	POLICY_SOFT,      /* past what is included it costs */
	POLICY_HARD,      /* past what is included it is refused */
	POLICY_UNLIMITED, /* counted only */
	POLICY__MAX
};

enum { PLAN_CODE_CAP = 64, PLAN_NAME_CAP = 200 }; /* bytes; characters */

struct plan_entry {
	const char *metric;
	enum policy policy;
	qty included;       /* per window; 0 where unlimited or none */
	bool priced;
	struct price price; /* its `included` is the entry's */
	qty most[CURRENCY_DIGITS + 1]; /* the largest use up to which each has a charge that can be counted, by the
	                                * currency's digits; INT64_MAX: every use has one; -1: not even no use at all has */
};

struct plan {
	int64_t plan_version_id;
	const char *code, *name;
	int64_t version;
	const char *currency;   /* NULL: amounts are in the tenant's own currency */
	bool offered[CYCLE__MAX];  /* cycles that the base price has: at least one */
	exact base[CYCLE__MAX];
	enum billing_cycle usage_cycle; /* in which usage counts, where the subscription's cycle is longer */
	const char *next;       /* the plan to upgrade to; NULL for none */
	const struct plan_entry *entries;
	unsigned count;
	const char *const *features;
	unsigned feature_count;
};

/** Read a plan's document, checking its metrics against the catalog (NULL: they were checked before).
 *  Returns: ST_OK; ST_INVALID with faults; ST_MEMORY. Everything lives in `arena` or in `document`. */
enum st plan_read(struct plan *plan, struct faults *faults, const struct json *document, const struct catalog *catalog,
                  struct arena *arena) MUST_USE;

/** The latest version of the plan of a code, in any case. Returns: ST_OK; ST_NOT_FOUND; what the store returns. */
enum st plan_latest(int64_t *plan_version_id, struct store *store, const char *code) MUST_USE;

/** A plan version, kept by the process: versions never change.
 *  Returns: ST_OK; ST_NOT_FOUND, also of one that is damaged; what the store returns.
 *  Out: plan  not freed by the caller */
enum st plan_load(const struct plan **plan, struct store *store, int64_t plan_version_id) MUST_USE;

/** A plan version as a list has it; its texts live until the next one. */
struct plan_listed {
	int64_t plan_version_id, version;
	const char *code, *name;
	int64_t applied_at; /* an instant */
};

/** Tell every version of every plan, by code and version. Returns: ST_OK; what the store returns. */
enum st plans_list(struct store *store, void (*tell)(void *context, const struct plan_listed *plan), void *context) MUST_USE;

/** The cycle to take where none is named: monthly, or the shortest that the plan offers. */
enum billing_cycle plan_cycle(const struct plan *plan);

/** The names of the cycles that a plan offers: "monthly, yearly". Out: names  PLAN_CYCLES_ROOM bytes. Returns: names */
enum { PLAN_CYCLES_ROOM = 64 };
const char *plan_cycles(char *names, const struct plan *plan);

/** The cycle in which the usage of a subscription counts. */
enum billing_cycle plan_usage_cycle(const struct plan *plan, enum billing_cycle cycle);

/** Can the currency express every amount of the plan to the last digit? For plans without a currency of their own. */
bool plan_fits(const struct plan *plan, const struct currency *currency);

/** What the plan says of a metric; an entry of POLICY_NONE if it says nothing, or `plan` is NULL. */
const struct plan_entry *plan_entry(const struct plan *plan, const char *metric);

/** What of a use lies past what is included, where that costs; else 0. */
qty plan_overage(const struct plan_entry *entry, qty used);

/** What a use costs past what is included; 0 where nothing is priced.
 *  Returns: ST_OK; as price_amount() and minor_round(): there is no charge past entry->most.
 *  Out: unrounded, amount  the exact price, and rounded once, half away from zero */
enum st plan_charge(exact *unrounded, minor *amount, const struct plan_entry *entry, qty used,
                    const struct currency *currency) MUST_USE;

const char *policy_name(enum policy policy);

#endif
