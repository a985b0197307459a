/* Limit windows: the billing period, the calendar month and the day that hold an instant. */
#ifndef ACCOUNT_WINDOW_H
#define ACCOUNT_WINDOW_H

#include "account/account.h"
#include "catalog/metric.h"

struct windows {
	struct period of[WINDOW__MAX];
};

/** One window of an account at an instant, in its time zone. The billing period counts
 *  from the subscription's anchor; without a subscription it is the calendar month.
 *  Returns: ST_OK; ST_INVALID for a damaged time zone; ST_RANGE past the calendar. */
enum st window_at(struct period *window, const struct account *account, enum limit_window kind, instant at) MUST_USE;

/** All three. As window_at(). */
enum st windows_at(struct windows *windows, const struct account *account, instant at) MUST_USE;

/** Does a use at this instant count? Not before the subscription's start. */
bool window_counts(const struct account *account, instant at);

/** The part of a window in which uses count. Empty where it ends before the subscription's start. */
struct period window_counted(const struct account *account, struct period window);

#endif
