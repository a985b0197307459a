/* Plans: reading their documents, and the process's copies of their versions. */
#include "catalog/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "catalog/plans.sql.h"
#include "catalog/price_check.h"
#include "catalog/price_read.h"

enum { PLANS_KEPT = 32, PLAN_CAP = 1 << 20 };

static const char *const policy_names[POLICY__MAX] = {
	[POLICY_NONE] = "none", [POLICY_SOFT] = "soft", [POLICY_HARD] = "hard", [POLICY_UNLIMITED] = "unlimited",
};

const char *policy_name(enum policy policy)
{
	return policy_names[policy];
}

/* ---- reading ---- */

/* What a plan is read against. One that is stored was checked by the rules of its day, and is taken as it is. */
struct reading {
	const struct catalog *catalog;   /* NULL: it is stored */
	const struct currency *currency; /* of the plan; NULL: of each tenant */
};

static void read_price(struct plan_entry *e, const struct fields *f, const struct metric *m, const struct reading *from)
{
	const struct fields price = field_object(f, "price");
	if (e->policy == POLICY_HARD || e->policy == POLICY_NONE)
		field_fault(f, "price", "does not go with this policy: nothing past the limit is ever used");
	else if (m && m->window != WINDOW_PERIOD)
		field_fault(f, "price", "goes with metrics whose window is the period only");
	else if (json_get(price.object, "included"))
		field_fault(f, "price", "must not state `included`: it stands beside the price");
	else if (!price_read(&e->price, &price)) {
		e->price.included = e->included;
		if (from->catalog)
			price_check(&price, &e->price, from->currency);
	}
}

static void read_entry(struct plan_entry *e, const struct fields *f, const char *name, const struct reading *from)
{
	const struct metric *m = from->catalog ? metric_find(from->catalog, name) : NULL;
	unsigned policy = POLICY_SOFT;
	*e = (struct plan_entry){ .metric = name, .priced = json_get(f->object, "price") };
	if (from->catalog && (!m || strcmp(m->name, name)))
		field_fault(f->parent, name, "is not a metric of metrics.json");
	field_only(f, "policy included price description");
	field_choice(&policy, f, "policy", policy_names, POLICY__MAX, e->priced ? DEFAULTED : NEEDED);
	e->policy = policy;
	if (m && m->aggregation == AGGREGATE_WEIGHTED_SUM && policy == POLICY_HARD)
		field_fault(f, "policy", "must be soft or unlimited: an average over time is known only at its end, so it cannot refuse");
	if (policy == POLICY_SOFT || policy == POLICY_HARD)
		field_qty(&e->included, f, "included", NEEDED);
	else if (json_get(f->object, "included"))
		field_fault(f, "included", "goes with soft and hard only");
	if (e->priced)
		read_price(e, f, m, from);
	else if (policy == POLICY_SOFT)
		field_fault(f, "price", "is required where the policy is soft");
}

/* ---- what can be charged ---- */

static bool can_charge(const struct plan_entry *e, unsigned digits, qty used)
{
	const struct currency currency = { "", digits };
	exact unrounded;
	minor amount;
	return !plan_charge(&unrounded, &amount, e, used, &currency);
}

/* Charges rise up to a bound of a tier, so between two bounds there is one place at most where they stop to fit. */
static bool reach(qty *most, const struct plan_entry *e, unsigned digits, qty bound)
{
	qty fails = bound;
	if (can_charge(e, digits, bound)) {
		*most = bound;
		return true;
	}
	while (fails - *most > 1) {
		const qty middle = *most + (fails - *most) / 2;
		if (can_charge(e, digits, middle))
			*most = middle;
		else
			fails = middle;
	}
	return false;
}

static qty most_charged(const struct plan_entry *e, unsigned digits)
{
	const struct price *p = &e->price;
	qty most = 0, bound;
	if (!can_charge(e, digits, 0))
		return -1;
	for (unsigned i = 0; e->priced && i < p->tier_count; i++)
		if (!p->tiers[i].open && !__builtin_add_overflow(p->tiers[i].up_to, p->included, &bound) && !reach(&most, e, digits, bound))
			return most;
	return reach(&most, e, digits, INT64_MAX), most;
}

static enum st read_entries(struct plan *p, const struct fields *plan, const struct reading *from, struct arena *arena)
{
	const struct fields metrics = field_object(plan, "metrics");
	struct plan_entry *entries = arena_take(arena, (json_count(metrics.object) + 1) * sizeof *entries);
	if (!entries)
		return ST_MEMORY;
	for (const struct json *m = json_first(metrics.object); m; m = json_next(m)) {
		const struct fields entry = field_object(&metrics, json_name(m));
		struct plan_entry *e = &entries[p->count++];
		read_entry(e, &entry, json_name(m), from);
		for (unsigned digits = 0; digits <= CURRENCY_DIGITS; digits++)
			e->most[digits] = most_charged(e, digits);
	}
	p->entries = entries;
	return ST_OK;
}

static enum st read_features(struct plan *p, const struct fields *plan, struct arena *arena)
{
	size_t count;
	const struct json *feature = field_array(&count, plan, "features", DEFAULTED);
	const char **features = arena_take(arena, (count + 1) * sizeof *features);
	if (!features)
		return ST_MEMORY;
	for (; feature; feature = json_next(feature)) {
		if (json_kind(feature) != JSON_STRING || !*json_text(feature))
			field_fault(plan, "features", "must be an array of names");
		features[p->feature_count++] = json_text(feature);
	}
	p->features = features;
	return ST_OK;
}

static void read_base(struct plan *p, const struct fields *plan, const struct reading *from)
{
	const struct fields base = field_object(plan, "base_price");
	bool any = !base.object; /* there is a fault already */
	field_only(&base, "week month quarter half_year year");
	for (unsigned i = 0; i < CYCLE__MAX; i++) {
		p->offered[i] = field_get(&base, cycle_base(i), DEFAULTED);
		any |= p->offered[i];
		field_amount(&p->base[i], &base, cycle_base(i), EXACT_DIGITS, DEFAULTED);
		if (from->catalog && p->offered[i])
			money_check(&base, cycle_base(i), p->base[i], from->currency);
	}
	if (!any)
		field_fault(plan, "base_price", "must have at least one of week, month, quarter, half_year and year");
}

/* Usage counts in no period that is longer than the cycle, or that is a week or a year by itself. */
static void read_usage_cycle(struct plan *p, const struct fields *plan)
{
	static const char *const names[] = { "monthly", "quarterly", "half_yearly" };
	unsigned which = CYCLE_YEARLY - CYCLE_MONTHLY;
	field_choice(&which, plan, "usage_cycle", names, sizeof names / sizeof *names, DEFAULTED);
	p->usage_cycle = (enum billing_cycle)(CYCLE_MONTHLY + which);
}

/* A name is shown to people; codes stand in addresses. */
static void read_names(struct plan *p, const struct fields *f, const struct reading *from)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	field_string(&p->code, f, "code", NEEDED);
	field_string(&p->name, f, "name", NEEDED);
	field_string(&p->next, f, "next", DEFAULTED);
	if (p->code && !(*p->code >= 'a' && *p->code <= 'z' && strspn(p->code, letters) == strlen(p->code)))
		field_fault(f, "code", "must be lower-case letters, digits, \"_\" and \"-\", a letter first");
	else if (p->code && from->catalog && strlen(p->code) > PLAN_CODE_CAP)
		field_fault(f, "code", "must have at most 64 characters");
	if (p->name && from->catalog && (!*p->name || utf8_count(p->name) > PLAN_NAME_CAP))
		field_fault(f, "name", "must have 1 to 200 characters");
}

enum st plan_read(struct plan *p, struct faults *faults, const struct json *document, const struct catalog *catalog,
                  struct arena *arena)
{
	const struct fields f = { .object = document, .faults = faults, .pointer = "" };
	struct reading from = { .catalog = catalog };
	*p = (struct plan){ 0 };
	field_only(&f, "$schema code name description currency base_price usage_cycle next metrics features");
	field_string(&p->currency, &f, "currency", DEFAULTED);
	from.currency = p->currency ? currency_find(p->currency) : NULL;
	if (p->currency && !from.currency)
		field_fault(&f, "currency", "is not an ISO 4217 code");
	read_names(p, &f, &from);
	read_base(p, &f, &from);
	read_usage_cycle(p, &f);
	enum st st = read_features(p, &f, arena);
	if (!st)
		st = read_entries(p, &f, &from, arena);
	return st ? st : faults->count ? ST_INVALID : ST_OK;
}

bool plan_fits(const struct plan *p, const struct currency *currency)
{
	bool fits = true;
	for (unsigned i = 0; i < CYCLE__MAX; i++)
		fits &= !p->offered[i] || money_fits(p->base[i], currency);
	for (unsigned i = 0; i < p->count; i++)
		fits &= !p->entries[i].priced || price_fits(&p->entries[i].price, currency);
	return fits;
}

enum billing_cycle plan_cycle(const struct plan *p)
{
	unsigned i = CYCLE_WEEKLY;
	while (i < CYCLE_YEARLY && !p->offered[i])
		i++;
	return p->offered[CYCLE_MONTHLY] ? CYCLE_MONTHLY : (enum billing_cycle)i;
}

const char *plan_cycles(char *names, const struct plan *p)
{
	size_t size = 0;
	*names = '\0';
	for (unsigned i = 0; i < CYCLE__MAX; i++)
		if (p->offered[i])
			size += (size_t)snprintf(names + size, PLAN_CYCLES_ROOM - size, "%s%s", size ? ", " : "", cycle_name(i));
	return names;
}

enum billing_cycle plan_usage_cycle(const struct plan *p, enum billing_cycle cycle)
{
	return p->usage_cycle < cycle ? p->usage_cycle : cycle;
}

const struct plan_entry *plan_entry(const struct plan *p, const char *metric)
{
	static const struct plan_entry none = { .metric = "", .policy = POLICY_NONE,
		.most = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX } };
	for (unsigned i = 0; p && i < p->count; i++)
		if (!strcmp(p->entries[i].metric, metric))
			return &p->entries[i];
	return &none;
}

qty plan_overage(const struct plan_entry *e, qty used)
{
	return e->priced && used > e->included ? used - e->included : 0;
}

enum st plan_charge(exact *unrounded, minor *amount, const struct plan_entry *e, qty used, const struct currency *currency)
{
	*unrounded = 0;
	*amount = 0;
	if (!e->priced)
		return ST_OK;
	enum st st = price_amount(unrounded, &e->price, used > 0 ? used : 0);
	return st ? st : minor_round(amount, *unrounded, currency, ROUND_HALF_AWAY);
}

/* ---- the process's copies ---- */

static struct kept_plan {
	struct arena *arena;
	struct plan plan; /* plan_version_id 0: free */
} kept[PLANS_KEPT];
static unsigned next_kept;
static uint64_t kept_of; /* the store's connection that they were read from */

/* A stored plan was checked when it was applied, so its metrics need no catalog here. One that cannot be read is as
 * good as none: what is computed by it is no failure of the store. */
static enum st read_stored(struct kept_plan *k, const struct rows *r)
{
	struct faults faults = { .arena = k->arena };
	const struct json *document;
	const char *text = arena_copy(k->arena, rows_text(r, 2), strlen(rows_text(r, 2)));
	enum st st = text ? json_parse(&document, &faults, k->arena, text, strlen(text)) : ST_MEMORY;
	if (!st)
		st = plan_read(&k->plan, &faults, document, NULL, k->arena);
	k->plan.version = rows_int(r, 1);
	for (unsigned i = 0; i < faults.count; i++)
		log_error("stored plan: %s %s", faults.item[i].pointer, faults.item[i].detail);
	return !st ? ST_OK : st == ST_MEMORY ? st : ST_NOT_FOUND;
}

enum st plan_latest(int64_t *plan_version_id, struct store *store, const char *code)
{
	char lower[PLAN_CODE_CAP + 1];
	struct rows r = { 0 };
	if (strlen(code) > PLAN_CODE_CAP)
		return ST_NOT_FOUND;
	for (size_t i = 0; i <= strlen(code); i++)
		lower[i] = (char)tolower((unsigned char)code[i]);
	enum st st = ROWS(store, &r, SQL_PLAN_LATEST, TEXT(lower));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*plan_version_id = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_NOT_FOUND : st;
}

static void forget_another_database(const struct store *store)
{
	if (kept_of != store_connection(store))
		for (unsigned i = 0; i < PLANS_KEPT; i++)
			kept[i].plan = (struct plan){ 0 };
	kept_of = store_connection(store);
}

enum st plan_load(const struct plan **out, struct store *store, int64_t plan_version_id)
{
	forget_another_database(store);
	for (unsigned i = 0; i < PLANS_KEPT; i++)
		if (kept[i].plan.plan_version_id == plan_version_id && plan_version_id) {
			*out = &kept[i].plan;
			return ST_OK;
		}
	struct kept_plan *k = &kept[next_kept++ % PLANS_KEPT];
	struct rows r = { 0 };
	k->plan = (struct plan){ 0 };
	if (!k->arena && arena_open(&k->arena, PLAN_CAP))
		return ST_MEMORY;
	arena_reset(k->arena);
	enum st st = ROWS(store, &r, SQL_PLAN_BY_VERSION, INT(plan_version_id));
	if (!st)
		st = rows_next(&r);
	if (!st)
		st = read_stored(k, &r);
	rows_end(&r);
	if (st)
		return st == ST_DONE ? ST_NOT_FOUND : st;
	k->plan.plan_version_id = plan_version_id;
	*out = &k->plan;
	return ST_OK;
}

enum st plans_list(struct store *store, void (*tell)(void *context, const struct plan_listed *plan), void *context)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_PLAN_LIST);
	while (!st && !(st = rows_next(&r)))
		tell(context, &(struct plan_listed){
			.plan_version_id = rows_int(&r, 0), .code = rows_text(&r, 1), .version = rows_int(&r, 2), .name = rows_text(&r, 3),
			.applied_at = rows_int(&r, 4),
		});
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}
