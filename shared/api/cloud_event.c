/* CloudEvents 1.0 off the wire, and what is said of those that are refused. */
#include "api/cloud_event.h"

#include <stdio.h>
#include <string.h>

#include "wire/params.h"

/* ---- one event ---- */

static const struct param cloud_text[] = {
	{ "id", P_TEXT, REQUIRED, "", 1, 200 },      { "source", P_TEXT, REQUIRED, "", 1, 300 },
	{ "type", P_TEXT, REQUIRED, "", 1, 64 },     { "specversion", P_CHOICE, REQUIRED, "", 0, 0, "1.0" },
	{ "subject", P_TEXT, OPTIONAL, "", 1, 255 }, { "time", P_INSTANT, OPTIONAL, "" },
	{ 0 },
};
static const struct param cloud_value = { "value", P_QUANTITY, OPTIONAL, "" };
static const struct param cloud_data = { "data", P_OBJECT, OPTIONAL, "", 0, METADATA_CAP };

/* Attributes by name; extension attributes are anybody's and are passed over. */
static enum st read_attributes(struct request *one, const struct json *item, const char *pointer)
{
	char at[128];
	for (const struct param *p = cloud_text; p->name; p++) {
		const struct json *value = json_get(item, p->name);
		snprintf(at, sizeof at, "%s/%s", pointer, p->name);
		if (value && json_kind(value) == JSON_NULL && p->presence == OPTIONAL)
			continue;
		if (!value && p->presence == REQUIRED)
			fault_add(one->faults, at, "is required by CloudEvents 1.0");
		else if (value && !param_value(&one->args[one->arg_count], one, p, value, at))
			one->arg_count++;
	}
	return one->faults->count ? ST_INVALID : ST_OK;
}

static enum st read_data(struct usage_event *event, struct request *one, const struct json *item, const char *pointer)
{
	const struct json *data = json_get(item, "data"), *value = json_get(data, "value");
	struct arg arg;
	char at[128];
	event->quantity = 1000000;
	snprintf(at, sizeof at, "%s/data", pointer);
	if (json_get(item, "data_base64"))
		return fault_add(one->faults, pointer, "data_base64 cannot be read; send data as JSON");
	if (!data || json_kind(data) == JSON_NULL)
		return ST_OK;
	enum st st = param_value(&arg, one, &cloud_data, data, at);
	if (st)
		return st;
	event->metadata = arg.text;
	snprintf(at, sizeof at, "%s/data/value", pointer);
	if (value)
		st = param_value(&arg, one, &cloud_value, value, at);
	if (value && !st)
		event->quantity = arg.number;
	return st;
}

static enum st read_cloud_event(struct usage_event *event, struct request *rq, const struct json *item, const char *pointer,
                                 struct arena *room)
{
	struct request one = { .arena = room, .faults = rq->faults, .account = rq->account, .now = rq->now };
	if (json_kind(item) != JSON_OBJECT)
		return fault_add(rq->faults, pointer, "must be a CloudEvents object, not %s", json_kind_name(item));
	enum st st = read_attributes(&one, item, pointer);
	if (st)
		return st;
	*event = (struct usage_event){
		.metric = rq_text(&one, "type"),
		.resource_id = rq_text(&one, "subject"),
		.dated = rq_has(&one, "time"),
		.recorded_at = rq_instant(&one, "time", 0),
		/* A control character keeps these keys apart from any Idempotency-Key. */
		.key = arena_format(room, "%s\x1f%s", rq_text(&one, "source"), rq_text(&one, "id")),
		.by_key_alone = true,
	};
	st = event->key ? read_data(event, &one, item, pointer) : ST_MEMORY;
	return st ? st : usage_event_keep(event, rq->arena);
}

/* ---- all that came ---- */

static enum st read_event(struct cloud_events *in, struct request *rq, const struct json *item, struct arena *room)
{
	char at[32] = "";
	if (in->count == BATCH_CAP)
		return fault_add(rq->faults, "", "a batch holds at most %d events", BATCH_CAP);
	if (in->many)
		snprintf(at, sizeof at, "/%u", in->count);
	struct usage_event *event = &in->events[in->count++];
	if (!item)
		return fault_add(rq->faults, at, "must be at most %d bytes of JSON", JSON_ITEM_CAP);
	return read_cloud_event(event, rq, item, at, room);
}

/* All faults of all events are told, as many as there is room for. */
static enum st read_array(struct cloud_events *in, struct request *rq, struct json_items *items, struct arena *room)
{
	enum st st = ST_OK;
	in->many = true;
	while (!st) {
		const struct json *item = NULL;
		arena_reset(room);
		st = json_items_next(&item, items, room);
		if (st && st != ST_TOO_LARGE)
			break;
		st = read_event(in, rq, item, room);
		if (st == ST_INVALID && in->count < BATCH_CAP)
			st = ST_OK;
	}
	return st == ST_DONE ? ST_OK : st;
}

enum st cloud_events_read(struct cloud_events *in, struct request *rq)
{
	const struct json *root;
	struct json_items items;
	struct arena *room;
	enum st st = arena_open(&room, EVENT_ROOM);
	if (st)
		return st;
	if (!json_items_open(&items, rq->faults, rq->raw, rq->raw_size))
		st = read_array(in, rq, &items, room);
	else if (!(st = json_parse(&root, rq->faults, room, rq->raw, rq->raw_size)))
		st = read_event(in, rq, root, room);
	arena_close(room);
	return st ? st : rq->faults->count ? ST_INVALID : ST_OK;
}

/* ---- refusals ---- */

/* A fault of an event by its CloudEvents name, below the event's own pointer. */
static void report(struct request *rq, const struct cloud_events *in, unsigned i)
{
	static const char *const names[][2] = {
		{ "/metric_name", "/type" }, { "/quantity", "/data/value" }, { "/recorded_at", "/time" }, { "/metadata", "/data" },
	};
	const struct usage_result *r = &in->results[i];
	for (unsigned f = 0; f < r->faults.count; f++) {
		char at[256], lead[32] = "";
		const char *name = r->faults.item[f].pointer, *below = "";
		for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
			const size_t size = strlen(names[n][0]);
			if (!strncmp(name, names[n][0], size) && (!name[size] || name[size] == '/')) {
				below = name + size;
				name = names[n][1];
				break;
			}
		}
		if (in->many)
			snprintf(lead, sizeof lead, "/%u", i);
		snprintf(at, sizeof at, "%s%.64s%s", lead, name, below);
		fault_add(rq->faults, at, "%s", r->faults.item[f].detail);
	}
	if (r->st == ST_KEY_REUSED)
		fault_add(rq->faults, in->many ? arena_format(rq->arena, "/%u/id", i) : "/id",
		          "this id and source came before with another payload");
}

enum st cloud_events_refuse(const struct cloud_events *in, struct request *rq, struct reply *rp)
{
	enum st refused = ST_OK;
	for (unsigned i = 0; i < in->count; i++) {
		if (!in->results[i].st)
			continue;
		report(rq, in, i);
		if (!refused)
			usage_refusal(rq, rp, &in->results[i]);
		refused = refused ? refused : in->results[i].st;
	}
	return refused;
}
