/* Time zones, through the C library's own tz database. */
#include "exact/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_ROOM = 64 };

static char current[NAME_ROOM]; /* the zone TZ is set to; "" for none yet */

static bool is_utc(const char *zone)
{
	return !zone || strcmp(zone, "UTC") == 0;
}

static bool name_is_safe(const char *zone)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	size_t size = strlen(zone);
	if (!size || size >= NAME_ROOM || strspn(zone, allowed) != size)
		return false;
	return zone[0] != '/' && zone[size - 1] != '/' && !strstr(zone, "//");
}

/* What lies in the database beside the zones: right/ counts leap seconds, posix/ repeats all, the others say
 * what this machine is set to, or nothing. */
static bool is_no_zone(const char *zone)
{
	static const char *const names[] = { "localtime", "posixrules", "Factory" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(zone, names[i]))
			return true;
	return !strncmp(zone, "right/", 6) || !strncmp(zone, "posix/", 6);
}

/* Whether the database holds a compiled zone of this name; zone.tab and the like are none. */
static bool file_exists(const char *zone)
{
	const char *folder = getenv("TZDIR");
	char path[512], magic[4] = "";
	int n = snprintf(path, sizeof path, "%s/%s", folder && *folder ? folder : "/usr/share/zoneinfo", zone);
	FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "rb") : NULL;
	if (!file)
		return false;
	bool is_zone = fread(magic, 1, sizeof magic, file) == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
	fclose(file);
	return is_zone;
}

enum st zone_check(const char *zone)
{
	if (is_utc(zone) || (*zone && strcmp(zone, current) == 0))
		return ST_OK;
	if (!name_is_safe(zone) || is_no_zone(zone) || !file_exists(zone))
		return ST_INVALID;
	if (setenv("TZ", zone, 1))
		return ST_MEMORY;
	tzset();
	memcpy(current, zone, strlen(zone) + 1);
	return ST_OK;
}

/* Wall time less UTC, in the current zone. Before years that the C library can tell it is 0. */
static instant offset_at(instant at)
{
	time_t seconds = (time_t)floor_div(at, SECOND);
	struct tm local;
	return localtime_r(&seconds, &local) ? local.tm_gmtoff * SECOND : 0;
}

enum st zone_wall(wall *out, const char *zone, instant at)
{
	enum st st = zone_check(zone);
	if (!st)
		*out = at + (is_utc(zone) ? 0 : offset_at(at));
	return st;
}

/* The offsets a day before and a day after are the only two a wall time can have:
 * changes are never closer, and offsets stay below a day. Of the two readings the
 * first that its own clocks confirm counts; in a gap none does, and the old offset
 * carries the time over the gap. */
static instant resolve(wall clock)
{
	instant old = offset_at(clock - DAY), by_old = clock - old;
	if (offset_at(by_old) == old)
		return by_old;
	instant new = offset_at(clock + DAY), by_new = clock - new;
	return offset_at(by_new) == new ? by_new : by_old;
}

enum st zone_instant(instant *out, const char *zone, wall clock)
{
	enum st st = zone_check(zone);
	if (st)
		return st;
	if (clock < INSTANT_FIRST - DAY || clock >= INSTANT_END + DAY)
		return ST_RANGE;
	instant at = is_utc(zone) ? clock : resolve(clock);
	if (!instant_fits(at))
		return ST_RANGE;
	*out = at;
	return ST_OK;
}
