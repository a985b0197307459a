/* pennymeter demo: a tenant on STARTER with 90 days of usage, the same each time. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "meter/record.h"
#include "account/tenant.h"
#include "command.h"

enum { DAYS = 90, MICRO = 1000000 };

/* How often a metric is used on a working day, and how much at once. */
static const struct habit {
	const char *metric;
	unsigned times;        /* events on a working day */
	qty least, most;       /* of one event */
	bool whole;
	const char *metadata;
} habits[] = {
	{ "api_calls", 24, 4 * MICRO, 31 * MICRO, true, "{\"endpoint\":\"/v1/quotes\"}" },
	{ "quotes_generated", 4, MICRO, MICRO, true, "{\"source\":\"web\"}" },
	{ "invoices_generated", 2, MICRO, MICRO, true, "{\"source\":\"web\"}" },
	{ "storage_gb", 3, 20000, 180000, false, "{\"bucket\":\"documents\"}" },
	{ "emails_sent", 6, MICRO, 3 * MICRO, true, "{\"template\":\"quote\"}" },
	{ "pdfs_generated", 5, MICRO, 2 * MICRO, true },
	{ "leads_created", 9, MICRO, 3 * MICRO, true, "{\"form\":\"contact\"}" },
	{ "messages_sent", 12, 4 * MICRO, 14 * MICRO, true, "{\"channel\":\"whatsapp\"}" },
	{ "webhooks_delivered", 6, MICRO, 2 * MICRO, true },
};

struct story {
	struct run *run;
	struct account account;
	uint64_t state; /* of the generator */
	struct usage_event events[BATCH_CAP];
	unsigned count;
	uint64_t told;
};

/* A small generator (Knuth's MMIX constants), so that every demo tells the same story. */
static int64_t draw(struct story *s, int64_t least, int64_t most)
{
	s->state = s->state * 6364136223846793005u + 1442695040888963407u;
	return least + (int64_t)((s->state >> 33) % (uint64_t)(most - least + 1));
}

static enum st flush_events(struct story *s)
{
	struct usage_result *results = s->count ? arena_take(s->run->arena, s->count * sizeof *results) : NULL;
	struct arena *arena;
	if (!s->count)
		return ST_OK;
	enum st st = results ? arena_open(&arena, 32 << 20) : ST_MEMORY;
	if (st)
		return st;
	st = usage_record(results, s->run->store, &s->run->conf, &s->account, s->events, s->count, false, NULL, s->run->now, arena);
	arena_close(arena);
	s->told += s->count;
	s->count = 0;
	return st;
}

static enum st tell(struct story *s, const struct habit *h, instant at)
{
	qty quantity = draw(s, h->least, h->most);
	if (at >= s->run->now)
		return ST_OK;
	s->events[s->count++] = (struct usage_event){
		.metric = h->metric, .quantity = h->whole ? quantity / MICRO * MICRO : quantity,
		.dated = true, .recorded_at = at, .metadata = h->metadata,
	};
	return s->count == BATCH_CAP ? flush_events(s) : ST_OK;
}

/* Fewer on Saturdays and Sundays, most in working hours, a little more as the shop grows. */
static enum st tell_day(struct story *s, instant day, unsigned number)
{
	const bool weekend = ((day / DAY) + 4) % 7 == 0 || ((day / DAY) + 4) % 7 == 6;
	enum st st = ST_OK;
	for (size_t h = 0; h < sizeof habits / sizeof *habits && !st; h++) {
		unsigned times = habits[h].times * (70 + number / 2) * (unsigned)draw(s, 60, 145) / 10000;
		times = weekend ? times / 3 : times;
		for (unsigned i = 0; i < times && !st; i++)
			st = tell(s, &habits[h], day + draw(s, 7 * 3600, 21 * 3600) * SECOND + draw(s, 0, 999) * 1000);
	}
	const struct habit team = { "team_members", 1, (2 + number / 30) * MICRO, (2 + number / 30) * MICRO, true };
	return st ? st : tell(s, &team, day + 6 * HOUR);
}

static enum st tell_story(struct run *r, int64_t tenant)
{
	struct story *s = arena_take(r->arena, sizeof *s);
	const instant today = floor_div(r->now, DAY) * DAY;
	if (!s)
		return ST_MEMORY;
	s->run = r;
	s->state = 20260122;
	r->conf.number[CONF_LATE_DAYS] = DAYS + 2;
	enum st st = account_by_tenant(&s->account, r->store, tenant, r->arena);
	for (unsigned d = 0; d <= DAYS && !st; d++)
		st = tell_day(s, today - (DAYS - d) * DAY, d);
	if (!st)
		st = flush_events(s);
	say(r, "The demo tenant has %llu events.\n", (unsigned long long)s->told);
	return st;
}

/* The token of an earlier demo, from demo.json; NULL if there is none that still counts. */
static const char *earlier_token(struct run *r, int64_t *tenant)
{
	const char *path = conf_path(&r->conf, r->arena, "demo.json");
	const struct json *root;
	struct account account;
	struct faults quiet = { .arena = r->arena };
	if (!path || access(path, R_OK))
		return NULL;
	const char *text = run_read_file(r, path, 4096);
	if (!text || json_parse(&root, &quiet, r->arena, text, strlen(text)))
		return NULL;
	const struct json *token = json_get(root, "token");
	if (!token || account_by_token(&account, r->store, json_text(token), r->arena))
		return NULL;
	*tenant = account.tenant_id;
	return json_text(token);
}

static enum st make_demo(struct run *r, struct tenant_added *added)
{
	const struct new_tenant t = {
		.cycle = CYCLE_MONTHLY,
		.name = "Acme Boxes", .plan = "starter", .currency = "USD", .timezone = "UTC", .now = r->now,
		.start = floor_div(r->now, DAY) * DAY - (DAYS - 4) * DAY,
	};
	enum st st = tenant_add(added, r->store, &t, &r->faults);
	if (!st)
		st = tell_story(r, added->tenant_id);
	const char *path = conf_path(&r->conf, r->arena, "demo.json");
	const char *text = arena_format(r->arena, "{\"token\":\"%s\"}\n", added->token);
	return st ? st : path && text ? write_file(r, path, text) : ST_MEMORY;
}

enum st command_demo(struct run *r)
{
	struct tenant_added added = { 0 };
	int64_t tenant = 0;
	enum st st = run_store(r, STORE_WRITE);
	const char *token = st ? NULL : earlier_token(r, &tenant);
	if (!st && !token) {
		st = make_demo(r, &added);
		token = added.token;
		tenant = added.tenant_id;
	}
	if (st)
		return st;
	jw_object(&r->w, NULL);
	jw_int(&r->w, "tenant_id", tenant);
	jw_string(&r->w, "token", token);
	jw_end(&r->w);
	say(r, "Tenant %lld; token: %s\n", (long long)tenant, token);
	return ST_OK;
}
