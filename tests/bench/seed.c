/* Records N events of this month for a tenant, through the product's own recording code, without HTTP.
 * Usage: seed TENANT N, with PENNYMETER_DATA. The same shape as ../shared/bench gives its peers: 97 of 100 are
 * api_calls, spread evenly from the month's start to now, each under a key of its own. */
#include <stdio.h>
#include <stdlib.h>

#include "exact/clock.h"
#include "meter/record.h"
#include "account/tenant.h"
#include "store/store.h"

struct seeding {
	struct conf conf;
	struct faults faults;
	struct store *store;
	struct account account;
	struct arena *arena;
	instant now, first;
	long count;
};

static instant month_start(instant now)
{
	char text[INSTANT_ROOM];
	instant day = floor_div(now, DAY) * DAY;
	instant_print(text, day); /* 2026-11-22T… */
	return day - (strtol(text + 8, NULL, 10) - 1) * DAY;
}

static enum st start(struct seeding *s, int64_t tenant)
{
	static struct arena *kept; /* what lives as long as the program */
	enum st st = arena_open(&kept, 4 << 20);
	s->faults.arena = kept;
	if (!st)
		st = arena_open(&s->arena, 64 << 20);
	if (!st)
		st = conf_load(&s->conf, &s->faults, kept);
	if (!st)
		st = store_open(&s->store, &s->conf, STORE_WRITE, &s->faults);
	if (!st)
		st = account_by_tenant(&s->account, s->store, tenant, kept);
	s->now = clock_now();
	s->first = month_start(s->now);
	return st;
}

static const char *metric_of(long i)
{
	static const char *const rare[] = { "quotes_generated", "invoices_generated", "storage_gb" };
	return i % 100 < 3 ? rare[i % 100] : "api_calls";
}

static struct usage_event event_of(const struct seeding *s, long i)
{
	return (struct usage_event){
		.metric = metric_of(i), .quantity = 1000000, .metadata = "{\"endpoint\":\"/x\"}",
		.key = arena_format(s->arena, "seed-%09ld", i), .dated = true,
		.recorded_at = s->first + (instant)((__int128)(s->now - s->first) * i / s->count),
	};
}

static enum st record(struct seeding *s, long from, unsigned count)
{
	static struct usage_event events[BATCH_CAP];
	static struct usage_result results[BATCH_CAP];
	for (unsigned i = 0; i < count; i++)
		events[i] = event_of(s, from + i);
	enum st st = usage_record(results, s->store, &s->conf, &s->account, events, count, true, NULL, s->now, s->arena);
	for (unsigned i = 0; i < count && !st; i++)
		st = results[i].duplicate ? ST_KEY_REUSED : results[i].st;
	arena_reset(s->arena);
	return st;
}

int main(int argc, char **argv)
{
	struct seeding s = { .count = argc == 3 ? strtol(argv[2], NULL, 10) : 0 };
	if (s.count < 1)
		return fprintf(stderr, "usage: seed TENANT N\n"), 2;
	enum st st = start(&s, strtol(argv[1], NULL, 10));
	for (long i = 0; i < s.count && !st; i += BATCH_CAP)
		st = record(&s, i, s.count - i < BATCH_CAP ? (unsigned)(s.count - i) : BATCH_CAP);
	if (st)
		fprintf(stderr, "seed: %s\n", st_name(st));
	store_close(s.store);
	return st ? 1 : 0;
}
