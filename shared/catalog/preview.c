/* Previews. */
#include "catalog/preview.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "catalog/plans.sql.h"
#include "shape/field.h"

static enum st latest_version(int64_t *version, struct store *store, const char *code, struct faults *faults)
{
	char lower[65];
	struct rows r = { 0 };
	snprintf(lower, sizeof lower, "%s", code);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	enum st st = ROWS(store, &r, SQL_PLAN_LATEST, TEXT(lower));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*version = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? fault_add(faults, "/plan", "there is no plan \"%.64s\"", code) : st;
}

static enum st load_catalog(const struct catalog **catalog, struct store *store)
{
	int64_t generation = 0;
	enum st st = NUMBER(store, &generation, SQL_CATALOG_GENERATION);
	return st ? st : catalog_load(catalog, store, generation);
}

static enum st price_line_of(struct preview *p, struct preview_line *l, const char *name)
{
	l->entry = plan_entry(p->plan, name);
	l->overage = l->entry->priced && l->quantity > l->entry->included ? l->quantity - l->entry->included : 0;
	l->refused = l->entry->policy == POLICY_HARD && l->quantity > l->entry->included;
	enum st st = plan_charge(&l->unrounded, &l->amount, l->entry, l->quantity, p->currency);
	if (!st && __builtin_add_overflow(p->total_overage, l->amount, &p->total_overage))
		st = ST_RANGE;
	return st;
}

static enum st read_lines(struct preview *p, const struct catalog *catalog, const struct json *quantities, struct faults *faults)
{
	const struct fields f = { .object = quantities, .faults = faults, .pointer = "/quantities" };
	enum st st = ST_OK;
	for (const struct json *q = json_first(quantities); q && !st; q = json_next(q)) {
		struct preview_line *l = &p->lines[p->count++];
		l->metric = metric_find(catalog, json_name(q));
		field_qty(&l->quantity, &f, json_name(q), NEEDED);
		if (!l->metric)
			field_fault(&f, json_name(q), "is not a metric");
		else if (!faults->count)
			st = price_line_of(p, l, l->metric->name);
		if (st == ST_RANGE || (st == ST_INVALID && !faults->count))
			field_fault(&f, json_name(q), "has no price, or one past what can be counted");
	}
	return faults->count ? ST_INVALID : st;
}

static enum st choose_currency(struct preview *p, const struct conf *conf, const char *currency, struct faults *faults)
{
	const char *code = currency ? currency : p->plan->currency ? p->plan->currency : conf->text[CONF_CURRENCY];
	p->currency = currency_find(code);
	if (!p->currency)
		return fault_add(faults, "/currency", "\"%.8s\" is not an ISO 4217 code like USD", code);
	if (p->plan->currency && strcmp(p->plan->currency, code))
		return fault_add(faults, "/currency", "the plan has prices in %s only", p->plan->currency);
	return ST_OK;
}

enum st preview_plan(struct preview *p, struct store *store, const struct conf *conf, const char *code, bool yearly,
                     const char *currency, const struct json *quantities, struct faults *faults, struct arena *arena)
{
	const struct catalog *catalog;
	int64_t version = 0;
	*p = (struct preview){ .lines = arena_take(arena, (json_count(quantities) + 1) * sizeof *p->lines) };
	enum st st = p->lines ? latest_version(&version, store, code, faults) : ST_MEMORY;
	if (!st)
		st = plan_load(&p->plan, store, version);
	if (!st)
		st = load_catalog(&catalog, store);
	if (!st)
		st = choose_currency(p, conf, currency, faults);
	if (!st)
		st = minor_round(&p->base_price, yearly ? p->plan->base_year : p->plan->base_month, p->currency, ROUND_HALF_AWAY);
	if (!st)
		st = read_lines(p, catalog, quantities, faults);
	if (!st && __builtin_add_overflow(p->base_price, p->total_overage, &p->total))
		st = fault_add(faults, "/quantities", "come to more than can be counted");
	return st;
}
