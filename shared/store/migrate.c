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

/* Run a statement; what its first row holds, if it has one. */
static enum st run(const struct driver *d, struct db *db, int64_t *value, enum sql sql, const struct val *vals, unsigned count)
{
	struct cursor *c;
	if (!statements[sql].text[d->dialect])
		return ST_OK;
	enum st st = d->start(db, &c, sql, vals, count);
	if (st)
		return st;
	st = d->step(c);
	if (!st && value)
		*value = d->get_int(c, 0);
	d->end(c);
	return st == ST_DONE ? ST_OK : st;
}

static enum st note_version(const struct driver *d, struct db *db, const struct migration *m)
{
	const struct val vals[] = {
		{ .kind = VAL_INT, .number = m->number },
		{ .kind = VAL_TEXT, .text = m->name },
		{ .kind = VAL_INT, .number = clock_now() },
	};
	return run(d, db, NULL, SQL_SCHEMA_NOTE, vals, 3);
}

static enum st end_transaction(const struct driver *d, struct db *db, enum st st)
{
	if (!st)
		st = d->commit(db);
	if (st)
		d->rollback(db);
	return st;
}

/* Number 0 is for whom comes first, and changes nothing for the others. */
static enum st make_table_of_versions(const struct driver *d, struct db *db)
{
	enum st st = d->begin(db, true);
	if (!st)
		st = run(d, db, NULL, SQL_SCHEMA_HOLD, NULL, 0);
	if (!st)
		st = d->script(db, migrations[0].sql[d->dialect]);
	return end_transaction(d, db, st);
}

/* Another may have migrated while we waited for our turn. */
static enum st migrate_one(const struct driver *d, struct db *db, const struct migration *m)
{
	int64_t have = 0;
	enum st st = d->begin(db, true);
	if (!st)
		st = run(d, db, NULL, SQL_SCHEMA_HOLD, NULL, 0);
	if (!st)
		st = run(d, db, &have, SQL_SCHEMA_VERSION, NULL, 0);
	if (!st && have < m->number)
		st = d->script(db, m->sql[d->dialect]);
	if (!st && have < m->number)
		st = note_version(d, db, m);
	return end_transaction(d, db, st);
}

enum st migrate(const struct driver *d, struct db *db, struct faults *faults)
{
	int64_t from = 0;
	enum st st = make_table_of_versions(d, db);
	if (!st)
		st = run(d, db, &from, SQL_SCHEMA_VERSION, NULL, 0);
	if (st)
		return st;
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
