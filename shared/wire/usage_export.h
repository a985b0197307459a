/* Exports: every event of a range as CSV, in pieces, however many there are. */
#ifndef WIRE_USAGE_EXPORT_H
#define WIRE_USAGE_EXPORT_H

#include "billing/metric.h"
#include "wire/reply.h"
#include "wire/request.h"

/** Make the reply a download of all events of a range, newest first.
 *  In:  metric  NULL: all. Returns: ST_OK; ST_MEMORY */
enum st usage_export(struct request *rq, struct reply *rp, const struct metric *metric, struct period range) MUST_USE;

#endif
