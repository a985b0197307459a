/* Prices as plans and products write them: JSON to struct price. */
#ifndef CATALOG_PRICE_READ_H
#define CATALOG_PRICE_READ_H

#include "shape/field.h"
#include "rate/price.h"

enum { PRICE_TIERS_CAP = 100 };

/** Read a price object:
 *    {"model": "flat", "amount"} · {"model": "per_unit", "unit_amount"} ·
 *    {"model": "graduated" | "volume", "tiers": [{"up_to", "unit_amount", "flat_amount"?}, …]} ·
 *    {"model": "package", "package_size", "package_amount", "package_rounding"?: "up" | "down"} ·
 *    {"model": "percentage", "rate_percent"}
 *  each with "included"?, "minimum_amount"?, "maximum_amount"?. Numbers are JSON numbers or decimal
 *  strings: unit and package amounts with 12 decimals, other amounts 18, quantities 6, percents 10.
 *  Bounds rise, and null (open) may only be the last. Other members are passed over.
 *  Returns: ST_OK; ST_INVALID with faults at their pointers; ST_MEMORY.
 *  Out: price  its tiers lie in faults->arena
 *  In:  f      the fields of the object; f->pointer leads the faults' pointers */
enum st price_read(struct price *price, const struct fields *f) MUST_USE;

#endif
