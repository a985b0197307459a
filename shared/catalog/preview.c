/* Previews. */
#include "catalog/preview.h"

#include <string.h>

#include "catalog/plans.sql.h"
#include "catalog/price_read.h"
#include "shape/field.h"

/* ---- a price ---- */

static enum st choose_currency(const struct currency **currency, const char *code, struct faults *faults)
{
	*currency = currency_find(code);
	return *currency ? ST_OK : fault_add(faults, "/currency", "\"%.8s\" is not an ISO 4217 code like USD", code);
}

static enum st price_quantity(struct preview_amount *p, struct faults *faults)
{
	enum st st = price_amount(&p->unrounded, &p->price, p->quantity);
	if (st == ST_INVALID)
		return fault_add(faults, "/quantity", "lies past the last tier");
	if (!st)
		st = minor_round(&p->amount, p->unrounded, p->currency, ROUND_HALF_AWAY);
	return st == ST_RANGE ? fault_add(faults, "/quantity", "comes to more than can be counted") : st;
}

enum st preview_price(struct preview_amount *p, const struct conf *conf, const struct json *price, qty quantity,
                      const char *currency, struct faults *faults)
{
	const struct fields f = { .object = price, .faults = faults, .pointer = "/price" };
	*p = (struct preview_amount){ .quantity = quantity };
	enum st st = price_read(&p->price, &f);
	enum st chosen = choose_currency(&p->currency, currency ? currency : conf->text[CONF_CURRENCY], faults);
	if (quantity < 0)
		return fault_add(faults, "/quantity", "is required with `price`, and must not be below 0");
	return st ? st : chosen ? chosen : price_quantity(p, faults);
}

/* ---- a plan ---- */

static enum st load_catalog(const struct catalog **catalog, struct store *store)
{
	int64_t generation = 0;
	enum st st = NUMBER(store, &generation, SQL_CATALOG_GENERATION);
	return st ? st : catalog_load(catalog, store, generation);
}

static enum st price_line_of(struct preview *p, struct preview_line *l, const char *name)
{
	l->entry = plan_entry(p->plan, name);
	l->overage = plan_overage(l->entry, l->quantity);
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
			field_fault(&f, json_name(q), NOT_A_METRIC);
		else if (!faults->count)
			st = price_line_of(p, l, l->metric->name);
		if (st == ST_RANGE || (st == ST_INVALID && !faults->count))
			field_fault(&f, json_name(q), "has no price, or one past what can be counted");
	}
	return faults->count ? ST_INVALID : st;
}

static enum st choose_plans_currency(struct preview *p, const struct conf *conf, const char *currency, struct faults *faults)
{
	const char *code = currency ? currency : p->plan->currency ? p->plan->currency : conf->text[CONF_CURRENCY];
	enum st st = choose_currency(&p->currency, code, faults);
	if (st)
		return st;
	if (p->plan->currency && strcmp(p->plan->currency, code))
		return fault_add(faults, "/currency", "the plan has prices in %s only", p->plan->currency);
	return ST_OK;
}

static enum st find_base(struct preview *p, const char *name, struct faults *faults)
{
	char names[PLAN_CYCLES_ROOM];
	const enum billing_cycle cycle = name ? cycle_named(name) : plan_cycle(p->plan);
	if (cycle == CYCLE__MAX || !p->plan->offered[cycle])
		return fault_add(faults, "/cycle", "the plan is offered %s", plan_cycles(names, p->plan));
	return minor_round(&p->base_price, p->plan->base[cycle], p->currency, ROUND_HALF_AWAY);
}

enum st preview_plan(struct preview *p, struct store *store, const struct conf *conf, const char *code,
                     const char *cycle, const char *currency, const struct json *quantities, struct faults *faults, struct arena *arena)
{
	const struct catalog *catalog;
	int64_t version = 0;
	*p = (struct preview){ .lines = arena_take(arena, (json_count(quantities) + 1) * sizeof *p->lines) };
	enum st st = p->lines ? plan_latest(&version, store, code) : ST_MEMORY;
	if (st == ST_NOT_FOUND)
		return fault_add(faults, "/plan", "there is no plan \"%.64s\"", code);
	if (!st)
		st = plan_load(&p->plan, store, version);
	if (!st)
		st = load_catalog(&catalog, store);
	if (!st)
		st = choose_plans_currency(p, conf, currency, faults);
	if (!st)
		st = find_base(p, cycle, faults);
	if (!st)
		st = read_lines(p, catalog, quantities, faults);
	if (!st && __builtin_add_overflow(p->base_price, p->total_overage, &p->total))
		st = fault_add(faults, "/quantities", "come to more than can be counted");
	return st;
}
