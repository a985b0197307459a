/* Subjects and texts of messages: their own, or made of what a kind's payload tells. */
#include "present/message.h"

#include <string.h>

/* ---- kinds ---- */

struct telling {
	struct message *message;
	const struct json *payload;
	const struct catalog *catalog;
	struct arena *arena;
};

static const char *member(const struct telling *t, const char *name)
{
	return json_text(json_get(t->payload, name));
}

static const char *label_of(const struct telling *t, const char *name)
{
	const struct metric *m = t->catalog ? metric_find(t->catalog, name) : NULL;
	return m && m->label ? m->label : name;
}

/* {"metric_name","threshold_percent","alert_level","used_quantity","included_quantity","window_start"} */
static void tell_usage_alert(struct telling *t)
{
	const char *label = label_of(t, member(t, "metric_name")), *reached = member(t, "threshold_percent");
	const bool full = strlen(reached) > 2;
	t->message->subject = arena_format(t->arena, "%s: %s %% of what your plan includes is used", label, reached);
	t->message->text = arena_format(t->arena,
		"%s: %s of %s are used, counted since %.10s.\n\n%s\n", label, member(t, "used_quantity"),
		member(t, "included_quantity"), member(t, "window_start"),
		full ? "What your plan includes is used up: more is charged for, or refused, as your plan says."
		     : "You are told at 80, 90, 100 and 110 % of what your plan includes.");
}

static const struct {
	const char *kind;
	void (*tell)(struct telling *t);
} kinds[] = {
	{ "usage_alert", tell_usage_alert },
};

/* ---- any ---- */

static const char *own(const struct json *payload, const char *name)
{
	const struct json *value = json_get(payload, name);
	return value && json_kind(value) == JSON_STRING ? json_text(value) : NULL;
}

enum st message_of(struct message *m, const struct outbox_row *row, const struct catalog *catalog, struct arena *arena)
{
	struct faults faults = { .arena = arena };
	struct telling t = { m, NULL, catalog, arena };
	*m = (struct message){ 0 };
	enum st st = json_parse(&t.payload, &faults, arena, row->payload, strlen(row->payload));
	if (st)
		return st == ST_MEMORY ? st : ST_OK;
	*m = (struct message){
		own(t.payload, "to"), own(t.payload, "subject"), own(t.payload, "text"), json_get(t.payload, "links"),
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !m->subject; i++)
		if (!strcmp(kinds[i].kind, row->kind))
			kinds[i].tell(&t);
	return ST_OK;
}

static void write_instant(struct jwriter *w, const char *name, instant at)
{
	char text[INSTANT_ROOM];
	jw_string(w, name, instant_fits(at) ? instant_print(text, at) : NULL);
}

void message_write(struct jwriter *w, const struct outbox_row *row, const struct message *m, bool whole)
{
	jw_object(w, NULL);
	jw_int(w, "id", row->id);
	jw_int(w, "tenant_id", row->tenant_id);
	jw_string(w, "kind", row->kind);
	jw_string(w, "to", m->to);
	jw_string(w, "subject", m->subject);
	if (whole) {
		jw_string(w, "text", m->text);
		if (m->links)
			jw_value(w, "links", m->links);
		else
			jw_raw(w, "links", "[]");
		jw_raw(w, "payload", row->payload);
	}
	write_instant(w, "created_at", row->created_at);
	write_instant(w, "due_at", row->due_at);
	jw_int(w, "attempts", row->attempts);
	if (row->done)
		write_instant(w, "done_at", row->done_at);
	else
		jw_null(w, "done_at");
	jw_end(w);
}
