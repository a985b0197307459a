/* Recording usage. The caller's process checks events and resolves their limits; what
 * then goes through the store's door is flat bytes that any process can carry out. */
#include "billing/record.h"

#include <stdio.h>
#include <string.h>

#include "auth/token.h"
#include "base/text.h"
#include "billing/balance.h"
#include "billing/event_id.h"
#include "billing/record_flat.h"
#include "billing/rollup.h"
#include "billing/unique.h"
#include "billing/weighted.h"
#include "billing/window.h"

/* ---- the flat request ---- */

const char *flat_read(struct flat_event *e, const char *text[TEXT__MAX], const char *at)
{
	memcpy(e, at, sizeof *e);
	at += sizeof *e;
	for (unsigned t = 0; t < TEXT__MAX; t++) {
		text[t] = e->size[t] == ABSENT ? NULL : at;
		at += e->size[t] == ABSENT ? 0 : e->size[t] + 1u;
	}
	return at;
}

void flat_alert(char *head, char *tail, size_t room, const struct flat_event *e, const char *metric, unsigned threshold)
{
	char included[DECIMAL_ROOM], start[INSTANT_ROOM];
	snprintf(head, room, "{\"metric_name\":\"%s\",\"threshold_percent\":%u,\"alert_level\":\"%s\",\"used_quantity\":", metric,
	         threshold, threshold_level(threshold));
	snprintf(tail, room, ",\"included_quantity\":%s,\"window_start\":\"%s\"}", qty_print(included, e->included),
	         instant_print(start, e->window.start));
}

/* ---- carrying it out, inside the transaction ---- */

struct applying {
	struct store *store;
	const struct flat_event *e;
	const char *text[TEXT__MAX]; /* NULL for none */
	struct flat_answer *answer;
	bool known; /* it is in the store already: an exact repeat, or our own work of a leader that died */
};

static enum st find_duplicate(struct applying *a)
{
	struct rows r = { 0 };
	enum st st = ROWS(a->store, &r, SQL_USAGE_KEY_FIND, INT(a->e->tenant_id), TEXT(a->text[TEXT_KEY]));
	if (!st)
		st = rows_next(&r);
	if (!st) {
		a->known = true;
		a->answer->duplicate = a->e->event != rows_int(&r, 1) || a->e->recorded_at != rows_int(&r, 0);
		a->answer->recorded_at = rows_int(&r, 0);
		a->answer->event = rows_int(&r, 1);
		st = strcmp(rows_text(&r, 2), a->e->fingerprint) ? ST_KEY_REUSED : ST_OK;
	}
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

/* Take the key, or find who has it. */
static enum st take_key(struct applying *a)
{
	struct rows r = { 0 };
	if (!a->text[TEXT_KEY])
		return ST_OK;
	enum st st = ROWS(a->store, &r, SQL_USAGE_KEY_TAKE, INT(a->e->tenant_id), TEXT(a->text[TEXT_KEY]),
	                  INT(a->e->recorded_at), INT(a->e->event), TEXT(a->e->fingerprint));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? find_duplicate(a) : st;
}

static enum st find_balance(struct applying *a, struct rollup *balance)
{
	struct rows r = { 0 };
	enum st st = ROWS(a->store, &r, SQL_USAGE_BALANCE_FIND, INT(a->e->tenant_id), INT(a->e->window.start),
	                  TEXT(a->text[TEXT_METRIC]), INT(a->e->window.end));
	*balance = (struct rollup){ 0 };
	if (!st)
		st = rows_next(&r);
	if (!st)
		*balance = rollup_row(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st put_balance(struct applying *a, const struct rollup *b)
{
	return RUN(a->store, SQL_USAGE_BALANCE_PUT, INT(a->e->tenant_id), INT(a->e->window.start), TEXT(a->text[TEXT_METRIC]),
	           INT(a->e->window.end), INT(b->sum), INT(b->count), INT(b->min), INT(b->max), INT(b->first_at),
	           INT(b->last_at), INT(b->last_event), INT(b->last), INT(b->distinct));
}

/* find_own() has looked: an event that stands there is another's, whose number met ours by chance. */
static enum st add_event(struct applying *a)
{
	const struct flat_event *e = a->e;
	struct rows r = { 0 };
	enum st st = ROWS(a->store, &r, SQL_USAGE_EVENT_INSERT, INT(e->tenant_id), INT(e->recorded_at), INT(e->event),
	                  TEXT(a->text[TEXT_METRIC]), INT(e->quantity), INT(e->user_id), OPT(a->text[TEXT_RESOURCE]),
	                  OPT(a->text[TEXT_METADATA]));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_BUSY : st;
}

/* What a leader that died may have committed is looked for before the limit is: it is in the balance. */
static enum st find_own(struct applying *a)
{
	struct rows r = { 0 };
	if (a->known || !store_again(a->store))
		return ST_OK;
	enum st st = ROWS(a->store, &r, SQL_USAGE_EVENT_FIND, INT(a->e->tenant_id), INT(a->e->recorded_at), INT(a->e->event));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	a->known = !st;
	return st == ST_DONE ? ST_OK : st;
}

static enum st add_bucket(struct applying *a, enum sql sql, instant width)
{
	const struct flat_event *e = a->e;
	const struct rollup r = rollup_of(e->quantity, e->recorded_at, e->event);
	return RUN(a->store, sql, INT(e->tenant_id), INT(floor_div(e->recorded_at, width) * width), TEXT(a->text[TEXT_METRIC]),
	           INT(e->user_id), INT(r.sum), INT(r.count), INT(r.min), INT(r.max), INT(r.first_at), INT(r.last_at),
	           INT(r.last_event), INT(r.last));
}

static enum st queue_alert(struct applying *a, unsigned threshold)
{
	char payload[600], head[256], tail[256], used[DECIMAL_ROOM];
	flat_alert(head, tail, sizeof head, a->e, a->text[TEXT_METRIC], threshold);
	snprintf(payload, sizeof payload, "%s%s%s", head, qty_print(used, a->answer->used), tail);
	return RUN(a->store, SQL_OUTBOX_ADD, INT(a->e->tenant_id), INT(event_number(a->e->now, threshold, a->e->event)),
	           TEXT("usage_alert"), TEXT(payload), INT(a->e->now));
}

/* Once per metric, window and threshold: the row itself says whether it fired before. */
static enum st fire_alert(void *context, unsigned threshold)
{
	struct applying *a = context;
	struct rows r = { 0 };
	enum st st = ROWS(a->store, &r, SQL_USAGE_ALERT_FIRE, INT(a->e->tenant_id), INT(a->e->window.start),
	                  TEXT(a->text[TEXT_METRIC]), INT(threshold), INT(a->answer->used), INT(a->e->included), INT(a->e->now));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st ? st : queue_alert(a, threshold);
}

/* A value counts once a window: entering it tells whether this event is the first to bring it. */
static enum st enter_value(struct applying *a, struct rollup *one)
{
	bool fresh = false;
	if (a->e->aggregation != AGGREGATE_UNIQUE)
		return ST_OK;
	enum st st = unique_enter(&fresh, a->store, a->e->tenant_id, a->text[TEXT_METRIC], a->e->window, a->text[TEXT_VALUE]);
	one->distinct = fresh;
	return st;
}

static enum st keep_beside(struct applying *a)
{
	const struct flat_event *e = a->e;
	const struct beside_event event = {
		.tenant_id = e->tenant_id, .metric = a->text[TEXT_METRIC], .user_id = e->user_id, .recorded_at = e->recorded_at,
		.event = e->event, .quantity = e->quantity, .value = a->text[TEXT_VALUE],
	};
	return beside_keep(a->store, e->aggregation, &event);
}

/* A use that is an average stands at what has accrued in its window by now. */
static enum st accrue(struct applying *a)
{
	const struct flat_event *e = a->e;
	const instant seen = e->now < e->window.start ? e->window.start : e->now < e->window.end ? e->now : e->window.end;
	const struct beside_range asked = { e->tenant_id, a->text[TEXT_METRIC], 0, { e->window.start, seen } };
	struct weight weight;
	qty projected;
	if (e->aggregation != AGGREGATE_WEIGHTED_SUM)
		return ST_OK;
	enum st st = weighted_over(&weight, a->store, &asked);
	return st ? st : weight_standing(&a->answer->used, &projected, &weight, e->window.end);
}

/* The event and all that it changes, once it is decided that it counts. */
static enum st keep(struct applying *a, const struct rollup *balance)
{
	enum st st = add_event(a);
	if (!st)
		st = add_bucket(a, SQL_USAGE_HOUR_ADD, HOUR);
	if (!st)
		st = add_bucket(a, SQL_USAGE_DAY_ADD, DAY);
	if (!st)
		st = put_balance(a, balance);
	return st ? st : keep_beside(a);
}

static enum st count_event(struct applying *a)
{
	const struct flat_event *e = a->e;
	const struct metric metric = { .aggregation = e->aggregation, .is_signed = e->is_signed };
	struct rollup balance, one = rollup_of(e->quantity, e->recorded_at, e->event);
	enum st st = find_balance(a, &balance);
	const qty before = rollup_used(&balance, &metric);
	a->answer->used = before;
	if (!st && a->known)
		return accrue(a);
	if (!st)
		st = enter_value(a, &one);
	if (!st)
		st = rollup_merge(&balance, &one);
	if (st)
		return st;
	const qty used = rollup_used(&balance, &metric);
	if (e->refuse && used > e->included && used > before)
		return ST_LIMIT_EXCEEDED;
	a->answer->used = used;
	st = keep(a, &balance);
	if (!st)
		st = accrue(a); /* an average had no use before: what it passed since its last event fires now */
	if (!st && e->alerts)
		st = thresholds_between(before, a->answer->used, e->included, fire_alert, a);
	return st;
}

/* A refusal undoes this event alone; a failure of the store undoes all. */
static enum st apply_one(struct applying *a)
{
	enum st st = store_part_begin(a->store);
	if (st)
		return st;
	a->answer->recorded_at = a->e->recorded_at;
	a->answer->event = a->e->event;
	st = take_key(a);
	if (!st)
		st = find_own(a);
	if (!st)
		st = count_event(a);
	a->answer->st = store_part_end(a->store, st);
	switch (a->answer->st) {
	case ST_LIMIT_EXCEEDED:
	case ST_KEY_REUSED:
	case ST_RANGE: return ST_OK;
	default: return a->answer->st;
	}
}

/* Was it decided by the catalogue that stands now? The tenant is held from here on. */
static enum st hold(struct store *store, const struct flat_event *e)
{
	struct rows r = { 0 };
	enum st st = balances_hold(store, e->tenant_id);
	if (st)
		return st;
	st = store_rows(store, &r, SQL_CATALOG_GENERATION, NULL, 0);
	if (!st)
		st = rows_next(&r);
	if (!st && rows_int(&r, 0) != e->generation)
		st = ST_CONFLICT;
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}

static enum st apply(struct store *store, const void *request, size_t size, void *answer)
{
	const char *at = request, *end = at + size;
	struct flat_answer *answers = answer;
	enum st st = ST_OK;
	for (bool held = false; at < end && !st; answers++, held = true) {
		struct flat_event e;
		struct applying a = { .store = store, .e = &e, .answer = answers };
		at = flat_read(&e, a.text, at);
		*answers = (struct flat_answer){ 0 };
		if (!held)
			st = hold(store, &e);
		if (!st)
			st = apply_one(&a);
	}
	return st;
}

static const struct write_op record_op = { .name = "usage.record", .flat = true, .call = record_call, .apply = apply };

/* ---- checking, before the door ---- */

struct checking {
	const struct conf *conf;
	const struct account *account;
	const struct catalog *catalog;
	const struct plan *plan;
	instant now;
	struct arena *arena;
	int64_t randomness;
	struct text flat;
};

static enum st check_time(const struct checking *c, const struct usage_event *e, struct faults *f)
{
	const instant back = c->conf->number[CONF_LATE_DAYS] * DAY, ahead = c->conf->number[CONF_AHEAD_SECONDS] * SECOND;
	if (e->dated && e->recorded_at < c->now - back)
		return fault_add(f, "/recorded_at", "lies more than %lld days back", (long long)c->conf->number[CONF_LATE_DAYS]);
	if (e->dated && e->recorded_at > c->now + ahead)
		return fault_add(f, "/recorded_at", "lies more than %lld seconds ahead",
		                 (long long)c->conf->number[CONF_AHEAD_SECONDS]);
	return ST_OK;
}

/* What the metric's aggregation asks of an event. */
static enum st check_aggregation(const char **value, const struct usage_event *e, const struct metric *m, struct faults *f)
{
	*value = NULL;
	if (m && m->aggregation == AGGREGATE_WEIGHTED_SUM && e->enforce)
		return fault_add(f, "/enforce", "does not go with %s: an average over time is known only at its end", m->name);
	return m && m->aggregation == AGGREGATE_UNIQUE ? unique_value(value, f, m, e->metadata) : ST_OK;
}

static enum st check(const struct checking *c, const struct usage_event *e, const struct metric **metric, const char **value,
                     struct faults *f)
{
	*metric = metric_find(c->catalog, e->metric);
	if (!*metric)
		fault_add(f, "/metric_name", "\"%.64s\" is not a metric; GET /api/usage/metrics lists them", e->metric);
	else if (e->quantity <= 0 && !(*metric)->is_signed)
		fault_add(f, "/quantity", "must be greater than 0");
	else if (!e->quantity)
		fault_add(f, "/quantity", "must not be 0");
	if (e->metadata && strlen(e->metadata) > METADATA_CAP)
		fault_add(f, "/metadata", "must be at most %d bytes of JSON", METADATA_CAP);
	check_time(c, e, f);
	enum st st = check_aggregation(value, e, *metric, f);
	return f->count ? ST_INVALID : st;
}

/* What makes two payloads the same: what was sent, not when it arrived. */
static enum st fingerprint(char *out, const struct usage_event *e, const struct metric *m, struct arena *arena)
{
	char hash[TOKEN_HASH_ROOM];
	const char *text = arena_format(arena, "%s\n%lld\n%lld\n%s\n%s\n%d", m->name, (long long)e->quantity,
	                                e->dated ? (long long)e->recorded_at : -1LL, e->resource_id ? e->resource_id : "",
	                                e->metadata ? e->metadata : "", e->enforce);
	if (!text)
		return ST_MEMORY;
	sha256_hex(hash, text, strlen(text));
	snprintf(out, 33, "%.32s", hash);
	return ST_OK;
}

static void flat_string(struct text *flat, struct flat_event *e, unsigned which, const char *text)
{
	e->size[which] = text ? (uint16_t)strlen(text) : (uint16_t)ABSENT;
	if (text)
		text_add(flat, text, strlen(text) + 1);
}

static enum st flatten(struct checking *c, const struct usage_event *e, const char *value, unsigned index,
                       struct usage_result *out)
{
	const struct metric *m = out->standing.metric;
	const struct plan_entry *entry = plan_entry(c->plan, m->name);
	const size_t at = c->flat.size;
	const bool limited = entry->policy == POLICY_HARD || entry->policy == POLICY_SOFT;
	struct windows w;
	struct flat_event f = {
		.tenant_id = c->account->tenant_id, .generation = c->account->generation, .user_id = c->account->user_id,
		.event = event_number(c->now, index, c->randomness),
		.recorded_at = e->dated ? e->recorded_at : c->now, .now = c->now,
		.quantity = e->quantity, .included = entry->included,
		.aggregation = (uint8_t)m->aggregation, .is_signed = m->is_signed,
		.refuse = (entry->policy == POLICY_HARD && m->aggregation != AGGREGATE_WEIGHTED_SUM) || (e->enforce && entry->policy != POLICY_UNLIMITED),
		.alerts = limited,
	};
	enum st st = windows_at(&w, c->account, f.recorded_at);
	if (!st && e->key)
		st = fingerprint(f.fingerprint, e, m, c->flat.arena);
	if (st)
		return st;
	f.window = w.of[m->window];
	out->standing.policy = entry->policy;
	out->standing.included = entry->included;
	text_add(&c->flat, (const char *)&f, sizeof f);
	flat_string(&c->flat, &f, TEXT_METRIC, m->name);
	flat_string(&c->flat, &f, TEXT_RESOURCE, e->resource_id);
	flat_string(&c->flat, &f, TEXT_METADATA, e->metadata);
	flat_string(&c->flat, &f, TEXT_KEY, e->key);
	flat_string(&c->flat, &f, TEXT_VALUE, value);
	if (c->flat.failed)
		return ST_MEMORY;
	memcpy(c->flat.bytes + at, &f, sizeof f); /* now with the sizes */
	return ST_OK;
}

/* ---- the whole ---- */

static void take_answer(struct usage_result *r, const struct flat_answer *a)
{
	r->st = a->st;
	r->duplicate = a->duplicate;
	r->recorded_at = a->recorded_at;
	r->event = a->event;
	r->standing.used = a->used;
	if (a->st == ST_RANGE)
		fault_add(&r->faults, "/quantity", "would take a total past what can be counted");
}

static enum st prepare(struct checking *c, struct store *store, struct arena *arena)
{
	c->randomness = random_id();
	c->flat = text_new(arena, 16 << 20);
	enum st st = catalog_load(&c->catalog, store, c->account->generation);
	if (!st && c->account->plan_version_id)
		st = plan_load(&c->plan, store, c->account->plan_version_id);
	return st;
}

/* Check all and record what is good. Returns: as usage_record(); ST_CONFLICT: decide anew. */
static enum st record(struct usage_result *results, struct store *store, struct checking *c, const struct usage_event *events,
                      unsigned count, bool whole)
{
	struct arena *arena = c->arena;
	struct flat_answer *answers = arena_take(arena, count * sizeof *answers);
	unsigned good = 0;
	enum st st = answers ? prepare(c, store, arena) : ST_MEMORY;
	for (unsigned i = 0; i < count && !st; i++) {
		struct usage_result *r = &results[i];
		const char *value;
		*r = (struct usage_result){ .faults.arena = arena };
		r->st = check(c, &events[i], &r->standing.metric, &value, &r->faults);
		if (!r->st)
			st = flatten(c, &events[i], value, i, r);
		good += !r->st;
	}
	if (!st && whole && good < count)
		return ST_INVALID;
	if (!st && good)
		st = store_write(store, &record_op, c->flat.bytes, c->flat.size, answers, count * sizeof *answers);
	for (unsigned i = 0, k = 0; i < count && !st; i++)
		if (!results[i].st)
			take_answer(&results[i], &answers[k++]);
	return st;
}

enum st usage_record(struct usage_result *results, struct store *store, const struct conf *conf,
                     const struct account *account, const struct usage_event *events, unsigned count, bool whole,
                     instant now, struct arena *arena)
{
	struct account anew = *account;
	struct checking c = { .conf = conf, .account = &anew, .now = now, .arena = arena };
	enum st st = record(results, store, &c, events, count, whole);
	for (unsigned tries = 1; st == ST_CONFLICT && tries < 3; tries++) {
		st = account_by_tenant(&anew, store, account->tenant_id, arena);
		anew.token_id = account->token_id;
		anew.user_id = account->user_id;
		if (!st)
			st = record(results, store, &c, events, count, whole);
	}
	return st == ST_CONFLICT ? ST_BUSY : st;
}
