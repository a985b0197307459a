/* Numbered migrations. */
#include "store/migrate.h"

#include "base/clock.h"

int migrate_wanted(void)
{
	int last = 0;
	for (const struct migration *m = migrations; m->name; m++)
		last = m->number;
	return last;
}

static enum st note_version(const struct driver *d, struct db *db, const struct migration *m)
{
	struct cursor *c;
	const struct val vals[] = {
		{ .kind = VAL_INT, .number = m->number },
		{ .kind = VAL_TEXT, .text = m->name },
		{ .kind = VAL_INT, .number = clock_now() },
	};
	enum st st = d->start(db, &c, SQL_SCHEMA_NOTE, vals, 3);
	if (!st) {
		st = d->step(c);
		d->end(c);
	}
	return st == ST_DONE ? ST_OK : st;
}

static enum st migrate_one(const struct driver *d, struct db *db, const struct migration *m)
{
	enum st st = d->begin(db, true);
	if (st)
		return st;
	st = d->script(db, m->sql);
	if (!st)
		st = note_version(d, db, m);
	if (!st)
		st = d->commit(db);
	if (st)
		d->rollback(db);
	return st;
}

enum st migrate(const struct driver *d, struct db *db, int64_t from, struct faults *faults)
{
	if (from > migrate_wanted()) {
		fault_add(faults, "schema", "the database has version %lld, newer than this program's %d; use the newer program",
		          (long long)from, migrate_wanted());
		return ST_STORE;
	}
	for (const struct migration *m = migrations; m->name; m++) {
		if (m->number <= from)
			continue;
		if (migrate_one(d, db, m)) {
			fault_add(faults, "schema", "migration %s failed; the log says why; nothing was changed", m->name);
			return ST_STORE;
		}
	}
	return ST_OK;
}
