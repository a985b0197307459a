/* Cuts. */
#include "billing/cut.h"

instant floor_to(instant t, instant width)
{
	return floor_div(t, width) * width;
}

struct cuts cut(struct period r)
{
	struct cuts c = { .first_hour = floor_to(r.start + HOUR - 1, HOUR), .last_hour = floor_to(r.end, HOUR) };
	if (c.first_hour >= c.last_hour) /* within an hour, or across one boundary: events alone */
		return (struct cuts){ r.end, r.end, r.end, r.end };
	c.first_day = floor_to(c.first_hour + DAY - 1, DAY);
	c.last_day = floor_to(c.last_hour, DAY);
	if (c.first_day > c.last_day)
		c.first_day = c.last_day = c.last_hour;
	return c;
}
