/* What a plan's prices must keep beyond their grammar: each use has a price, and no amount has more digits than the currency. */
#ifndef CATALOG_PRICE_CHECK_H
#define CATALOG_PRICE_CHECK_H

#include "shape/field.h"
#include "rate/price.h"

/** Check money as a plan writes it.
 *  In:  f, name  where it stands, to name it in a fault
 *  In:  currency  of the plan; NULL: of each tenant, so that decimals cannot be judged */
void money_check(const struct fields *f, const char *name, exact amount, const struct currency *currency);

/** Check a price that price_read() took: its last tier is open, no amount has more digits than the currency, and its first
 *  unit costs no more than can be counted.
 *  In:  f  the fields of its object */
void price_check(const struct fields *f, const struct price *price, const struct currency *currency);

/** Can the currency express this amount to the last digit? */
bool money_fits(exact amount, const struct currency *currency);

/** The same of each amount of a price. */
bool price_fits(const struct price *price, const struct currency *currency);

#endif
