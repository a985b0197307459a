/* Counting API calls, one addition each. */
#include "meter/calls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "meter/calls_file.h"

struct calls {
	struct calls_map map;
	instant looked; /* whether it is still at its name; or when it could not be mapped */
	bool told;      /* the log knows that calls are not counted */
	const char *folder;
	char path[4096];
};

struct calls *calls_open(const struct conf *conf)
{
	struct calls *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->folder = conf->data;
	snprintf(c->path, sizeof c->path, "%s/" CALLS_FILE, conf->data);
	return c;
}

void calls_close(struct calls *c)
{
	if (c)
		calls_map_close(&c->map);
	free(c);
}

static void tell(struct calls *c, const char *why)
{
	if (!c->told)
		log_error("%s %s: calls are answered, but some are not counted", c->path, why);
	c->told = true;
}

static bool is_mapped(struct calls *c, instant now)
{
	if (!calls_map_sound(&c->map))
		return false;
	if (now - c->looked < SECOND && now >= c->looked)
		return true;
	c->looked = now;
	return calls_map_in_place(&c->map, c->path);
}

/* Where that failed a moment ago it is not tried again. */
static bool find(struct calls *c, instant now)
{
	bool strange;
	if (!c->map.file && c->told && now - c->looked < SECOND && now >= c->looked)
		return false;
	c->looked = now;
	calls_map_close(&c->map);
	bool found = calls_map_open(&c->map, c->path, &strange);
	if (!found && calls_make(c->folder, c->path, strange))
		found = calls_map_open(&c->map, c->path, &strange);
	if (found)
		c->told = false;
	else
		tell(c, "cannot be mapped");
	return found;
}

void calls_count(struct calls *c, int64_t tenant, instant now)
{
	if (!c || (!is_mapped(c, now) && !find(c, now)))
		return;
	struct calls_slot *s = calls_slot_of(&c->map, tenant, true);
	if (s)
		__atomic_fetch_add(&s->count, 1, __ATOMIC_RELAXED);
	else
		tell(c, "has no place left until the job `calls` has run");
}
