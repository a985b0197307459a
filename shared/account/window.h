/* Limit windows: the period in which usage counts, the month, the week, the day and the hour that hold an instant. */
#ifndef ACCOUNT_WINDOW_H
#define ACCOUNT_WINDOW_H

#include "account/account.h"
#include "catalog/metric.h"

struct windows {
	struct period of[WINDOW__MAX]; /* empty: no metric is limited by it */
};

/** One window of an account at an instant, in its time zone. The period counts from the subscription's anchor by its
 *  usage cycle; without a subscription it is the calendar month. A week begins on Monday; an hour that the clocks
 *  show twice is two.
 *  Returns: ST_OK; ST_INVALID for a damaged time zone; ST_RANGE past the calendar. */
enum st window_at(struct period *window, const struct account *account, enum limit_window kind, instant at) MUST_USE;

/** The period, and those that a metric of the catalog is limited by. As window_at(). */
enum st windows_at(struct windows *windows, const struct account *account, const struct catalog *catalog,
                   instant at) MUST_USE;

/** The billing cycle that holds an instant: its base price falls due where it begins. As window_at(). */
enum st window_of_cycle(struct period *cycle, const struct account *account, instant at) MUST_USE;

/** Does a use at this instant count? Not before the subscription's start. */
bool window_counts(const struct account *account, instant at);

/** The part of a window in which uses count. Empty where it ends before the subscription's start. */
struct period window_counted(const struct account *account, struct period window);

#endif
