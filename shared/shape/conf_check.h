/* What the configuration's texts must be, beyond their grammar. */
#ifndef SHAPE_CONF_CHECK_H
#define SHAPE_CONF_CHECK_H

#include "base/conf.h"

/** Check the values that are names of something: the currency, the time zone, addresses. A command stops at them;
 *  a function says them in its log and serves, for what serves now must not end by an update.
 *  Returns: ST_OK; ST_INVALID with a fault for each, named as the key, or as the variable that overrides it. */
enum st conf_check(const struct conf *conf, struct faults *faults) MUST_USE;

#endif
