/* Writing replies: quantities, money and instants as exact JSON, and the shapes of usage. */
#ifndef PRESENT_WRITE_H
#define PRESENT_WRITE_H

#include "meter/history.h"
#include "meter/record.h"
#include "meter/usage.h"

enum { PRICE_LINES_CAP = 128 }; /* of a breakdown */

void write_qty(struct jwriter *w, const char *name, qty quantity);                                /* 12.5; null of QTY_UNKNOWN */
void write_money(struct jwriter *w, const char *name, minor amount, const struct currency *currency); /* 15.00 */
void write_reckoned(struct jwriter *w, const char *name, struct reckoned sum, const struct currency *currency); /* null: not known */
void write_exact(struct jwriter *w, const char *name, exact amount);                              /* 0.18765424 */
void write_rate(struct jwriter *w, const char *name, unit_price rate);                            /* 0.30 */
void write_instant(struct jwriter *w, const char *name, instant at);
void write_faults(struct jwriter *w, const struct faults *faults); /* each an item of the array that is open */
void write_period(struct jwriter *w, const char *name, struct period period);
void write_billing_period(struct jwriter *w, const char *name, const struct usage_state *state); /* null: not begun */
void write_cycle(struct jwriter *w, const char *name, const struct usage_state *state); /* null also without a plan */

/** used, included, remaining, percent, level: members of the open object. Without a limit the
 *  middle three are null. */
void write_standing(struct jwriter *w, enum policy policy, qty used, qty included);

/** The running use of one metric, as an object: what current-period lists and cards show. Null is what is not known;
 *  the window of a subscription that has not begun. */
void write_usage_line(struct jwriter *w, const struct usage_line *line, const struct currency *currency);

/** How a price came about, tier by tier, as an array `name`. */
void write_breakdown(struct jwriter *w, const char *name, const struct price *price, qty quantity);

/** The charges of every priced metric as an array `name`. */
void write_charges(struct jwriter *w, const char *name, const struct usage_state *state);

/** The plan as {"code","name","version"}, or null. */
void write_plan(struct jwriter *w, const char *name, const struct plan *plan);

/** Events as an array `name`. */
void write_events(struct jwriter *w, const char *name, const struct history_event *events, unsigned count);

/** What a history comes to, as an object `name`. In: zone  of its days */
void write_history_summary(struct jwriter *w, const char *name, const struct history *history, const char *zone);

/** "api_calls usage at 92% of limit". Lives in the arena. */
const char *usage_message(const struct usage_line *line, struct arena *arena);

#endif
