/* Recording usage. The caller's process checks events and resolves their limits; what
 * then goes through the store's door is flat bytes that any process can carry out. */
#include "meter/record.h"

#include <stdio.h>
#include <string.h>

#include "account/token.h"
#include "base/text.h"
#include "exact/clock.h"
#include "meter/balance.h"
#include "meter/day.h"
#include "meter/event_id.h"
#include "meter/record_flat.h"
#include "meter/unique.h"
#include "account/window.h"
#include "meter/record.sql.h"

/* ---- the flat request ---- */

enum { INSTANTS = 58 /* bits: what any date needs, and sums of them do not pass */ };

static bool is_instant(instant t)
{
	return t > -((instant)1 << INSTANTS) && t < (instant)1 << INSTANTS;
}

static bool is_window(struct period w)
{
	return is_instant(w.start) && is_instant(w.end) && w.start < w.end;
}

static bool has_buckets(const struct flat_event *e)
{
	return is_instant(e->hour) && is_instant(e->day) && e->day <= e->hour && e->hour <= e->recorded_at &&
	       e->recorded_at - e->hour < HOUR;
}

/* What those who carry it out rely on. */
static bool is_sane(const struct flat_event *e, const char *const text[TEXT__MAX])
{
	return text[TEXT_METRIC] && *text[TEXT_METRIC] && e->aggregation < AGGREGATE__MAX && memchr(e->fingerprint, '\0', sizeof e->fingerprint) &&
	       (e->aggregation != AGGREGATE_UNIQUE || text[TEXT_VALUE]) && is_instant(e->recorded_at) && has_buckets(e) &&
	       is_instant(e->now) &&
	       (e->uncounted || is_window(e->window));
}

const char *flat_read(struct flat_event *e, const char *text[TEXT__MAX], const char *at, const char *end)
{
	if ((size_t)(end - at) < sizeof *e)
		return NULL;
	memcpy(e, at, sizeof *e);
	at += sizeof *e;
	for (unsigned t = 0; t < TEXT__MAX; t++) {
		const size_t size = e->size[t];
		text[t] = size == ABSENT ? NULL : at;
		if (size == ABSENT)
			continue;
		if ((size_t)(end - at) <= size || memchr(at, '\0', size + 1) != at + size)
			return NULL;
		at += size + 1;
	}
	return is_sane(e, text) ? at : NULL;
}

bool record_sound(const void *request, size_t size, size_t answer_size)
{
	const char *at = request, *end = at + size;
	const char *text[TEXT__MAX];
	struct flat_event e;
	size_t count = 0;
	for (; at && at < end; count++)
		at = flat_read(&e, text, at, end);
	return at && count && count * sizeof(struct flat_answer) <= answer_size;
}

void flat_alert(char *head, char *tail, size_t room, const struct flat_event *e, const char *metric, unsigned threshold)
{
	char included[DECIMAL_ROOM], start[INSTANT_ROOM];
	snprintf(head, room, "{\"metric_name\":\"%s\",\"threshold_percent\":%u,\"alert_level\":\"%s\",\"used_quantity\":", metric,
	         threshold, threshold_level(threshold));
	snprintf(tail, room, ",\"included_quantity\":%s,\"window_start\":\"%s\"}", qty_print(included, e->included),
	         instant_print(start, e->window.start));
}

static const struct write_op record_op = {
	.name = "usage.record", .flat = true, .sound = record_sound, .call = record_call, .party = record_party,
	.together = record_together, .apply = record_apply,
};

/* ---- checking, before the door ---- */

enum { FINGERPRINTED_CAP = 16 << 10 };

struct checking {
	const struct conf *conf;
	const struct account *account;
	const struct catalog *catalog;
	const struct plan *plan;
	unsigned digits; /* of the account's currency */
	instant now;
	instant numbered; /* the machines' time: where a tenant's stands still, numbers of events would meet */
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
		fault_add(f, "/metric_name", "\"%.64s\" " NOT_A_METRIC, e->metric);
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

/* What makes two payloads the same: what was sent, not when it arrived; nothing of it where the key alone does. */
static enum st fingerprint(char *out, const struct usage_event *e, const char *metric, struct arena *arena)
{
	char hash[TOKEN_HASH_ROOM];
	struct text t = text_new(arena, FINGERPRINTED_CAP);
	if (e->by_key_alone) {
		memset(out, '0', FINGERPRINT);
		out[FINGERPRINT] = '\0';
		return ST_OK;
	}
	text_adds(&t, metric);
	text_addc(&t, '\n');
	text_addi(&t, e->quantity);
	text_addc(&t, '\n');
	text_addi(&t, e->dated ? e->recorded_at : -1);
	text_addc(&t, '\n');
	text_adds(&t, e->resource_id ? e->resource_id : "");
	text_addc(&t, '\n');
	text_adds(&t, e->metadata ? e->metadata : "");
	text_adds(&t, e->enforce ? "\n1" : "\n0");
	if (t.failed)
		return ST_MEMORY;
	sha256_hex(hash, t.bytes, t.size);
	memcpy(out, hash, FINGERPRINT);
	out[FINGERPRINT] = '\0';
	return ST_OK;
}

/* What the event does not tell of its payload has two values each. */
enum st usage_fingerprint_fits(bool *fits, const char *told, const struct usage_event *stored, struct arena *arena)
{
	char made[FINGERPRINT + 1];
	enum st st = ST_OK;
	*fits = false;
	for (unsigned way = 0; way < 4 && !*fits && !st; way++) {
		struct usage_event e = *stored;
		e.dated = way & 1;
		e.enforce = way & 2;
		st = fingerprint(made, &e, e.metric, arena);
		*fits = !st && !strcmp(made, told);
	}
	return st;
}

static void flat_string(struct text *flat, struct flat_event *e, unsigned which, const char *text)
{
	e->size[which] = text ? (uint16_t)strlen(text) : (uint16_t)ABSENT;
	if (text)
		text_add(flat, text, strlen(text) + 1);
}

/* What the plan and the windows make of an event. */
static enum st judge_by_plan(struct flat_event *f, const struct checking *c, const struct usage_event *e, const struct metric *m,
                             const struct plan_entry *entry)
{
	f->uncounted = !window_counts(c->account, f->recorded_at);
	f->included = entry->included;
	f->most = entry->most[c->digits];
	if (f->uncounted)
		return ST_OK;
	f->refuse = (entry->policy == POLICY_HARD && m->aggregation != AGGREGATE_WEIGHTED_SUM) || (e->enforce && entry->policy != POLICY_UNLIMITED);
	f->alerts = entry->policy == POLICY_HARD || entry->policy == POLICY_SOFT;
	return window_at(&f->window, c->account, m->window, f->recorded_at);
}

static enum st find_buckets(struct flat_event *f, const char *zone)
{
	struct period day;
	enum st st = day_at(&day, zone, f->recorded_at);
	f->day = day.start;
	f->hour = hour_of(day, f->recorded_at).start;
	return st;
}

/* Only an average over time is looked up by days where it is carried out. */
static const char *zone_wanted(const struct account *a, const struct metric *m)
{
	return m->aggregation == AGGREGATE_WEIGHTED_SUM && strcmp(a->timezone, "UTC") ? a->timezone : NULL;
}

static enum st flatten(struct checking *c, const struct usage_event *e, const char *value, unsigned index,
                       struct usage_result *out)
{
	const struct metric *m = out->standing.metric;
	const struct plan_entry *entry = plan_entry(c->plan, m->name);
	const size_t at = c->flat.size;
	struct flat_event f = {
		.tenant_id = c->account->tenant_id, .generation = c->account->generation, .user_id = c->account->user_id,
		.event = event_number(c->numbered, index, c->randomness),
		.recorded_at = e->dated ? e->recorded_at : c->now, .now = c->now,
		.quantity = e->quantity, .aggregation = (uint8_t)m->aggregation, .is_signed = m->is_signed,
	};
	enum st st = find_buckets(&f, c->account->timezone);
	if (!st)
		st = judge_by_plan(&f, c, e, m, entry);
	if (!st && e->key)
		st = fingerprint(f.fingerprint, e, m->name, c->flat.arena);
	if (st)
		return st;
	out->standing.counted = !f.uncounted;
	out->standing.policy = entry->policy;
	out->standing.included = entry->included;
	text_add(&c->flat, (const char *)&f, sizeof f);
	flat_string(&c->flat, &f, TEXT_METRIC, m->name);
	flat_string(&c->flat, &f, TEXT_RESOURCE, e->resource_id);
	flat_string(&c->flat, &f, TEXT_METADATA, e->metadata);
	flat_string(&c->flat, &f, TEXT_KEY, e->key);
	flat_string(&c->flat, &f, TEXT_VALUE, value);
	flat_string(&c->flat, &f, TEXT_ZONE, zone_wanted(c->account, m));
	if (c->flat.failed)
		return ST_MEMORY;
	memcpy(c->flat.bytes + at, &f, sizeof f); /* now with the sizes */
	return ST_OK;
}

/* ---- answers ---- */

/* What is sent through the door, and where its answers go. */
struct sending {
	struct checking checking;
	struct usage_result *results;
	const bool *valid; /* of each result: it was sent */
	unsigned count, good, refused;
	struct flat_answer *answers; /* of those */
	struct usage_once *once;
	struct arena *arena;
};

static void take_answer(struct usage_result *r, const struct flat_answer *a)
{
	r->st = a->st;
	r->duplicate = a->duplicate;
	r->recorded_at = a->recorded_at;
	r->event = a->event;
	r->standing.used = a->used;
	r->faults.count = 0;
	if (a->st == ST_RANGE)
		fault_add(&r->faults, "/quantity", "would take a total past what can be counted, or charged by the plan");
}

static void deal_answers(struct sending *s)
{
	for (unsigned i = 0, k = 0; i < s->count; i++)
		if (s->valid[i])
			take_answer(&s->results[i], &s->answers[k++]);
}

/* ---- a whole that has a key ---- */

static void fingerprint_whole(char out[TOKEN_HASH_ROOM], const struct usage_once *once)
{
	sha256_hex(out, once->body, once->size);
	out[FINGERPRINT] = '\0';
}

/* Returns: ST_OK: it was recorded before; ST_DONE: nobody has the key; ST_KEY_REUSED. */
static enum st find_whole(struct store *store, struct sending *s, const char *fingerprint)
{
	struct usage_once *once = s->once;
	const int64_t tenant = s->checking.account->tenant_id;
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_USAGE_KEY_FIND, INT(tenant), TEXT(once->key));
	if (!st)
		st = rows_next(&r);
	if (!st && strcmp(rows_text(&r, 2), fingerprint))
		st = ST_KEY_REUSED;
	rows_end(&r);
	if (!st)
		st = ROWS(store, &r, SQL_USAGE_BATCH_FIND, INT(tenant), TEXT(once->key));
	if (!st)
		st = rows_next(&r) ? ST_KEY_REUSED : ST_OK;
	once->repeated = !st;
	once->taken = st ? 0 : rows_int(&r, 0);
	once->kept = st ? NULL : arena_copy(s->arena, rows_text(&r, 1), strlen(rows_text(&r, 1)));
	rows_end(&r);
	return !st && !once->kept ? ST_MEMORY : st;
}

static enum st keep_whole(struct store *store, struct sending *s, const char *fingerprint)
{
	const struct usage_once *once = s->once;
	const int64_t tenant = s->checking.account->tenant_id;
	int64_t taken = 0;
	for (unsigned i = 0; i < s->count; i++)
		taken += s->valid[i] && !s->results[i].st;
	const char *kept = once->keep(once->context);
	if (!kept)
		return ST_OK;
	enum st st = PUT(store, SQL_USAGE_KEY_TAKE, INT(tenant), TEXT(once->key), INT(s->checking.now), INT(0), TEXT(fingerprint));
	return st ? st : RUN(store, SQL_USAGE_BATCH_KEEP, INT(tenant), TEXT(once->key), INT(taken), TEXT(kept));
}

static enum st apply_whole(struct store *store, const void *request, size_t size, void *answer)
{
	struct sending *s = *(struct sending *const *)request;
	const struct text *flat = &s->checking.flat;
	char fingerprint[TOKEN_HASH_ROOM];
	(void)size, (void)answer;
	fingerprint_whole(fingerprint, s->once);
	enum st st = account_hold(store, s->checking.account->tenant_id);
	if (!st)
		st = find_whole(store, s, fingerprint);
	if (st != ST_DONE)
		return st;
	st = flat->size ? record_within(store, flat->bytes, flat->size, s->answers) : ST_OK;
	if (st)
		return st;
	deal_answers(s);
	return keep_whole(store, s, fingerprint);
}

/* ---- the whole ---- */

static enum st prepare(struct checking *c, struct store *store, struct arena *arena)
{
	const struct currency *currency = currency_find(c->account->currency);
	c->digits = currency ? currency->digits : 2;
	c->randomness = random_id();
	c->numbered = c->account->clocked ? clock_now() : c->now;
	c->flat = text_new(arena, 16 << 20);
	enum st st = catalog_load(&c->catalog, store, c->account->catalog);
	if (!st && c->account->plan_version_id)
		st = plan_load(&c->plan, store, c->account->plan_version_id);
	return st == ST_NOT_FOUND ? ST_STORE : st; /* without its plan no limit can be kept */
}

/* Is it, though it would be refused today, a repeat of what its key says it is? */
static enum st find_repeat(struct usage_result *r, struct store *store, const struct sending *s, const struct usage_event *e)
{
	struct rows rows = { 0 };
	if (r->st != ST_INVALID || !e->by_key_alone)
		return ST_OK;
	enum st st = ROWS(store, &rows, SQL_USAGE_KEY_FIND, INT(s->checking.account->tenant_id), TEXT(e->key));
	if (!st)
		st = rows_next(&rows);
	if (!st)
		*r = (struct usage_result){ .duplicate = true, .recorded_at = rows_int(&rows, 0), .event = rows_int(&rows, 1) };
	rows_end(&rows);
	return st == ST_DONE ? ST_OK : st;
}

static enum st check_all(struct sending *s, bool *valid, struct store *store, const struct usage_event *events)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < s->count && !st; i++) {
		struct usage_result *r = &s->results[i];
		const char *value;
		*r = (struct usage_result){ .faults.arena = s->arena };
		r->st = check(&s->checking, &events[i], &r->standing.metric, &value, &r->faults);
		valid[i] = !r->st;
		st = valid[i] ? flatten(&s->checking, &events[i], value, i, r) : find_repeat(r, store, s, &events[i]);
		s->good += valid[i];
		s->refused += r->st != ST_OK;
	}
	return st;
}

static enum st send(struct store *store, struct sending *s)
{
	static const struct write_op whole_op = { .name = "usage.record_whole", .apply = apply_whole };
	const struct text *flat = &s->checking.flat;
	if (s->once)
		return store_write(store, &whole_op, &s, sizeof s, NULL, 0);
	if (!s->good)
		return ST_OK;
	enum st st = store_write(store, &record_op, flat->bytes, flat->size, s->answers, s->count * sizeof *s->answers);
	if (!st)
		deal_answers(s);
	return st;
}

/* Check events, and make of those that are valid what goes through the door. */
static enum st begin(struct sending *s, struct store *store, const struct usage_event *events)
{
	bool *valid = arena_take(s->arena, s->count + 1);
	s->valid = valid;
	s->answers = arena_take(s->arena, (s->count + 1) * sizeof *s->answers);
	enum st st = valid && s->answers ? prepare(&s->checking, store, s->arena) : ST_MEMORY;
	return st ? st : check_all(s, valid, store, events);
}

enum st usage_record(struct usage_result *results, struct store *store, const struct conf *conf,
                     const struct account *account, const struct usage_event *events, unsigned count, bool whole,
                     struct usage_once *once, instant now, struct arena *arena)
{
	struct sending s = {
		.checking = { .conf = conf, .account = account, .now = now }, .results = results, .count = count,
		.once = once, .arena = arena,
	};
	enum st st = begin(&s, store, events);
	if (!st && whole && s.refused)
		return ST_INVALID;
	return st ? st : send(store, &s);
}

/* ---- within another's transaction ---- */

static enum st first_refusal(const struct sending *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->results[i].st)
			return s->results[i].st;
	return ST_OK;
}

enum st usage_within(struct usage_result *results, struct store *store, const struct conf *conf,
                     const struct account *account, const struct usage_event *events, unsigned count, instant now,
                     struct arena *arena)
{
	struct sending s = {
		.checking = { .conf = conf, .account = account, .now = now }, .results = results, .count = count, .arena = arena,
	};
	const struct text *flat = &s.checking.flat;
	enum st st = begin(&s, store, events);
	if (!st)
		st = first_refusal(&s);
	if (!st)
		st = record_within(store, flat->bytes, flat->size, s.answers);
	if (st)
		return st;
	deal_answers(&s);
	return first_refusal(&s);
}
