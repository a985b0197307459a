/* unique: how many distinct values of one metadata field the events of a range have.
 *
 * A value is a string, a number or a boolean, and is compared by its text: 5 is "5". */
#ifndef METER_UNIQUE_H
#define METER_UNIQUE_H

#include "meter/beside.h"

enum { UNIQUE_VALUE_CAP = 255 };

/** The value of an event in the metric's field, a fault at "/metadata/FIELD" if there is none.
 *  Returns: ST_OK; ST_INVALID; ST_MEMORY. In: metadata  NULL for none. Out: value  in the faults' arena */
enum st unique_value(const char **value, struct faults *faults, const struct metric *metric, const char *metadata) MUST_USE;

/** Inside a write: enter a value into a limit window. Out: fresh  it was not in there */
enum st unique_enter(bool *fresh, struct store *store, int64_t tenant_id, const char *metric, struct period window,
                     const char *value) MUST_USE;

/** Inside a write: enter the values of all events of a window, from an instant in it on. */
enum st unique_refill(struct store *store, int64_t tenant_id, const char *metric, struct period window, instant from) MUST_USE;

/** The distinct values of any range, exact to the microsecond. */
enum st unique_count(int64_t *distinct, struct store *store, const struct beside_range *asked) MUST_USE;

/* As beside.h says. */
enum st unique_keep(struct store *store, const struct beside_event *event) MUST_USE;
enum st unique_days(qty *values, struct store *store, int64_t tenant_id, const char *metric, const instant *starts,
                    unsigned count) MUST_USE;
enum st unique_verify(const struct beside_proof *proof) MUST_USE;

#endif
