/* Advancing a tenant's clock, from one job that is due to the next. */
#include "account/tenant_clock.h"

#include "account/account.h"
#include "account/tenant_clock.sql.h"

enum st tenant_clock_read(struct tenant_clock *clock, struct store *store, int64_t tenant)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_TENANT_CLOCK, INT(tenant));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*clock = (struct tenant_clock){ !rows_null(&r, 0), rows_int(&r, 0) };
	rows_end(&r);
	return st == ST_DONE ? ST_NOT_FOUND : st;
}

struct setting {
	int64_t tenant;
	instant to;
};

/* Whoever read the tenant before has read another time: what processes keep of it is stale. */
static enum st set(struct store *store, const void *request, size_t size, void *answer)
{
	const struct setting *s = request;
	struct rows r = { 0 };
	(void)size, (void)answer;
	enum st st = account_hold(store, s->tenant);
	if (!st)
		st = ROWS(store, &r, SQL_TENANT_CLOCK_SET, INT(s->tenant), INT(s->to));
	if (!st)
		st = rows_next(&r);
	rows_end(&r);
	return st == ST_DONE ? ST_CONFLICT : st ? st : account_advance(store, s->tenant);
}

static enum st set_clock(const struct jobs_asked *asked, instant to)
{
	static const struct write_op op = { .name = "tenant.clock", .apply = set };
	const struct setting s = { asked->tenant, to };
	return store_write(asked->store, &op, &s, sizeof s, NULL, 0);
}

/* Returns: ST_OK; ST_DONE: nothing is due by then. */
static enum st next_due(instant *due, const struct jobs_asked *asked, instant by)
{
	struct rows r = { 0 };
	enum st st = ROWS(asked->store, &r, SQL_TENANT_NEXT_JOB, INT(asked->tenant), INT(by));
	if (!st)
		st = rows_next(&r);
	*due = st ? 0 : rows_int(&r, 0);
	rows_end(&r);
	return st;
}

/* Run what is due at one instant. What is due there still is another's who has its lease. */
static enum st stop_at(const struct jobs_asked *asked, instant at)
{
	instant still;
	enum st st = set_clock(asked, at);
	if (!st)
		st = jobs_run(asked);
	if (!st)
		st = next_due(&still, asked, at);
	return st == ST_DONE ? ST_OK : st ? st : ST_BUSY;
}

enum st tenant_clock_advance(const struct jobs_asked *asked, instant to)
{
	struct tenant_clock clock;
	instant due;
	enum st st = tenant_clock_read(&clock, asked->store, asked->tenant);
	if (!st && (!clock.own || to < clock.now))
		st = ST_CONFLICT;
	while (!st && !(st = next_due(&due, asked, to))) {
		clock.now = due > clock.now ? due : clock.now;
		st = stop_at(asked, clock.now);
	}
	return st == ST_DONE ? set_clock(asked, to) : st;
}
