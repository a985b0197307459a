/* Cuts. */
#include "meter/cut.h"

instant floor_to(instant t, instant width)
{
	return floor_div(t, width) * width;
}

struct cuts cut(struct period r)
{
	const instant start_hour = floor_to(r.start, HOUR), end_hour = floor_to(r.end, HOUR);
	struct cuts c = { floor_to(r.start + HOUR - 1, HOUR), 0, 0, end_hour, start_hour, end_hour };
	if (c.first_hour >= c.last_hour) /* within an hour, or across one boundary: no whole hour */
		return (struct cuts){ r.end, r.end, r.end, r.end, start_hour, end_hour };
	c.first_day = floor_to(c.first_hour + DAY - 1, DAY);
	c.last_day = floor_to(c.last_hour, DAY);
	if (c.first_day > c.last_day)
		c.first_day = c.last_day = c.last_hour;
	return c;
}
