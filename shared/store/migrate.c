/* Numbered migrations. */
#include "store/migrate.h"

#include "exact/clock.h"
#include "base/text.h"
#include "store/inside.h"
#include "store/migrate.sql.h"

int migrate_wanted(void)
{
	int last = 0;
	for (const struct migration *m = migrations; m->name; m++)
		last = m->number;
	return last;
}

/* ---- statements ---- */

/* Run a statement; the numbers in its first row, if it has one. */
static enum st run(const struct driver *d, struct db *db, int64_t *numbers, unsigned columns, const struct statement *sql,
                   const struct val *vals)
{
	struct cursor *c;
	if (!sql->text[d->dialect])
		return ST_OK;
	enum st st = d->start(db, &c, sql, vals);
	if (st)
		return st;
	st = d->step(c);
	for (unsigned i = 0; i < columns && !st; i++)
		numbers[i] = d->get_int(c, i);
	d->end(c);
	return st == ST_DONE ? ST_OK : st;
}

static enum st note_version(const struct driver *d, struct db *db, const struct migration *m)
{
	return run(d, db, NULL, 0, BIND(SQL_SCHEMA_NOTE, INT(m->number), TEXT(m->name), INT(clock_now())));
}

/* ---- whose it is ---- */

/* Out: version  -1: there is no table schema_version */
static enum st read_version(int64_t *version, const struct driver *d, struct db *db, struct faults *faults)
{
	int64_t columns[2] = { 0, 0 };
	enum st st = run(d, db, columns, 2, BIND(SQL_SCHEMA_COLUMNS));
	*version = -1;
	if (st || !columns[0])
		return st;
	if (columns[0] != 3 || columns[1] != 3) {
		fault_add(faults, "schema", "a table schema_version lies there that is another program's: give Pennymeter a database or a "
		                            "schema of its own; nothing was changed");
		return ST_STORE;
	}
	return run(d, db, version, 1, BIND(SQL_SCHEMA_VERSION));
}

/* Add those of the names that are taken, or those that are not. */
static enum st list_names(struct text *list, const struct driver *d, struct db *db, const char *names, bool taken)
{
	struct cursor *c;
	enum st st = d->start(db, &c, BIND(SQL_SCHEMA_NAMES, TEXT(names)));
	if (st)
		return st;
	while (!(st = d->step(c))) {
		if ((d->get_int(c, 1) != 0) != taken)
			continue;
		text_adds(list, list->size ? ", " : "");
		text_adds(list, d->get_text(c, 0));
	}
	d->end(c);
	return st == ST_DONE ? ST_OK : st;
}

enum st migrate_judge(int64_t *version, const struct driver *d, struct db *db, struct faults *faults)
{
	struct text missing = text_new(faults->arena, 4096), strange = text_new(faults->arena, 4096);
	enum st st = read_version(version, d, db, faults);
	for (const struct migration *m = migrations + 1; m->name && !st; m++)
		st = m->number <= *version ? list_names(&missing, d, db, m->tables[d->dialect], false)
		                           : list_names(&strange, d, db, m->names[d->dialect], true);
	if (st)
		return st;
	if (missing.size)
		fault_add(faults, "schema", "a table schema_version says %lld, but of what belongs to that there is no %.500s: it is another "
		                            "program's, or tables were lost; nothing was changed", (long long)*version, missing.bytes);
	if (strange.size)
		fault_add(faults, "schema", "%.500s there is already, and not of Pennymeter: give it a database or a schema of its own; nothing "
		                            "was changed", strange.bytes);
	return missing.size || strange.size ? ST_STORE : ST_OK;
}

/* ---- the whole ---- */

/* Of no connection that was opened: what a process keeps of one is not of this. */
static enum st take_steps(int64_t version, const struct driver *d, struct db *db, struct faults *faults)
{
	static uint64_t taken;
	struct store s = { .driver = d, .db = db, .mode = STORE_CREATE, .connection = UINT64_MAX - taken++, .lock = -1 };
	enum st st = ST_OK;
	for (const struct migration_step *step = migration_steps; step->run && !st; step++)
		if (step->number > version)
			st = step->run(&s);
	if (st)
		fault_add(faults, "schema", "what is stored could not be brought up to date (%s); the log says why; nothing was "
		                            "changed", st_name(st));
	return st;
}

static enum st migrate_from(int64_t version, const struct driver *d, struct db *db, struct faults *faults)
{
	enum st st = ST_OK;
	for (const struct migration *m = migrations; m->name && !st; m++) {
		if (m->number <= version)
			continue;
		st = d->script(db, m->sql[d->dialect]);
		if (!st && m->number)
			st = note_version(d, db, m);
		if (st)
			fault_add(faults, "schema", "migration %s failed; the log says why; nothing was changed", m->name);
	}
	return st ? st : take_steps(version, d, db, faults);
}

/* Where the tables lie in a schema that this session does not look in, empty ones would hide them. */
static enum st refuse_second(const struct driver *d, struct db *db, struct faults *faults)
{
	const char *others = NULL;
	if (d->home)
		d->home(db, &others);
	if (!others)
		return ST_OK;
	fault_add(faults, "schema", "Pennymeter's tables lie in the schema %s already, which is not on the role's search_path: put it there, or "
	                            "name another database; nothing was changed", others);
	return ST_STORE;
}

enum st migrate_refuse_newer(int64_t version, struct faults *faults)
{
	fault_add(faults, "schema", "the database has schema version %lld, newer than this program's %d: use the newer program, or put back a backup "
	                            "of schema %d or older; nothing was changed", (long long)version, migrate_wanted(), migrate_wanted());
	return ST_STORE;
}

/* Another may have migrated while we waited for our turn. */
static enum st migrate_held(const struct driver *d, struct db *db, struct faults *faults)
{
	int64_t version;
	enum st st = run(d, db, NULL, 0, BIND(SQL_SCHEMA_HOLD));
	if (!st)
		st = migrate_judge(&version, d, db, faults);
	if (!st && version < 0)
		st = refuse_second(d, db, faults);
	if (st)
		return st;
	return version > migrate_wanted() ? migrate_refuse_newer(version, faults) : migrate_from(version, d, db, faults);
}

enum st migrate(const struct driver *d, struct db *db, struct faults *faults)
{
	enum st st = d->begin(db, true);
	if (!st)
		st = migrate_held(d, db, faults);
	if (!st)
		st = d->commit(db);
	if (!st)
		return ST_OK;
	d->rollback(db);
	if (st == ST_BUSY && !faults->count)
		fault_add(faults, "schema", "another is at work on it; nothing was changed: try it again");
	else if (!faults->count)
		fault_add(faults, "schema", "cannot be brought up to date; the log says why");
	return st == ST_BUSY || st == ST_IO ? st : ST_STORE;
}
