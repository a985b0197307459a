/* The proofs of one tenant. */
#include "meter/proof_tenant.h"

#include <stdarg.h>
#include <string.h>

#include "account/audit.h"
#include "meter/balance.h"
#include "meter/beside.h"
#include "meter/day.h"
#include "meter/proof.sql.h"
#include "meter/record.h"
#include "meter/summary.h"
#include "meter/usage.sql.h"

enum { TOLD = 20 }; /* of a kind */

struct proving {
	struct store *store;
	const struct account *account;
	const struct catalog *catalog;
	struct arena *arena;
	const struct proof_view *view;
	struct period events; /* from the first to the last one */
	unsigned differences;
};

static void tell(struct proving *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct proving *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const char *what = arena_vformat(p->arena, format, args);
	va_end(args);
	const char *text = what ? arena_format(p->arena, "tenant %lld: %s", (long long)p->account->tenant_id, what) : NULL;
	p->differences++;
	p->view->tell(p->view->context, text ? text : "no memory to say what differs");
}

static void differ(void *context, const char *what, const char *metric, instant at)
{
	char when[INSTANT_ROOM];
	tell(context, "%s of %s at %s differs from its events", what, metric, instant_print(when, at));
}

/* ---- hours and days ---- */

static enum st find_events(struct proving *p)
{
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_PROOF_EVENT_SPAN, INT(p->account->tenant_id));
	if (!st)
		st = rows_next(&r);
	if (!st)
		p->events = (struct period){ rows_int(&r, 0), rows_int(&r, 1) };
	rows_end(&r);
	return st;
}

static enum st prove_stretch(struct proving *p, const union sql_5 *sql, const char *what, const struct stretch *s,
                             instant width)
{
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, sql, INT(p->account->tenant_id), INT(s->first), INT(s->last), INT(s->origin),
	                  INT(width));
	while (!st && !(st = rows_next(&r)))
		differ(p, what, rows_text(&r, 1), rows_int(&r, 0));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* Between changes of the clocks one statement proves all days. */
static enum st prove_rollups(struct proving *p)
{
	const unsigned before = p->differences;
	const char *zone = p->account->timezone;
	struct stretch s = { 0 };
	enum st st = ST_OK;
	while (!st && p->differences - before < TOLD && !(st = stretch_next(&s, zone, p->events.start, p->events.end))) {
		st = prove_stretch(p, SQL_USAGE_HOUR_DIFFERENCES, "the hour", &s, HOUR);
		if (!st)
			st = prove_stretch(p, SQL_USAGE_DAY_DIFFERENCES, "the day", &s, s.width);
	}
	return st == ST_DONE ? ST_OK : st;
}

/* Rows of a metric that nobody has declared: it was never recorded under that name. */
static enum st prove_names(struct proving *p)
{
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_PROOF_UNKNOWN_METRICS, INT(p->account->tenant_id));
	while (!st && !(st = rows_next(&r)))
		tell(p, "%s has rows of %s, which is no metric", rows_text(&r, 0), rows_text(&r, 1));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- balances ---- */

static bool same(const struct rollup *a, const struct rollup *b)
{
	return a->sum == b->sum && a->count == b->count && a->min == b->min && a->max == b->max &&
	       a->first_at == b->first_at && a->last_at == b->last_at && a->last_event == b->last_event && a->last == b->last &&
	       a->distinct == b->distinct && a->beyond == b->beyond;
}

static enum st prove_balance(struct proving *p, const struct metric *m, struct period w, const struct rollup *have)
{
	struct usage_total *totals;
	unsigned count = 0;
	const struct rollup none = { 0 };
	const struct period counted = window_counted(p->account, w);
	enum st st = ST_OK;
	if (counted.start < counted.end)
		st = usage_rolled_up(&totals, &count, p->store, p->account, m, counted, p->arena);
	if (!st && count)
		st = usage_latest(&totals[0], p->store, p->account, 0, counted);
	if (!st && !same(have, count ? &totals[0].rollup : &none))
		differ(p, "the balance", m->name, w.start);
	return st;
}

/* Every stored balance is right. */
static enum st prove_balances(struct proving *p)
{
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_USAGE_BALANCE_ALL, INT(p->account->tenant_id));
	while (!st && !(st = rows_next(&r))) {
		const struct metric *m = metric_find(p->catalog, rows_text(&r, 0));
		const struct rollup have = rollup_row(&r, 3);
		if (m)
			st = prove_balance(p, m, (struct period){ rows_int(&r, 1), rows_int(&r, 2) }, &have);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* And there is one for each window that holds events: a metric's windows lie side by side. What lies before the
 * subscription's start counts in none. */
static enum st prove_balances_complete(struct proving *p)
{
	struct period span;
	struct rows r = { 0 };
	enum st st = balances_span(&span, p->store, p->account);
	if (st || !span.end || !window_counts(p->account, span.start))
		return st;
	st = ROWS(p->store, &r, SQL_PROOF_BALANCE_COUNTS, INT(p->account->tenant_id));
	while (!st && !(st = rows_next(&r)))
		tell(p, "the balances of %s hold %lld events, its days %lld", rows_text(&r, 0), (long long)rows_int(&r, 1),
		     (long long)rows_int(&r, 2));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* The windows that run have their balances; and windows, plan and price can be computed, as every page of the tenant wants. */
static enum st prove_standing(struct proving *p)
{
	struct usage_state s;
	struct period span;
	enum st st = balances_span(&span, p->store, p->account);
	if (!currency_find(p->account->currency))
		tell(p, "its currency %s is none that is known", p->account->currency);
	if (st || !span.end)
		return st;
	st = usage_state_at(&s, p->store, p->account, span.end, span.end, p->arena);
	for (unsigned i = 0; !st && s.begun && i < s.count; i++)
		st = prove_balance(p, s.lines[i].metric, s.lines[i].window, &s.lines[i].rollup);
	if (st != ST_RANGE && st != ST_INVALID)
		return st;
	tell(p, "where it stands by plan version %lld cannot be computed (%s): look at the plan's prices and the tenant's zone and currency",
	     (long long)p->account->plan_version_id, st_name(st));
	return ST_OK;
}

/* ---- beside ---- */

static enum st prove_beside(struct proving *p)
{
	const struct beside_witness witness = { differ, p };
	struct beside_proof proof = { .store = p->store, .tenant_id = p->account->tenant_id, .zone = p->account->timezone,
	                              .events = p->events, .witness = &witness };
	enum st st = ST_OK;
	for (unsigned i = 0; !st && i < p->catalog->count; i++) {
		proof.metric = &p->catalog->metrics[i];
		st = beside_verify(&proof);
	}
	return st;
}

/* ---- keys ---- */

/* Source and id, with what parts them. */
static bool is_of_cloud_event(const char *key)
{
	return strchr(key, '\x1f');
}

static enum st prove_key(struct proving *p, const struct rows *r, struct arena *arena)
{
	char when[INSTANT_ROOM];
	const char *key = rows_text(r, 0), *print = rows_text(r, 2);
	const struct usage_event e = { .metric = rows_text(r, 3), .quantity = rows_int(r, 4), .recorded_at = rows_int(r, 1),
	                               .resource_id = rows_text(r, 5), .metadata = rows_text(r, 6), .by_key_alone = is_of_cloud_event(key) };
	bool fits = rows_int(r, 7); /* a batch's, of which its answer is kept */
	enum st st = ST_OK;
	if (e.metric)
		st = usage_fingerprint_fits(&fits, print, &e, arena);
	if (!st && !fits)
		tell(p, e.metric ? "the key %s stands for another payload than its event of %s" : "what the key %s of %s stands for is gone", key,
		     instant_print(when, e.recorded_at));
	return st;
}

static enum st prove_keys(struct proving *p)
{
	const unsigned before = p->differences;
	struct rows r = { 0 };
	struct arena *arena;
	enum st st = arena_open(&arena, 1 << 20);
	if (st)
		return st;
	st = ROWS(p->store, &r, SQL_PROOF_KEYS, INT(p->account->tenant_id));
	while (!st && p->differences - before < TOLD && !(st = rows_next(&r))) {
		st = prove_key(p, &r, arena);
		arena_reset(arena);
	}
	rows_end(&r);
	arena_close(arena);
	return st == ST_DONE ? ST_OK : st;
}

static enum st prove_keys_apart(struct proving *p)
{
	char when[INSTANT_ROOM];
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_PROOF_KEYS_TOGETHER, INT(p->account->tenant_id));
	while (!st && !(st = rows_next(&r)))
		tell(p, "%lld keys, one of them %s, stand for the same event at %s", (long long)rows_int(&r, 2), rows_text(&r, 1),
		     instant_print(when, rows_int(&r, 0)));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st prove_answers(struct proving *p)
{
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_PROOF_ANSWERS, INT(p->account->tenant_id));
	while (!st && !(st = rows_next(&r)))
		tell(p, "the answer to the call with the key %s has lost that key", rows_text(&r, 0));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- alerts ---- */

static bool is_threshold(int64_t threshold)
{
	for (unsigned i = 0; i < THRESHOLDS; i++)
		if (thresholds[i] == threshold)
			return true;
	return false;
}

static enum st prove_alerts(struct proving *p)
{
	char when[INSTANT_ROOM];
	struct rows r = { 0 };
	enum st st = ROWS(p->store, &r, SQL_PROOF_ALERTS, INT(p->account->tenant_id));
	while (!st && !(st = rows_next(&r))) {
		const int64_t threshold = rows_int(&r, 2);
		if (!is_threshold(threshold) || !threshold_reached(rows_int(&r, 3), rows_int(&r, 4), (unsigned)threshold))
			tell(p, "the alert of %s at %lld percent in the window of %s was not due", rows_text(&r, 0), (long long)threshold,
			     instant_print(when, rows_int(&r, 1)));
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* ---- the audit ---- */

static enum st prove_audit(struct proving *p)
{
	struct audit_proof proof;
	enum st st = audit_prove(&proof, p->store, p->account->tenant_id, 0, NULL);
	if (!st && proof.first_bad)
		tell(p, "row %lld of the audit %s", (long long)proof.first_bad, proof.cause);
	return st;
}

/* ---- all of them ---- */

enum st proof_of_tenant(unsigned *differences, struct store *store, const struct account *account, struct arena *arena,
                        const struct proof_view *view)
{
	static enum st (*const proofs[])(struct proving *) = {
		find_events, prove_rollups, prove_names, prove_balances, prove_balances_complete, prove_beside, prove_keys,
		prove_keys_apart, prove_answers, prove_alerts, prove_standing, prove_audit,
	};
	struct proving p = { .store = store, .account = account, .arena = arena, .view = view };
	enum st st = catalog_load(&p.catalog, store, account->catalog);
	for (unsigned i = 0; i < sizeof proofs / sizeof *proofs && !st; i++)
		st = proofs[i](&p);
	*differences = p.differences;
	return st;
}
