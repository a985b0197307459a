/* Putting a file aside when its store has been moved to a server, and back again. */
#include "store/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/switch.h"

/* What belongs to a file; it comes first where it is put aside, and last where it is put back: without its log
 * nobody may open it. */
static const char *const endings[] = { "", "-wal", "-shm" };
enum { ENDINGS = sizeof endings / sizeof *endings };

struct names {
	char here[sizeof((struct store *)NULL)->where + 16], aside[sizeof((struct store *)NULL)->where + 16];
};

static void name_both(struct names *n, const char *file, const char *ending)
{
	snprintf(n->here, sizeof n->here, "%s%s", file, ending);
	snprintf(n->aside, sizeof n->aside, "%s.moved%s", file, ending);
}

static enum st rename_logged(const char *from, const char *to)
{
	if (!rename(from, to))
		return ST_OK;
	if (errno == ENOENT)
		return ST_DONE;
	log_error("%s cannot be renamed: %s", from, strerror(errno));
	return ST_IO;
}

/* What is left beside a file that was put aside. Once all is in the file itself it is empty. */
static void put_rest_aside(const char *file)
{
	struct names n;
	for (unsigned i = 1; i < ENDINGS; i++) {
		name_both(&n, file, endings[i]);
		if (access(n.aside, F_OK))
			(void)!rename_logged(n.here, n.aside);
	}
}

enum st store_put_aside(struct store *s)
{
	struct names n;
	name_both(&n, s->where, "");
	if (!access(n.aside, F_OK))
		return ST_CONFLICT;
	if (rename_logged(n.here, n.aside))
		return ST_IO;
	if (switch_sync_folder(n.here))
		return rename_logged(n.aside, n.here) ? ST_IO : ST_STORE;
	put_rest_aside(s->where);
	return ST_OK;
}

enum st store_put_back(struct store *s)
{
	struct names n;
	enum st st = ST_OK;
	for (unsigned i = ENDINGS; i-- && (!st || st == ST_DONE);) {
		name_both(&n, s->where, endings[i]);
		st = rename_logged(n.aside, n.here);
	}
	return st ? ST_IO : switch_sync_folder(s->where);
}

enum st store_find_aside(struct store *aside, const struct conf *conf)
{
	struct faults none = { 0 };
	struct names n;
	enum st st = store_locate(aside, conf, &none);
	if (st || !aside->driver->one_file || !switch_aside(aside->where))
		return ST_NOT_FOUND;
	put_rest_aside(aside->where);
	name_both(&n, aside->where, "");
	return snprintf(aside->where, sizeof aside->where, "%s", n.aside) < (int)sizeof aside->where ? ST_OK : ST_NOT_FOUND;
}
