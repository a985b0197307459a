/* Where usage stands. */
#include "billing/usage.h"

#include <string.h>

#include "billing/cut.h"
#include "billing/weighted.h"

/* used × whole window / elapsed, for what adds up; whole units stay whole. */
static qty project(const struct usage_line *l, instant now)
{
	const instant seen = floor_to(now, HOUR), length = l->window.end - l->window.start;
	const instant elapsed = seen - l->window.start < HOUR ? HOUR : seen - l->window.start;
	const enum aggregation kind = l->metric->aggregation;
	const bool adds_up = kind == AGGREGATE_SUM || kind == AGGREGATE_COUNT;
	const qty unit = l->used % 1000000 ? 1 : 1000000;
	if (!adds_up || elapsed >= length || l->metric->is_signed)
		return l->used;
	wide projected = (wide)l->used * length / elapsed / unit * unit;
	return projected > INT64_MAX ? INT64_MAX : projected < l->used ? l->used : (qty)projected;
}

static enum st finish_line(struct usage_line *l, const struct usage_state *s, instant now)
{
	exact projected_exact;
	if (l->metric->aggregation != AGGREGATE_WEIGHTED_SUM) {
		l->used = rollup_used(&l->rollup, l->metric);
		l->projected = project(l, now);
	}
	l->limited = l->entry->policy == POLICY_SOFT || l->entry->policy == POLICY_HARD;
	l->percent = l->limited ? percent_of(l->used, l->entry->included) : -1;
	l->level = l->limited ? level_of(l->used, l->entry->included) : LEVEL_OK;
	l->remaining = l->used < l->entry->included ? l->entry->included - l->used : 0;
	l->overage = l->entry->priced && l->used > l->entry->included ? l->used - l->entry->included : 0;
	enum st st = plan_charge(&l->overage_exact, &l->overage_amount, l->entry, l->used, s->currency);
	return st ? st : plan_charge(&projected_exact, &l->projected_amount, l->entry, l->projected, s->currency);
}

static enum st make_lines(struct usage_state *s, struct arena *arena)
{
	s->lines = arena_take(arena, (s->catalog->count + 1) * sizeof *s->lines);
	if (!s->lines)
		return ST_MEMORY;
	s->count = s->catalog->count;
	for (unsigned i = 0; i < s->count; i++) {
		struct usage_line *l = &s->lines[i];
		l->metric = &s->catalog->metrics[i];
		l->entry = plan_entry(s->plan, l->metric->name);
		l->window = s->windows.of[l->metric->window];
	}
	return ST_OK;
}

/* Windows often start together, as a month of the calendar and a period that follows it: what is asked
 * for already is not asked for again. */
static struct val start_beside(instant start, instant other, instant another)
{
	return start == other || start == another ? (struct val){ .kind = VAL_NULL } : INT(start);
}

static enum st read_balances(struct usage_state *s, struct store *store, const struct account *account)
{
	const instant period = s->windows.of[WINDOW_PERIOD].start, month = s->windows.of[WINDOW_MONTH].start;
	const instant day = s->windows.of[WINDOW_DAY].start;
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_USAGE_BALANCE_LIST, INT(account->tenant_id), INT(period),
	                  start_beside(month, period, period), start_beside(day, period, month));
	while (!st && !(st = rows_next(&r))) {
		struct usage_line *l = (struct usage_line *)usage_line_of(s, rows_text(&r, 0));
		if (l && l->window.start == rows_int(&r, 1) && l->window.end == rows_int(&r, 2))
			l->rollup = rollup_row(&r, 3);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* A closed window has accrued all; one that runs, up to the instant that is asked for, taken
 * down to the minute where that is now, so that a minute's polls agree. */
static instant accrued_until(struct period window, instant at, instant now)
{
	const instant minute = floor_to(now, MINUTE);
	if (now >= window.end)
		return window.end;
	return at != now ? at : minute > window.start ? minute : window.start;
}

static enum st weigh_lines(struct usage_state *s, struct store *store, const struct account *account, instant at, instant now)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < s->count && !st; i++) {
		struct usage_line *l = &s->lines[i];
		const struct beside_range asked = { account->tenant_id, l->metric->name, 0,
			{ l->window.start, accrued_until(l->window, at, now) } };
		if (l->metric->aggregation != AGGREGATE_WEIGHTED_SUM)
			continue;
		st = weighted_over(&l->weight, store, &asked);
		if (!st)
			st = weight_standing(&l->used, &l->projected, &l->weight, l->window.end);
	}
	return st;
}

static enum st add_up(struct usage_state *s, const struct account *account, instant now)
{
	enum st st = ST_OK;
	exact base = !s->plan ? 0 : account->yearly ? s->plan->base_year : s->plan->base_month;
	for (unsigned i = 0; i < s->count && !st; i++) {
		st = finish_line(&s->lines[i], s, now);
		if (__builtin_add_overflow(s->total_overage, s->lines[i].overage_amount, &s->total_overage) ||
		    __builtin_add_overflow(s->projected_overage, s->lines[i].projected_amount, &s->projected_overage))
			st = ST_RANGE;
	}
	if (!st)
		st = minor_round(&s->base_price, base, s->currency, ROUND_HALF_AWAY);
	if (!st && (__builtin_add_overflow(s->base_price, s->total_overage, &s->total) ||
	            __builtin_add_overflow(s->base_price, s->projected_overage, &s->projected_total)))
		st = ST_RANGE;
	return st;
}

enum st usage_state_at(struct usage_state *s, struct store *store, const struct account *account, instant at,
                       instant now, struct arena *arena)
{
	*s = (struct usage_state){ .currency = currency_find(account->currency) };
	enum st st = catalog_load(&s->catalog, store, account->generation);
	if (!st && account->plan_version_id)
		st = plan_load(&s->plan, store, account->plan_version_id);
	if (!st)
		st = s->currency ? windows_at(&s->windows, account, at) : ST_INVALID;
	if (!st)
		st = make_lines(s, arena);
	if (!st)
		st = read_balances(s, store, account);
	if (!st)
		st = weigh_lines(s, store, account, at, now);
	return st ? st : add_up(s, account, now);
}

const struct usage_line *usage_line_of(const struct usage_state *s, const char *metric)
{
	const struct metric *m = metric_find(s->catalog, metric);
	return m ? &s->lines[m - s->catalog->metrics] : NULL;
}

/* Where the window would end if so much more were held from now on. */
static enum st held_would_fit(const struct usage_line *l, qty quantity)
{
	struct weight after = l->weight;
	qty used, projected;
	enum st st = weight_add(&after, after.span.end, quantity, 0);
	if (!st)
		st = weight_standing(&used, &projected, &after, l->window.end);
	if (st || l->entry->policy == POLICY_UNLIMITED)
		return st;
	return projected > l->entry->included ? ST_LIMIT_EXCEEDED : ST_OK;
}

enum st usage_would_fit(const struct usage_line *l, qty quantity)
{
	struct rollup one = rollup_of(quantity, INT64_MAX, INT64_MAX);
	struct rollup after = l->rollup;
	one.distinct = 1; /* a value that was not there */
	if (l->metric->aggregation == AGGREGATE_WEIGHTED_SUM)
		return held_would_fit(l, quantity);
	if (rollup_merge(&after, &one))
		return ST_RANGE;
	const qty used = rollup_used(&after, l->metric);
	if (l->entry->policy == POLICY_UNLIMITED || used <= l->used)
		return ST_OK;
	return used > l->entry->included ? ST_LIMIT_EXCEEDED : ST_OK;
}

unsigned usage_threshold(const struct usage_line *l)
{
	unsigned reached = 0;
	for (unsigned i = 0; i < THRESHOLDS; i++)
		if (l->limited && threshold_reached(l->used, l->entry->included, thresholds[i]))
			reached = thresholds[i];
	return reached;
}

enum st upgrade_name(const char **name, struct store *store, const struct plan *plan, struct arena *arena)
{
	struct rows r = { 0 };
	*name = plan ? plan->next : NULL;
	if (!*name)
		return ST_OK;
	enum st st = ROWS(store, &r, SQL_PLAN_NAME, TEXT(plan->next));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*name = arena_copy(arena, rows_text(&r, 0), strlen(rows_text(&r, 0)));
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

const char *upgrade_url(const struct conf *conf, const struct plan *plan, struct arena *arena)
{
	const char *pattern = conf->text[CONF_UPGRADE_URL], *mark = strstr(pattern, "{plan}");
	if (!plan || !plan->next)
		return NULL;
	return mark ? arena_format(arena, "%.*s%s%s", (int)(mark - pattern), pattern, plan->next, mark + 6) : pattern;
}
