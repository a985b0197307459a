/* Where usage stands at an instant: the windows that hold it against the plan, and the bill so far. */
#ifndef METER_USAGE_H
#define METER_USAGE_H

#include "meter/level.h"
#include "catalog/plan.h"
#include "meter/rollup.h"
#include "account/window.h"
#include "rate/weight.h"

/** Money computed of what is stored. Where there is no price for it, or it cannot be counted, it is not known. */
struct reckoned {
	bool known;
	minor amount;
};

struct usage_line {
	const struct metric *metric;
	const struct plan_entry *entry;
	struct period window;
	struct rollup rollup;
	struct weight weight; /* weighted_sum: from the window's start to the instant that is looked at */
	qty used, remaining;  /* remaining: 0 when over; of no meaning without a limit */
	bool limited;         /* soft or hard: `included` counts */
	int64_t percent;      /* of the included quantity, rounded down; -1 where there is none */
	enum level level;
	qty overage;          /* past what is included, where that costs */
	exact overage_exact;  /* its price, unrounded; 0 where it is not known */
	struct reckoned overage_amount; /* rounded once */
	bool has_projected;   /* else more than can be counted */
	qty projected;        /* the use at the window's end if it goes on so */
	struct reckoned projected_amount;
};

struct usage_state {
	const struct catalog *catalog;
	const struct plan *plan;         /* NULL without a subscription, or one that can be read */
	const struct currency *currency;
	struct currency other;           /* what it is where ISO 4217 does not have the account's */
	bool begun;                      /* else the subscription starts later: all is zero, and there are no windows */
	struct windows windows;
	struct period cycle;             /* of the base price; empty before the start */
	struct usage_line *lines;        /* one a metric of the catalog, in its order */
	unsigned count;
	struct reckoned base_price;           /* in the period that begins a cycle; 0 in the others */
	struct reckoned total_overage, total; /* so far; total = base + overage */
	struct reckoned projected_overage, projected_total;
};

/** Where an account stands at an instant, against its plan, in one query and two a metric of weighted_sum.
 *  A weighted_sum has accrued up to `at`, or to its window's end once that is past.
 *  In:  now  for the projection, taken down to the hour so that an hour's polls agree
 *  Whatever is stored has an answer: what has no price, or no room, is not known.
 *  Returns: ST_OK; ST_RANGE where the windows of `at` leave the calendar; what the store returns. */
enum st usage_state_at(struct usage_state *state, struct store *store, const struct account *account, instant at,
                       instant now, struct arena *arena) MUST_USE;

/** The line of a metric, by name or alias; NULL if there is none such. */
const struct usage_line *usage_line_of(const struct usage_state *state, const char *metric);

/** May `quantity` more be used? As recording with enforcement would decide, without recording. Of unique, may
 *  one more value; of weighted_sum, would the window end within what is included if it were held till then. Before the
 *  subscription's start nothing counts, and so all may.
 *  Returns: ST_OK; ST_LIMIT_EXCEEDED; ST_RANGE: the total could not be counted, or charged. */
enum st usage_would_fit(const struct usage_state *state, const struct usage_line *line, qty quantity) MUST_USE;

/** The highest alert threshold that the line has reached; 0 for none. */
unsigned usage_threshold(const struct usage_line *line);

/** What the next plan is called; its code if it was never applied. NULL when there is none. */
enum st upgrade_name(const char **name, struct store *store, const struct plan *plan, struct arena *arena) MUST_USE;

/** Where to upgrade: the configured address with the next plan's code. NULL when there is no next plan, or no address is configured. */
const char *upgrade_url(const struct conf *conf, const struct plan *plan, struct arena *arena);

#endif
