/* Exports: events as CSV; every one of a range in pieces, however many there are, or a few. */
#ifndef API_USAGE_EXPORT_H
#define API_USAGE_EXPORT_H

#include "meter/history.h"
#include "wire/reply.h"
#include "wire/request.h"

/** Make the reply a download of all events of a range, newest first.
 *  In:  metric  NULL: all. Returns: ST_OK; ST_MEMORY */
enum st usage_export(struct request *rq, struct reply *rp, const struct metric *metric, struct period range) MUST_USE;

/** The same of these events alone. Returns: as usage_export(). */
enum st usage_export_some(struct request *rq, struct reply *rp, const struct metric *metric, const struct history_event *events,
                          unsigned count) MUST_USE;

#endif
