/* Recording the API calls that were counted in this machine's data folder. */
#ifndef METER_CALLS_FLUSH_H
#define METER_CALLS_FLUSH_H

#include "account/job.h"

/** As struct job's run: one event of the metric api_calls for each tenant that has called since, in the transaction
 *  that notes how many calls it stands for; so each counts once, wherever a run is killed. A tenant without that
 *  metric, or whose api_calls are no sum, has nothing recorded; past a hard limit what fits is. */
enum st calls_flush(struct job_run *run) MUST_USE;

/** As struct job's place: the machine and its data folder. */
const char *calls_place(const struct conf *conf, struct arena *arena);

#endif
