/* Recording by one call of the database: the flat request becomes its argument, its rows the answers. */
#include "meter/record_flat.h"

#include <string.h>

#include "base/json.h"
#include "meter/beside.h"
#include "meter/day.h"
#include "meter/level.h"
#include "catalog/metric.h"
#include "meter/record.sql.h"

enum { ARGUMENT_CAP = 16 << 20 };

/* Between which uses there is an alert to look for at all, and each one. */
static void write_alerts(struct jwriter *w, const struct flat_event *e, const char *metric)
{
	char head[256], tail[256];
	qty at[THRESHOLDS];
	unsigned count = 0;
	while (count < THRESHOLDS && !threshold_at(&at[count], e->included, thresholds[count]))
		count++;
	if (!count)
		return;
	jw_int(w, "alerts_from", at[0]);
	jw_int(w, "alerts_to", at[count - 1]);
	jw_array(w, "alerts");
	for (unsigned i = 0; i < count; i++) {
		flat_alert(head, tail, sizeof head, e, metric, thresholds[i]);
		jw_object(w, NULL);
		jw_int(w, "threshold", thresholds[i]);
		jw_int(w, "at", at[i]);
		jw_string(w, "head", head);
		jw_string(w, "tail", tail);
		jw_end(w);
	}
	jw_end(w);
}

/* Those of UTC the database finds by division. */
static void write_buckets(struct jwriter *w, const struct flat_event *e)
{
	if (e->day == floor_to(e->recorded_at, DAY))
		return;
	jw_int(w, "hour_start", e->hour);
	jw_int(w, "day_start", e->day);
}

static void write_event(struct jwriter *w, const struct flat_event *e, const char *const text[TEXT__MAX])
{
	jw_object(w, NULL);
	jw_int(w, "recorded_at", e->recorded_at);
	write_buckets(w, e);
	jw_int(w, "event", e->event);
	jw_int(w, "user_id", e->user_id);
	jw_int(w, "quantity", e->quantity);
	jw_string(w, "metric", text[TEXT_METRIC]);
	jw_string(w, "resource", text[TEXT_RESOURCE]);
	jw_string(w, "metadata", text[TEXT_METADATA]);
	jw_string(w, "idempotency_key", text[TEXT_KEY]);
	jw_string(w, "fingerprint", e->fingerprint);
	jw_string(w, "aggregation", aggregation_name(e->aggregation));
	jw_int(w, "window_start", e->window.start);
	jw_int(w, "window_end", e->window.end);
	jw_int(w, "included", e->included);
	jw_bool(w, "refuse", e->refuse);
	jw_int(w, "now", e->now);
	if (e->alerts)
		write_alerts(w, e, text[TEXT_METRIC]);
	jw_end(w);
}

/* How many events a request has. */
static unsigned write_job(struct jwriter *w, const struct combine_job *job)
{
	const char *at = job->request, *end = at + job->size;
	const char *text[TEXT__MAX];
	struct flat_event e;
	unsigned count = 0;
	for (; at < end && (at = flat_read(&e, text, at, end)); count++)
		write_event(w, &e, text);
	return count;
}

static bool first_event(struct flat_event *e, const struct combine_job *job)
{
	const char *text[TEXT__MAX], *at = job->request;
	return job->size && flat_read(e, text, at, at + job->size);
}

/* Parties are told apart by a number made of these. */
static bool same_party(const struct combine_job *job, const struct flat_event *first)
{
	struct flat_event e;
	return first_event(&e, job) && e.tenant_id == first->tenant_id && e.generation == first->generation;
}

/* Out: events  of each job; 0: another party's, it is left out */
static enum st write_argument(struct text *argument, unsigned *events, const struct flat_event *first,
                              const struct combine_job *jobs, unsigned count)
{
	struct jwriter w = jw_new(argument);
	jw_array(&w, NULL);
	for (unsigned i = 0; i < count; i++)
		events[i] = same_party(&jobs[i], first) ? write_job(&w, &jobs[i]) : 0;
	jw_end(&w);
	return argument->failed ? ST_MEMORY : ST_OK;
}

/* "ok", "limit_exceeded", … */
static enum st status_of(const char *text)
{
	static const struct { const char *text; enum st st; } names[] = {
		{ "ok", ST_OK }, { "limit_exceeded", ST_LIMIT_EXCEEDED }, { "key_reused", ST_KEY_REUSED }, { "stale", ST_OUTDATED },
	};
	for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
		if (!strcmp(text, names[i].text))
			return names[i].st;
	return ST_STORE;
}

static enum st read_answer(struct flat_answer *answer, struct rows *r)
{
	enum st st = rows_next(r);
	if (st)
		return st == ST_DONE ? ST_STORE : st;
	*answer = (struct flat_answer){
		.st = status_of(rows_text(r, 0)), .duplicate = rows_int(r, 1) != 0, .recorded_at = rows_int(r, 2),
		.event = rows_int(r, 3), .used = rows_int(r, 4),
	};
	return answer->st == ST_OUTDATED || answer->st == ST_STORE ? answer->st : ST_OK;
}

/* The rows come in the order of the events. */
static enum st deal_answers(struct combine_job *jobs, unsigned count, const unsigned *events, struct rows *r)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < count && !st; i++) {
		struct flat_answer *answers = jobs[i].answer;
		jobs[i].st = events[i] ? ST_OK : ST_DONE;
		for (unsigned k = 0; k < events[i] && !st; k++)
			st = read_answer(&answers[k], r);
	}
	return st;
}

static bool tried_before(const struct combine_job *jobs, unsigned count)
{
	bool again = false;
	for (unsigned i = 0; i < count; i++)
		again |= jobs[i].again;
	return again;
}

/* How the database's function is run: as a transaction of its own, or inside one. */
typedef enum st start_call(struct store *, struct rows *, const struct statement *, const struct val *);

static enum st call(start_call *start, struct store *store, struct combine_job *jobs, unsigned count)
{
	struct flat_event first;
	unsigned events[COMBINE_SLOTS];
	struct arena *arena;
	struct rows r = { 0 };
	enum st st = arena_open(&arena, (size_t)3 * ARGUMENT_CAP);
	if (st)
		return st;
	struct text argument = text_new(arena, ARGUMENT_CAP);
	unsigned sound = 0;
	while (sound < count && !first_event(&first, &jobs[sound]))
		sound++;
	st = sound < count ? write_argument(&argument, events, &first, jobs, count) : ST_STORE;
	if (!st)
		st = start(store, &r, BIND(SQL_USAGE_RECORD, INT(first.tenant_id), INT(first.generation),
		                           INT(tried_before(jobs, count)), TEXT(argument.bytes)));
	if (!st)
		st = deal_answers(jobs, count, events, &r);
	rows_end(&r);
	arena_close(arena);
	return st == ST_RANGE || st == ST_MEMORY ? ST_DONE : st; /* one by one it can be told which does not fit */
}

enum st record_call(struct store *store, struct combine_job *jobs, unsigned count)
{
	return call(store_call, store, jobs, count);
}

enum st record_call_within(struct store *store, struct combine_job *job)
{
	const bool offered = OFFERS(store, SQL_USAGE_RECORD) && record_party(job->request, job->size);
	return offered ? call(store_rows, store, job, 1) : ST_DONE;
}

uint64_t record_party(const void *request, size_t size)
{
	const char *at = request, *end = at + size;
	const char *text[TEXT__MAX];
	struct flat_event e = { 0 };
	while (at < end) {
		at = flat_read(&e, text, at, end);
		if (!at || beside_needed(e.aggregation) || e.uncounted || e.most < INT64_MAX)
			return 0;
	}
	const uint64_t party = (uint64_t)e.tenant_id * 0x9e3779b97f4a7c15u ^ (uint64_t)e.generation;
	return party ? party : 1;
}
