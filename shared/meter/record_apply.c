/* Carrying out what was recorded, inside the transaction: keys, limits, events, roll-ups, alerts. */
#include "meter/record_flat.h"

#include <stdio.h>
#include <string.h>

#include "account/account.h"
#include "account/outbox.h"
#include "meter/balance.h"
#include "meter/ledger.h"
#include "meter/unique.h"
#include "meter/record.sql.h"
#include "meter/weighted.h"

struct applying {
	struct store *store;
	struct ledger *ledger;
	const struct flat_event *e;
	const char *text[TEXT__MAX]; /* NULL for none */
	struct flat_answer *answer;
	bool again;   /* a leader that died may have done it before */
	bool known;   /* it is in the store already: an exact repeat, or our own work of a leader that died */
	bool counted; /* it is, or some of it, in what will be written: it cannot be refused any more */
};

/* ---- what is known of it ---- */

/* Who has the key. ST_DONE: nobody. */
static enum st find_key(struct applying *a)
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
	return st;
}

/* Take the key, or find who has it. What will be refused takes none. */
static enum st take_key(struct applying *a, bool refused)
{
	if (!a->text[TEXT_KEY])
		return ST_OK;
	enum st st = refused ? ST_DONE
	                     : PUT(a->store, SQL_USAGE_KEY_TAKE, INT(a->e->tenant_id), TEXT(a->text[TEXT_KEY]),
	                           INT(a->e->recorded_at), INT(a->e->event), TEXT(a->e->fingerprint));
	if (st != ST_DONE)
		return st;
	st = find_key(a);
	return st != ST_DONE ? st : refused ? ST_OK : ST_STORE;
}

/* What a leader that died may have committed is looked for before the limit is: it is in the balance. */
static enum st find_own(struct applying *a, bool refused)
{
	struct rows r = { 0 };
	if (a->known || !(a->again || refused))
		return ST_OK;
	enum st st = ROWS(a->store, &r, SQL_USAGE_EVENT_FIND, INT(a->e->tenant_id), INT(a->e->recorded_at), INT(a->e->event));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	a->known = !st;
	return st == ST_DONE ? ST_OK : st;
}

/* ---- what it adds ---- */

/* Its own work, though nobody said that it may have been done before? With a key it would have been found by that. */
static enum st meet(struct applying *a)
{
	struct rows r = { 0 };
	if (a->text[TEXT_KEY] || a->again)
		return ST_BUSY;
	enum st st = ROWS(a->store, &r, SQL_USAGE_EVENT_FIND, INT(a->e->tenant_id), INT(a->e->recorded_at), INT(a->e->event));
	if (!st)
		st = rows_next(&r);
	a->known = !st && rows_text(&r, 0) && !strcmp(rows_text(&r, 0), a->text[TEXT_METRIC]) && rows_int(&r, 1) == a->e->quantity;
	rows_end(&r);
	return a->known ? ST_OK : st && st != ST_DONE ? st : ST_BUSY;
}

/* What stands there is its own work, or else another's event, whose number met ours by chance. */
static enum st add_event(struct applying *a)
{
	const struct flat_event *e = a->e;
	enum st st = PUT(a->store, SQL_USAGE_EVENT_INSERT, INT(e->tenant_id), INT(e->recorded_at), INT(e->event),
	                 TEXT(a->text[TEXT_METRIC]), INT(e->quantity), INT(e->user_id), OPT(a->text[TEXT_RESOURCE]),
	                 OPT(a->text[TEXT_METADATA]));
	return st == ST_DONE ? meet(a) : st;
}

static enum st add_bucket(struct applying *a, enum ledger_kind kind, instant start)
{
	const struct flat_event *e = a->e;
	const struct rollup one = rollup_of(e->quantity, e->recorded_at, e->event);
	const struct ledger_key key = { kind, e->tenant_id, start, e->user_id, a->text[TEXT_METRIC] };
	return ledger_add(a->ledger, &key, &one);
}

static struct ledger_key balance_key(const struct applying *a)
{
	return (struct ledger_key){ LEDGER_BALANCE, a->e->tenant_id, a->e->window.start, a->e->window.end, a->text[TEXT_METRIC] };
}

static enum st keep_beside(struct applying *a)
{
	const struct flat_event *e = a->e;
	const struct beside_event event = {
		.tenant_id = e->tenant_id, .metric = a->text[TEXT_METRIC], .user_id = e->user_id, .recorded_at = e->recorded_at,
		.hour = e->hour, .day = e->day, .event = e->event, .quantity = e->quantity, .value = a->text[TEXT_VALUE],
	};
	return beside_keep(a->store, e->aggregation, &event);
}

/* All that the event changes, once it stands there. No balance: it counts in no window. */
static enum st keep(struct applying *a, const struct rollup *balance)
{
	const struct ledger_key key = balance_key(a);
	a->counted = true;
	enum st st = add_bucket(a, LEDGER_HOUR, a->e->hour);
	if (!st)
		st = add_bucket(a, LEDGER_DAY, a->e->day);
	if (!st && balance)
		st = ledger_set_balance(a->ledger, &key, balance);
	return st ? st : keep_beside(a);
}

/* ---- alerts ---- */

static enum st queue_alert(struct applying *a, unsigned threshold)
{
	char payload[600], head[256], tail[256], used[DECIMAL_ROOM];
	flat_alert(head, tail, sizeof head, a->e, a->text[TEXT_METRIC], threshold);
	snprintf(payload, sizeof payload, "%s%s%s", head, qty_print(used, a->answer->used), tail);
	const struct outbox_new message = { "usage_alert", payload, .now = a->e->now };
	int64_t id;
	return outbox_add(&id, a->store, a->e->tenant_id, &message);
}

/* Once per metric, window and threshold: the row itself says whether it fired before. */
static enum st fire_alert(void *context, unsigned threshold)
{
	struct applying *a = context;
	enum st st = PUT(a->store, SQL_USAGE_ALERT_FIRE, INT(a->e->tenant_id), INT(a->e->window.start),
	                 TEXT(a->text[TEXT_METRIC]), INT(threshold), INT(a->answer->used), INT(a->e->included), INT(a->e->now));
	return st == ST_DONE ? ST_OK : st ? st : queue_alert(a, threshold);
}

/* ---- counting ---- */

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

/* A use that is an average stands at what has accrued in its window by now. */
static enum st accrue(struct applying *a)
{
	const struct flat_event *e = a->e;
	const instant seen = e->now < e->window.start ? e->window.start : e->now < e->window.end ? e->now : e->window.end;
	const struct beside_range asked = { e->tenant_id, a->text[TEXT_ZONE], a->text[TEXT_METRIC], 0, { e->window.start, seen } };
	struct weight weight;
	qty projected;
	if (e->aggregation != AGGREGATE_WEIGHTED_SUM)
		return ST_OK;
	enum st st = weighted_over(&weight, a->store, &asked);
	if (!st)
		st = weight_standing(&a->answer->used, &projected, &weight, e->window.end);
	return !st && !a->known && e->quantity > 0 && projected > e->most ? ST_RANGE : st; /* held to its end it is too dear */
}

static qty used_of(const struct applying *a, const struct rollup *balance)
{
	const struct metric metric = { .aggregation = a->e->aggregation, .is_signed = a->e->is_signed };
	return rollup_used(balance, &metric);
}

/* May it be counted? Returns: ST_OK; ST_LIMIT_EXCEEDED; ST_RANGE. Out: after  the balance with it */
static enum st judge(struct rollup *after, const struct applying *a, const struct rollup *before, const struct rollup *one)
{
	*after = *before;
	enum st st = rollup_merge(after, one);
	const qty used = used_of(a, after);
	if (st || used <= used_of(a, before))
		return st;
	return used > a->e->most ? ST_RANGE : a->e->refuse && used > a->e->included ? ST_LIMIT_EXCEEDED : ST_OK;
}

/* Kept, once, but counted in no window: no limit and no alert is asked. */
static enum st keep_uncounted(struct applying *a)
{
	enum st st = take_key(a, false);
	if (!st)
		st = find_own(a, false);
	if (!st && !a->known)
		st = add_event(a);
	return st || a->known ? st : keep(a, NULL);
}

/* What is decided by sums alone is decided before its first write, so that a refusal has nothing to undo. */
static enum st count_event(struct applying *a)
{
	const struct flat_event *e = a->e;
	if (e->uncounted)
		return keep_uncounted(a);
	const bool plain = !beside_needed(e->aggregation);
	const struct ledger_key key = balance_key(a);
	struct rollup before, after, one = rollup_of(e->quantity, e->recorded_at, e->event);
	enum st st = ledger_balance(&before, a->ledger, &key);
	if (st)
		return st;
	enum st verdict = plain ? judge(&after, a, &before, &one) : ST_OK;
	st = take_key(a, verdict);
	if (!st)
		st = find_own(a, verdict);
	if (st)
		return st;
	a->answer->used = used_of(a, &before);
	if (a->known)
		return accrue(a);
	if (!plain && !(st = enter_value(a, &one)))
		verdict = judge(&after, a, &before, &one);
	if (st || verdict)
		return st ? st : verdict;
	st = add_event(a);
	if (st || a->known)
		return st ? st : accrue(a);
	a->answer->used = used_of(a, &after);
	st = keep(a, &after);
	if (!st)
		st = accrue(a); /* an average had no use before: what it passed since its last event fires now */
	if (!st && e->alerts)
		st = thresholds_between(used_of(a, &before), a->answer->used, e->included, fire_alert, a);
	return st;
}

static bool refusal(enum st st)
{
	return st == ST_LIMIT_EXCEEDED || st == ST_KEY_REUSED || st == ST_RANGE;
}

static void open_answer(const struct applying *a)
{
	*a->answer = (struct flat_answer){ .recorded_at = a->e->recorded_at, .event = a->e->event };
}

/* ---- one by one ---- */

/* A refusal undoes this event alone; a failure of the store undoes all. */
static enum st apply_one(struct applying *a)
{
	enum st st = store_part_begin(a->store);
	if (st)
		return st;
	ledger_begin(a->ledger, a->store);
	open_answer(a);
	st = count_event(a);
	if (!st)
		st = ledger_write(a->ledger);
	a->answer->st = store_part_end(a->store, st);
	return refusal(a->answer->st) ? ST_OK : a->answer->st;
}

/* Was it decided by what stands now? The tenant is held from here on. */
static enum st hold(struct store *store, const struct flat_event *e)
{
	int64_t generation;
	enum st st = account_hold(store, e->tenant_id);
	if (!st)
		st = account_generation(&generation, store, e->tenant_id);
	return st ? st : generation != e->generation ? ST_OUTDATED : ST_OK;
}

enum st record_apply(struct store *store, const void *request, size_t size, void *answers)
{
	const char *at = request, *end = at + size;
	struct flat_answer *answer = answers;
	struct ledger ledger;
	enum st st = ST_OK;
	for (bool held = false; at < end && !st; answer++, held = true) {
		struct flat_event e;
		struct applying a = { .store = store, .ledger = &ledger, .e = &e, .answer = answer, .again = store_again(store) };
		at = flat_read(&e, a.text, at, end);
		st = !at ? ST_STORE : held ? ST_OK : hold(store, &e);
		if (!st)
			st = apply_one(&a);
	}
	return st;
}

/* ---- many as one ---- */

/* Only what writes before it knows its verdict is a part by itself. A failure here is the whole group's. */
static enum st add_one(struct applying *a)
{
	const bool part = beside_needed(a->e->aggregation);
	enum st st = part ? store_part_begin(a->store) : ST_OK;
	open_answer(a);
	if (st)
		return st;
	st = count_event(a);
	a->answer->st = part ? store_part_end(a->store, st) : st;
	return refusal(a->answer->st) && !a->counted ? ST_OK : a->answer->st;
}

/* The generation of the tenant that was looked at last: a group is often of one. */
struct looked_at {
	int64_t tenant, generation;
};

static enum st look(struct looked_at *l, struct store *store, int64_t tenant)
{
	if (l->tenant == tenant)
		return ST_OK;
	l->tenant = tenant;
	return account_generation(&l->generation, store, tenant);
}

static enum st add_job(struct store *store, struct ledger *ledger, struct looked_at *looked_at, struct combine_job *job)
{
	const char *at = job->request, *end = at + job->size;
	struct flat_answer *answer = job->answer;
	enum st st = ST_OK;
	job->st = ST_OK;
	for (; at < end && !st; answer++) {
		struct flat_event e;
		struct applying a = { .store = store, .ledger = ledger, .e = &e, .answer = answer, .again = job->again };
		at = flat_read(&e, a.text, at, end);
		st = at ? look(looked_at, store, e.tenant_id) : ST_STORE;
		if (!st && e.generation != looked_at->generation) {
			job->st = ST_OUTDATED; /* all of a request have the same */
			return ST_OK;
		}
		if (!st)
			st = add_one(&a);
	}
	return st;
}

enum st record_together(struct store *store, struct combine_job *jobs, unsigned count)
{
	struct ledger ledger;
	struct looked_at looked_at = { 0 };
	enum st st = ST_OK;
	ledger_begin(&ledger, store);
	for (unsigned i = 0; i < count && !st; i++)
		st = add_job(store, &ledger, &looked_at, &jobs[i]);
	return st ? st : ledger_write(&ledger);
}

/* ---- within a larger transaction ---- */

static enum st as_one(struct store *store, struct combine_job *job)
{
	enum st st = record_call_within(store, job);
	if (st == ST_DONE)
		st = record_together(store, job, 1);
	return st ? st : job->st;
}

enum st record_within(struct store *store, const void *request, size_t size, void *answers)
{
	struct combine_job job = { .request = request, .size = size, .answer = answers };
	enum st st = store_part_begin(store);
	if (!st)
		st = store_part_end(store, as_one(store, &job));
	return !st || st == ST_OUTDATED || st == ST_IO ? st : record_apply(store, request, size, answers);
}
