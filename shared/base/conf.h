/* The configuration: pennymeter.conf in the data folder, overridden by the environment. */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

enum conf_key {
	CONF_STORE,           /* "pennymeter.db" in the data folder, or a postgresql:// address */
	CONF_BASE_PATH,       /* what the web server puts before /api, e.g. "/meter"; usually "" */
	CONF_UPGRADE_URL,     /* where a tenant at its limit is sent; {plan} stands for the next plan */
	CONF_LATE_DAYS,       /* how far back recorded_at may lie */
	CONF_AHEAD_SECONDS,   /* how far ahead */
	CONF_CURRENCY,        /* of a tenant added without one */
	CONF_TIMEZONE,        /* the same */
	CONF_REQUESTS_MINUTE, /* rate limit of a token; 0 is none */
	CONF_TICK,            /* "on": jobs that are due are run after a reply, too; "off": by `job run` alone */
	CONF_TEST_CLOCKS,     /* "on": jobs may be run as of an instant to come */
	CONF__MAX
};

#define CONF_FILE "pennymeter.conf" /* in the data folder */
enum { CONF_LINE_CAP = 8192, CONF_FILE_CAP = 256 << 10 };

struct conf {
	const char *data; /* the data folder, absolute or relative to the working folder */
	const char *text[CONF__MAX];
	int64_t number[CONF__MAX]; /* of the keys that are numbers */
};

/** Read $PENNYMETER_DATA (default "var") and its pennymeter.conf; a missing file means the defaults.
 *  Each key can be overridden as PENNYMETER_KEY in capitals.
 *  Returns: ST_OK; ST_INVALID with a fault naming the line or variable; ST_IO; ST_MEMORY.
 *  Out: conf  its strings live in `arena` */
enum st conf_load(struct conf *conf, struct faults *faults, struct arena *arena) MUST_USE;

/** The same with a file of another name in its place. NULL: pennymeter.conf itself. */
enum st conf_load_from(struct conf *conf, struct faults *faults, struct arena *arena, const char *path) MUST_USE;

/** Is a key that is on or off on? */
bool conf_on(const struct conf *conf, enum conf_key key);

/** The path of a file in the data folder. NULL when the arena is exhausted. */
const char *conf_path(const struct conf *conf, struct arena *arena, const char *file);

/** A key's name in the file, its default, and one line of help. */
struct conf_row {
	const char *name, *fallback, *help;
	bool is_number;
	int64_t least, most;
};
extern const struct conf_row conf_rows[CONF__MAX];

#endif
