/* Cuts. */
#include "meter/cut.h"

/* Where the first bucket begins that has nothing before an instant. */
static instant begin_of(struct period bucket, instant at)
{
	return bucket.start == at ? at : bucket.end;
}

/* The first and the last start of a day within whole hours; where there is no whole day both are the hours' end. */
static enum st cut_days(struct cuts *c, const char *zone)
{
	struct period first, last = { 0 };
	enum st st = day_at(&first, zone, c->first_hour);
	if (!st)
		st = day_at(&last, zone, c->last_hour);
	c->first_day = begin_of(first, c->first_hour);
	c->last_day = last.start;
	if (c->first_day > c->last_day)
		c->first_day = c->last_day = c->last_hour;
	return st;
}

enum st cut(struct cuts *c, const char *zone, struct period r)
{
	struct period first = { 0 }, last = { 0 };
	enum st st = day_at(&first, zone, r.start);
	if (!st)
		st = day_at(&last, zone, r.end);
	if (st)
		return st;
	*c = (struct cuts){ r.end, r.end, r.end, r.end, hour_of(first, r.start), hour_of(last, r.end) };
	if (begin_of(c->start_hour, r.start) >= c->end_hour.start)
		return ST_OK; /* within an hour, or across one boundary: no whole hour */
	c->first_hour = begin_of(c->start_hour, r.start);
	c->last_hour = c->end_hour.start;
	return cut_days(c, zone);
}
