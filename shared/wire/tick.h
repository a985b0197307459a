/* The tick: where no cron runs the jobs, a program beside does, after a reply was sent. */
#ifndef WIRE_TICK_H
#define WIRE_TICK_H

#include "wire/fn.h"

/** After a reply: start a bounded run of the jobs that are due, if none was started for a minute, and `tick` is on.
 *  It is another program's, jobs.fcgi beside this one, of lowest priority, and is not waited for. Where it is not
 *  time yet this costs a look at a file's time, once in some seconds. In: table  of this program */
void tick_after(const struct conf *conf, const struct fn_entry *table);

/** Cron has run them, or is about to: no tick for a minute. */
void tick_noted(const struct conf *conf);

/** What that program does when it is called with TICK_ARGUMENT. Returns: the code to exit with. */
int tick_run(const struct fn_entry *table);

#define TICK_ARGUMENT "--tick"

#endif
