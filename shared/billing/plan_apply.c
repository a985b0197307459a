/* Applying plans/. */
#include "billing/plan_apply.h"

#include <string.h>

#include "shape/field.h"
#include "meter/balance.h"
#include "meter/beside.h"
#include "account/tenants.sql.h"
#include "catalog/plans.sql.h"
#include "meter/aggregations.sql.h"

struct applying {
	struct arena *arena;
	instant now;
	const struct json *metrics; /* the array; NULL: stored ones stay */
	const struct json **plans;
	unsigned plan_count;
	bool windows_changed;
	const struct metric *declared; /* in the order of `metrics`; `recast` says which ask events for more now */
	bool *recast;
	struct faults *faults;
	const char *metrics_name;
	struct applied *applied;
};

/* ---- reading files ---- */

/* Faults of one file, handed on with the file's name before the pointer. */
static void name_faults(struct faults *all, const struct faults *of_file, const char *file)
{
	for (unsigned i = 0; i < of_file->count; i++) {
		const char *at = arena_format(all->arena, "%s: %s", file, of_file->item[i].pointer);
		fault_add(all, at ? at : file, "%s", of_file->item[i].detail);
	}
}

static const struct json *parse_file(struct faults *faults, const struct plan_file *file, struct arena *arena)
{
	const struct json *root = NULL;
	return json_parse(&root, faults, arena, file->text, strlen(file->text)) ? NULL : root;
}

static bool named_before(const struct metric *metrics, unsigned count, const char *name)
{
	const struct catalog c = { 0, metrics, count };
	return name && metric_find(&c, name);
}

static enum st read_metrics(struct catalog *catalog, const struct json **list, struct faults *faults, const struct json *root,
                            struct arena *arena)
{
	const struct fields f = { .object = root, .faults = faults, .pointer = "" };
	size_t count;
	unsigned n = 0;
	field_only(&f, "$schema metrics");
	*list = json_get(root, "metrics");
	const struct json *item = field_array(&count, &f, "metrics", NEEDED);
	struct metric *metrics = arena_take(arena, (count + 1) * sizeof *metrics);
	if (!metrics)
		return ST_MEMORY;
	for (; item; item = json_next(item), n++) {
		const char *at = arena_format(arena, "/metrics/%u", n);
		if (!metric_read(&metrics[n], faults, item, at ? at : "") &&
		    (named_before(metrics, n, metrics[n].name) || named_before(metrics, n, metrics[n].alias)))
			fault_add(faults, at, "its name or alias is taken by another metric");
	}
	*catalog = (struct catalog){ 0, metrics, n };
	return faults->count ? ST_INVALID : ST_OK;
}

static enum st read_plans(struct applying *a, struct faults *faults, const struct plan_file *files, unsigned count,
                          const struct catalog *catalog)
{
	a->plans = arena_take(a->arena, (count + 1) * sizeof *a->plans);
	if (!a->plans)
		return ST_MEMORY;
	for (unsigned i = 0; i < count; i++) {
		struct faults of_file = { .arena = a->arena };
		struct plan plan;
		const struct json *root = parse_file(&of_file, &files[i], a->arena);
		if (root && plan_read(&plan, &of_file, root, catalog, a->arena) == ST_MEMORY)
			return ST_MEMORY;
		name_faults(faults, &of_file, files[i].name);
		a->plans[a->plan_count++] = root;
	}
	return faults->count ? ST_INVALID : ST_OK;
}

static enum st check_codes(const struct applying *a, struct faults *faults, const struct plan_file *files)
{
	for (unsigned i = 0; i < a->plan_count; i++)
		for (unsigned k = 0; k < i; k++)
			if (!strcmp(json_text(json_get(a->plans[i], "code")), json_text(json_get(a->plans[k], "code"))))
				return fault_add(faults, arena_format(a->arena, "%s: /code", files[i].name), "is the code of %s too",
				                 files[k].name);
	return ST_OK;
}

/* ---- storing ---- */

static const char *document(struct arena *arena, const struct json *value)
{
	struct text t = text_new(arena, 1 << 20);
	struct jwriter w = jw_new(&t);
	jw_value(&w, NULL, value);
	return t.failed ? NULL : t.bytes;
}

static enum st store_metrics(struct applying *a, struct store *store)
{
	int64_t position = 0;
	enum st st = ST_OK;
	for (const struct json *m = json_first(a->metrics); m && !st; m = json_next(m)) {
		const char *text = document(a->arena, m);
		st = text ? RUN(store, SQL_METRIC_PUT, TEXT(json_text(json_get(m, "name"))), INT(position++), TEXT(text)) : ST_MEMORY;
		a->applied->metrics++;
	}
	return st;
}

static enum st find_latest(struct store *store, const char *code, const char *text, int64_t *version, bool *unchanged)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_PLAN_LATEST, TEXT(code));
	*version = 0;
	*unchanged = false;
	if (!st)
		st = rows_next(&r);
	if (!st) {
		*version = rows_int(&r, 1);
		*unchanged = !strcmp(rows_text(&r, 2), text);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st store_plan(struct applying *a, struct store *store, const struct json *plan)
{
	const char *code = json_text(json_get(plan, "code")), *text = document(a->arena, plan);
	int64_t version, id = 0;
	bool unchanged;
	enum st st = text ? find_latest(store, code, text, &version, &unchanged) : ST_MEMORY;
	a->applied->plans++;
	if (st || unchanged)
		return st;
	st = NUMBER(store, &id, SQL_PLAN_NEXT);
	a->applied->versions++;
	return st ? st : RUN(store, SQL_PLAN_INSERT, INT(id), TEXT(code), INT(version + 1), TEXT(json_text(json_get(plan, "name"))),
	                     TEXT(text), INT(a->now));
}

static enum st list_tenants(struct store *store, int64_t *ids, unsigned most, unsigned *count, int64_t after)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_TENANT_LIST, INT(after));
	*count = 0;
	while (!st && *count < most && !(st = rows_next(&r)))
		ids[(*count)++] = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st each_tenant(struct applying *a, struct store *store,
                           enum st (*visit)(struct applying *, struct store *, int64_t tenant_id))
{
	int64_t ids[100], after = 0;
	unsigned count = 1;
	enum st st = ST_OK;
	while (!st && count) {
		st = list_tenants(store, ids, 100, &count, after);
		for (unsigned i = 0; i < count && !st; i++) {
			st = account_hold(store, after = ids[i]);
			st = st ? st : visit(a, store, ids[i]);
		}
	}
	return st;
}

/* A metric whose window moved has its balances in other windows now. */
static enum st rebuild(struct applying *a, struct store *store, int64_t tenant_id)
{
	struct account account;
	enum st st = account_by_tenant(&account, store, tenant_id, a->arena);
	return st ? st : balances_rebuild(store, &account, a->arena);
}

static enum st has_events(bool *seen, struct store *store, int64_t tenant_id, const char *metric)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_METRIC_SEEN, INT(tenant_id), TEXT(metric));
	if (!st)
		st = rows_next(&r);
	*seen = !st;
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* What unique and weighted_sum keep of each event cannot be kept of those that came before. */
static enum st refuse_recast(struct applying *a, struct store *store, int64_t tenant_id)
{
	unsigned i = 0;
	for (const struct json *m = json_first(a->metrics); m; m = json_next(m), i++) {
		bool seen = false;
		enum st st = a->recast[i] ? has_events(&seen, store, tenant_id, a->declared[i].name) : ST_OK;
		if (st)
			return st;
		if (seen)
			return fault_add(a->faults, arena_format(a->arena, "%s: /metrics/%u/aggregation", a->metrics_name, i),
			                 "%s has events, which were not kept as %s wants them; declare a metric of another name",
			                 a->declared[i].name, aggregation_name(a->declared[i].aggregation));
	}
	return ST_OK;
}

static enum st apply(struct store *store, const void *request, size_t size, void *answer)
{
	struct applying *a = *(struct applying *const *)request;
	(void)size, (void)answer;
	enum st st = a->recast ? each_tenant(a, store, refuse_recast) : ST_OK;
	if (!st)
		st = store_metrics(a, store);
	for (unsigned i = 0; i < a->plan_count && !st; i++)
		st = store_plan(a, store, a->plans[i]);
	if (!st)
		st = account_advance_all(store);
	return !st && a->windows_changed ? each_tenant(a, store, rebuild) : st;
}

/* Does a metric that was something else want more than roll-ups now? */
static bool is_recast(const struct metric *old, const struct metric *m)
{
	const bool same = old->aggregation == m->aggregation && (!m->field || !strcmp(m->field, old->field));
	return !same && beside_needed(m->aggregation);
}

static enum st compare(struct applying *a, const struct catalog *before, const struct catalog *after)
{
	bool any = false, *recast = arena_take(a->arena, after->count + 1);
	if (!recast)
		return ST_MEMORY;
	for (unsigned i = 0; i < after->count; i++) {
		const struct metric *m = &after->metrics[i], *old = metric_find(before, m->name);
		a->windows_changed |= old && (old->window != m->window || old->aggregation != m->aggregation);
		any |= recast[i] = old && is_recast(old, m);
	}
	a->declared = after->metrics;
	a->recast = any ? recast : NULL;
	return ST_OK;
}

enum st plans_apply(struct applied *applied, struct store *store, struct faults *faults, const struct plan_file *metrics,
                    const struct plan_file *plans, unsigned count, instant now, struct arena *arena)
{
	static const struct write_op op = { .name = "plans.apply", .holds_catalog = true, .apply = apply };
	struct applying a = { .arena = arena, .now = now, .applied = applied, .faults = faults, .metrics_name = metrics->name },
	                *pointer = &a;
	struct faults of_metrics = { .arena = arena };
	const struct catalog *stored;
	struct catalog declared;
	*applied = (struct applied){ 0 };
	enum st st = catalog_load(&stored, store, 0);
	if (!st && metrics->text) {
		const struct json *root = parse_file(&of_metrics, metrics, arena);
		st = root ? read_metrics(&declared, &a.metrics, &of_metrics, root, arena) : ST_INVALID;
		name_faults(faults, &of_metrics, metrics->name);
		st = st ? st : compare(&a, stored, &declared);
	}
	if (!st)
		st = read_plans(&a, faults, plans, count, metrics->text ? &declared : stored);
	if (!st)
		st = check_codes(&a, faults, plans);
	return st ? st : store_write(store, &op, &pointer, sizeof pointer, NULL, 0);
}
