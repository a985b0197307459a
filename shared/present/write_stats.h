/* What the dashboard polls, in one object. */
#ifndef PRESENT_WRITE_STATS_H
#define PRESENT_WRITE_STATS_H

#include "meter/history.h"

enum { STATS_DAYS = 30, STATS_RECENT = 10 };

struct stats {
	const struct account *account;
	struct usage_state state;
	instant starts[STATS_DAYS + 1]; /* of the days of the chart, and where the last one ends */
	qty *series;                    /* [metric × STATS_DAYS + day] */
	struct history_event recent[STATS_RECENT];
	unsigned recent_count;
	const char *upgrade_name;
	const char *upgrade_url; /* NULL: there is no larger plan, or no page to change it */
};

/** Write tenant, plan, period, cards, series, recent events, warnings and the bill. */
void write_stats(struct jwriter *w, const struct stats *stats, struct arena *arena);

#endif
