/* A store of its own for each fact, in a folder that goes with it. */
#ifndef UNIT_SCRATCH_STORE_H
#define UNIT_SCRATCH_STORE_H

#include "catalog/plans.sql.h"
#include "facts.h"
#include "folder.h"
#include "store/store.h"

static struct arena *arena; /* opened by main() */
static char folder[FOLDER_ROOM];
static struct conf conf;

static inline struct store *open_store(enum store_mode mode)
{
	struct faults f = { .arena = arena };
	struct store *s = NULL;
	if (store_open(&s, &conf, mode, &f))
		fail_msg("%s", f.count ? f.item[0].detail : "cannot open");
	return s;
}

/** Make the folder and the store in it, or at an address. Returns: 0, as cmocka's set-ups do. */
static inline int scratch_store_made(const char *what, const char *where)
{
	arena_reset(arena);
	if (folder_made(folder, what))
		return 1;
	setenv("PENNYMETER_DATA", folder, 1); /* a store that is opened again reads its configuration anew */
	conf = (struct conf){ .data = folder };
	conf.text[CONF_STORE] = where;
	store_close(open_store(STORE_CREATE));
	return 0;
}

static inline int scratch_store_removed(void **state)
{
	(void)state;
	return folder_removed(folder);
}

static inline int64_t metrics_stored(struct store *s)
{
	struct rows r = { 0 };
	int64_t n = 0;
	enum st st = ROWS(s, &r, SQL_METRIC_LIST);
	while (!st && !(st = rows_next(&r)))
		n++;
	rows_end(&r);
	assert_int_equal(st, ST_DONE);
	return n;
}

#endif
