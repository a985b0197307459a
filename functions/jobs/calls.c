/* The job calls: API calls that were counted in this machine's data folder are recorded as usage of their tenants. */
#include "meter/calls_flush.h"

const struct job job_calls = {
	.name = "calls", .summary = "record the API calls that this data folder has counted", .of = JOB_OF_FOLDER,
	.every = 60, .lease = 60, .run = calls_flush, .place = calls_place,
};
