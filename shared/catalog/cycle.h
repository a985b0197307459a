/* Billing cycles: how often a plan's base price falls due, and how long the periods are in which its usage counts. */
#ifndef CATALOG_CYCLE_H
#define CATALOG_CYCLE_H

#include "rate/period.h"

/** The shortest first. CYCLE__MAX: none is named. */
enum billing_cycle { CYCLE_WEEKLY, CYCLE_MONTHLY, CYCLE_QUARTERLY, CYCLE_HALF_YEARLY, CYCLE_YEARLY, CYCLE__MAX };

#define CYCLE_NAMES "weekly monthly quarterly half_yearly yearly" /* as the choices of a parameter */

/** "monthly", and what a plan's base price of it is called: "month". */
const char *cycle_name(enum billing_cycle cycle);
const char *cycle_base(enum billing_cycle cycle);

/** The cycle of a name, or CYCLE__MAX. */
enum billing_cycle cycle_named(const char *name);

/** As periods are counted: period k starts at anchor + k months (3 k, 6 k, 12 k; weekly 7 k days). */
struct cycle cycle_from(enum billing_cycle cycle, instant anchor, const char *zone);

#endif
