/* Billing cycles. */
#include "catalog/cycle.h"

#include <string.h>

static const struct {
	const char *name, *base;
	enum period_unit unit;
	unsigned count;
} rows[CYCLE__MAX] = {
	[CYCLE_WEEKLY] = { "weekly", "week", UNIT_DAY, 7 },
	[CYCLE_MONTHLY] = { "monthly", "month", UNIT_MONTH, 1 },
	[CYCLE_QUARTERLY] = { "quarterly", "quarter", UNIT_MONTH, 3 },
	[CYCLE_HALF_YEARLY] = { "half_yearly", "half_year", UNIT_MONTH, 6 },
	[CYCLE_YEARLY] = { "yearly", "year", UNIT_YEAR, 1 },
};

const char *cycle_name(enum billing_cycle cycle)
{
	return rows[cycle].name;
}

const char *cycle_base(enum billing_cycle cycle)
{
	return rows[cycle].base;
}

enum billing_cycle cycle_named(const char *name)
{
	unsigned i = 0;
	while (i < CYCLE__MAX && strcmp(rows[i].name, name))
		i++;
	return (enum billing_cycle)i;
}

struct cycle cycle_from(enum billing_cycle cycle, instant anchor, const char *zone)
{
	return (struct cycle){ .mode = PERIOD_ANNIVERSARY, .unit = rows[cycle].unit, .count = rows[cycle].count,
		.anchor = anchor, .zone = zone };
}
