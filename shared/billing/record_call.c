/* Recording by one call of the database: the flat request becomes its argument, its rows the answers. */
#include "billing/record_flat.h"

#include <string.h>

#include "base/json.h"
#include "billing/beside.h"
#include "billing/event_id.h"
#include "billing/level.h"
#include "billing/metric.h"

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
		jw_int(w, "outbox", event_number(e->now, thresholds[i], e->event));
		jw_string(w, "head", head);
		jw_string(w, "tail", tail);
		jw_end(w);
	}
	jw_end(w);
}

static void write_event(struct jwriter *w, const struct flat_event *e, const char *const text[TEXT__MAX])
{
	jw_object(w, NULL);
	jw_int(w, "recorded_at", e->recorded_at);
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

/* Returns: ST_OK; ST_DONE if one event wants more than roll-ups; ST_MEMORY. */
static enum st write_argument(struct text *argument, struct flat_event *e, const char *at, const char *end)
{
	const char *text[TEXT__MAX];
	struct jwriter w = jw_new(argument);
	jw_array(&w, NULL);
	while (at < end) {
		at = flat_read(e, text, at);
		if (beside_needed(e->aggregation))
			return ST_DONE;
		write_event(&w, e, text);
	}
	jw_end(&w);
	return argument->failed ? ST_MEMORY : ST_OK;
}

/* "ok", "limit_exceeded", … */
static enum st status_of(const char *text)
{
	static const struct { const char *text; enum st st; } names[] = {
		{ "ok", ST_OK }, { "limit_exceeded", ST_LIMIT_EXCEEDED }, { "key_reused", ST_KEY_REUSED }, { "stale", ST_CONFLICT },
	};
	for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
		if (!strcmp(text, names[i].text))
			return names[i].st;
	return ST_STORE;
}

static enum st read_answers(struct flat_answer *answers, struct rows *r)
{
	enum st st;
	while (!(st = rows_next(r))) {
		*answers = (struct flat_answer){
			.st = status_of(rows_text(r, 0)), .duplicate = rows_int(r, 1) != 0, .recorded_at = rows_int(r, 2),
			.event = rows_int(r, 3), .used = rows_int(r, 4),
		};
		if (answers->st == ST_CONFLICT || answers->st == ST_STORE)
			return answers->st;
		answers++;
	}
	return st == ST_DONE ? ST_OK : st;
}

enum st record_call(struct store *store, const void *request, size_t size, void *answers)
{
	struct flat_event e;
	struct arena *arena;
	struct rows r = { 0 };
	if (!store_offers(store, SQL_USAGE_RECORD))
		return ST_DONE;
	enum st st = arena_open(&arena, (size_t)3 * ARGUMENT_CAP);
	if (st)
		return st;
	struct text argument = text_new(arena, ARGUMENT_CAP);
	st = write_argument(&argument, &e, request, (const char *)request + size);
	if (!st)
		st = store_call(store, &r, SQL_USAGE_RECORD,
		                VALS(INT(e.tenant_id), INT(e.generation), INT(store_again(store)), TEXT(argument.bytes)));
	if (!st)
		st = read_answers(answers, &r);
	rows_end(&r);
	arena_close(arena);
	return st == ST_RANGE || st == ST_MEMORY ? ST_DONE : st; /* one by one it can be told which does not fit */
}
