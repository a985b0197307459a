/* Putting one tenant back, out of a copy, while the others record. */
#include <string.h>

#include "exact/instant.h"
#include "store/copy.h"
#include "store/inside.h"
#include "store/restore.h"
#include "store/restore.sql.h"
#include "store/restore_copy.h"

/* ---- what it refers to must stand in the live store ---- */

static enum st refuse_first(struct store *s, enum restore_text text, int64_t tenant, const char *what, struct faults *faults)
{
	struct rows r = { 0 };
	enum st st = restore_ask(s, &r, text, tenant);
	while (!st && !(st = rows_next(&r)))
		fault_add(faults, "--tenant", "%s %s is not in the live store as it is in the file: apply it first (`pennymeter plan apply`)", what,
		          rows_text(&r, 0));
	rows_end(&r);
	return st == ST_DONE ? faults->count ? ST_CONFLICT : ST_OK : st;
}

/* Numbers are given anew: it is the time at which a tenant was made that tells whether it is the same. */
static enum st refuse_stranger(struct store *s, int64_t tenant, const char *file, struct faults *faults)
{
	char here[INSTANT_ROOM], there[INSTANT_ROOM];
	struct rows r = { 0 };
	enum st st = restore_ask(s, &r, RESTORE_STRANGER, tenant);
	if (!st)
		st = rows_next(&r);
	if (!st) {
		instant_print(here, rows_int(&r, 1));
		instant_print(there, rows_int(&r, 2));
		if (rows_int(&r, 0))
			fault_add(faults, file, "is a backup of another installation, made at %s; this one was made at %s: one tenant comes from this one's own "
			                        "backups alone; without --tenant the whole file takes the store's place", there, here);
		else
			fault_add(faults, "--tenant", "tenant %lld is another in %s: \"%s\", added at %s; here it is \"%s\", added at %s: take a backup made "
			                              "since then", (long long)tenant, file, rows_text(&r, 4), there, rows_text(&r, 3), here);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st ? st : ST_CONFLICT;
}

static enum st judge_tenant(struct store *s, int64_t tenant, const char *file, struct faults *faults)
{
	struct rows r = { 0 };
	enum st st = restore_ask(s, &r, RESTORE_TENANT, tenant);
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	if (st == ST_DONE) {
		fault_add(faults, "--tenant", "there is no tenant %lld in %s", (long long)tenant, file);
		return ST_NOT_FOUND;
	}
	if (!st)
		st = refuse_stranger(s, tenant, file, faults);
	if (!st)
		st = refuse_first(s, RESTORE_PLANS, tenant, "plan", faults);
	return st ? st : refuse_first(s, RESTORE_METRICS, tenant, "metric", faults);
}

/* ---- its rows ---- */

struct putting {
	struct restored *restored;
	int64_t tenant;
	struct arena *arena;
};

static enum st run_text(struct store *s, const char *sql, int64_t tenant)
{
	const struct val value = INT(tenant);
	struct rows r = { 0 };
	enum st st = store_rows_text(s, &r, sql, &value, 1);
	while (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* One table after the other, as the catalogue has them: what refers to another's rows is looked at when all are there. */
static enum st put_tables(struct store *s, const struct putting *p)
{
	struct rows r = { 0 };
	enum st st = store_script(s, "PRAGMA defer_foreign_keys=ON");
	if (!st)
		st = ROWS(s, &r, SQL_RESTORE_TABLES);
	while (!st && !(st = rows_next(&r))) {
		const char *forget = arena_copy(p->arena, rows_text(&r, 0), strlen(rows_text(&r, 0)));
		const char *put = arena_copy(p->arena, rows_text(&r, 1), strlen(rows_text(&r, 1)));
		st = forget && put ? run_text(s, forget, p->tenant) : ST_MEMORY;
		if (!st)
			st = run_text(s, put, p->tenant);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st put_tenant(struct store *s, const void *request, size_t size, void *answer)
{
	const struct putting *p = *(const struct putting *const *)request;
	(void)size, (void)answer;
	int64_t generation = 0;
	enum st st = restore_compare(p->restored, s, p->tenant);
	if (!st)
		st = restore_count_tokens(p->restored, s, p->tenant);
	if (!st)
		st = NUMBER(s, &generation, SQL_RESTORE_GENERATION, INT(p->tenant));
	if (!st)
		st = put_tables(s, p);
	if (!st)
		st = RUN(s, SQL_RESTORE_TOKEN_NUMBERS, INT(p->tenant));
	return st ? st : RUN(s, SQL_RESTORE_ADVANCE, INT(p->tenant), INT(generation));
}

/* ---- the whole ---- */

/* The whole store is kept first: what the tenant had since goes. */
static enum st put_from(struct restored *out, struct store *s, const struct conf *conf, int64_t tenant, const struct copy_proof *proof,
                        struct faults *faults)
{
	static const struct write_op op = { .name = "restore.tenant", .apply = put_tenant };
	struct putting putting = { .restored = out, .tenant = tenant }, *pointer = &putting;
	enum st st = arena_open(&putting.arena, 4 << 20);
	if (st)
		return st;
	restore_name_kept(out->kept, s->where);
	st = store_backup_to(s, conf, out->kept, proof, faults);
	if (!st)
		st = store_write(s, &op, &pointer, sizeof pointer, NULL, 0);
	arena_close(putting.arena);
	return st;
}

enum st store_restore_tenant(struct restored *out, struct store *s, const struct conf *conf, const char *file, int64_t tenant,
                             const struct copy_proof *proof, struct faults *faults)
{
	char copy[RESTORE_NAME] = "";
	*out = (struct restored){ 0 };
	if (!s->driver->one_file)
		return fault_add(faults, "store", "the database is on a server: restore it there, with pg_restore or psql");
	enum st st = restore_copy(copy, s->where, file, proof, faults);
	if (!st)
		st = RUN(s, SQL_CARE_ATTACH, TEXT(copy));
	if (!st)
		st = judge_tenant(s, tenant, file, faults);
	if (!st)
		st = put_from(out, s, conf, tenant, proof, faults);
	if (st && !faults->count)
		fault_add(faults, "--tenant", "could not be restored (%s): the log says why; nothing was changed", st_name(st));
	if (*copy)
		copy_remove(copy);
	return st;
}
