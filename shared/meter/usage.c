/* Where usage stands. */
#include "meter/usage.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "catalog/plans.sql.h"
#include "meter/day.h"
#include "meter/usage.sql.h"
#include "meter/weighted.h"

/* used × whole window / elapsed, for what adds up; whole units stay whole. */
static void project(struct usage_line *l, instant now)
{
	const instant seen = floor_to(now, HOUR), length = l->window.end - l->window.start;
	const instant elapsed = seen - l->window.start < HOUR ? HOUR : seen - l->window.start;
	const enum aggregation kind = l->metric->aggregation;
	const bool adds_up = kind == AGGREGATE_SUM || kind == AGGREGATE_COUNT;
	const qty unit = l->used % 1000000 ? 1 : 1000000;
	l->has_projected = true;
	l->projected = l->used;
	if (!adds_up || elapsed >= length || l->metric->is_signed)
		return;
	const wide projected = (wide)l->used * length / elapsed / unit * unit;
	l->has_projected = projected <= INT64_MAX;
	if (l->has_projected && projected > l->used)
		l->projected = (qty)projected;
}

/* A charge that has no price, as past a closed last tier, or does not fit, is not known. */
static struct reckoned charge(exact *unrounded, const struct plan_entry *entry, qty used, const struct currency *currency)
{
	struct reckoned r = { 0 };
	r.known = !plan_charge(unrounded, &r.amount, entry, used, currency);
	if (!r.known)
		r.amount = 0, *unrounded = 0;
	return r;
}

static void finish_line(struct usage_line *l, const struct usage_state *s, instant now)
{
	static const struct reckoned nothing = { .known = true };
	exact projected_exact;
	if (l->metric->aggregation != AGGREGATE_WEIGHTED_SUM) {
		l->used = rollup_used(&l->rollup, l->metric);
		project(l, now);
	}
	l->limited = l->entry->policy == POLICY_SOFT || l->entry->policy == POLICY_HARD;
	l->percent = l->limited ? percent_of(l->used, l->entry->included) : -1;
	l->level = l->limited ? level_of(l->used, l->entry->included) : LEVEL_OK;
	l->remaining = remaining_of(l->used, l->entry->included);
	l->overage = plan_overage(l->entry, l->used);
	l->overage_amount = l->projected_amount = nothing;
	if (!s->begun)
		return;
	l->overage_amount = charge(&l->overage_exact, l->entry, l->used, s->currency);
	if (l->has_projected)
		l->projected_amount = charge(&projected_exact, l->entry, l->projected, s->currency);
	else
		l->projected_amount.known = !l->entry->priced;
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
		l->has_projected = true;
	}
	return ST_OK;
}

/* Windows often start together, as a month of the calendar and a period that follows it: what is asked
 * for already is not asked for again. */
static struct val start_of(const struct usage_state *s, enum limit_window kind)
{
	const struct period *of = s->windows.of;
	bool asked = of[kind].start == of[kind].end;
	for (unsigned i = 0; i < kind; i++)
		asked |= of[i].start == of[kind].start;
	return asked ? (struct val){ .kind = VAL_NULL } : INT(of[kind].start);
}

static enum st read_starts(struct usage_state *s, struct store *store, const struct account *account, struct val one,
                           struct val two, struct val three)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_USAGE_BALANCE_LIST, INT(account->tenant_id), one, two, three);
	while (!st && !(st = rows_next(&r))) {
		struct usage_line *l = (struct usage_line *)usage_line_of(s, rows_text(&r, 0));
		if (l && l->window.start == rows_int(&r, 1) && l->window.end == rows_int(&r, 2))
			l->rollup = rollup_row(&r, 3);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st read_balances(struct usage_state *s, struct store *store, const struct account *account)
{
	const struct val none = { .kind = VAL_NULL }, week = start_of(s, WINDOW_WEEK), hour = start_of(s, WINDOW_HOUR);
	enum st st = read_starts(s, store, account, start_of(s, WINDOW_PERIOD), start_of(s, WINDOW_MONTH),
	                         start_of(s, WINDOW_DAY));
	if (!st && (week.kind || hour.kind)) /* few metrics are limited by these */
		st = read_starts(s, store, account, none, week, hour);
	return st;
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

/* A level that outgrew what can be counted stands at the most that can. */
static void stand(struct usage_line *l)
{
	qty projected;
	enum st st = weight_standing(&l->used, &projected, &l->weight, l->window.end);
	l->has_projected = !st;
	l->used = st ? INT64_MAX : l->used;
	l->projected = st ? 0 : projected;
}

static enum st weigh_lines(struct usage_state *s, struct store *store, const struct account *account, instant at, instant now)
{
	enum st st = ST_OK;
	for (unsigned i = 0; i < s->count && !st; i++) {
		struct usage_line *l = &s->lines[i];
		const struct beside_range asked = { account->tenant_id, account->timezone, l->metric->name, 0,
			{ l->window.start, accrued_until(l->window, at, now) } };
		if (l->metric->aggregation != AGGREGATE_WEIGHTED_SUM)
			continue;
		st = weighted_over(&l->weight, store, &asked);
		if (st == ST_RANGE)
			l->used = INT64_MAX, l->has_projected = false, st = ST_OK;
		else if (!st)
			stand(l);
	}
	return st;
}

static struct reckoned plus(struct reckoned a, struct reckoned b)
{
	struct reckoned sum = { 0 };
	sum.known = a.known && b.known && !__builtin_add_overflow(a.amount, b.amount, &sum.amount);
	return sum;
}

static void add_up(struct usage_state *s, const struct account *account, instant now)
{
	const bool due = s->begun && s->plan && s->cycle.start == s->windows.of[WINDOW_PERIOD].start;
	const exact base = due ? s->plan->base[account->cycle] : 0;
	s->base_price.known = !minor_round(&s->base_price.amount, base, s->currency, ROUND_HALF_AWAY);
	s->total_overage.known = s->projected_overage.known = true;
	for (unsigned i = 0; i < s->count; i++) {
		finish_line(&s->lines[i], s, now);
		s->total_overage = plus(s->total_overage, s->lines[i].overage_amount);
		s->projected_overage = plus(s->projected_overage, s->lines[i].projected_amount);
	}
	s->total = plus(s->base_price, s->total_overage);
	s->projected_total = plus(s->base_price, s->projected_overage);
}

/* What was stored is shown, also where no ISO 4217 knows it: with two digits. */
static const struct currency *currency_of(struct usage_state *s, const char *code)
{
	const struct currency *known = currency_find(code);
	if (known)
		return known;
	snprintf(s->other.code, sizeof s->other.code, "%.3s", code);
	s->other.digits = 2;
	return &s->other;
}

static enum st load_plan(struct usage_state *s, struct store *store, const struct account *account)
{
	enum st st = account->plan_version_id ? plan_load(&s->plan, store, account->plan_version_id) : ST_OK;
	if (st != ST_NOT_FOUND)
		return st;
	log_error("tenant %lld: plan version %lld cannot be read; apply the plan again", (long long)account->tenant_id,
	          (long long)account->plan_version_id);
	s->plan = NULL;
	return ST_OK;
}

static enum st find_cycle(struct usage_state *s, const struct account *account, instant at)
{
	s->cycle = s->windows.of[WINDOW_PERIOD];
	return account->cycle == account->usage_cycle ? ST_OK : window_of_cycle(&s->cycle, account, at);
}

enum st usage_state_at(struct usage_state *s, struct store *store, const struct account *account, instant at,
                       instant now, struct arena *arena)
{
	*s = (struct usage_state){ .begun = window_counts(account, at) };
	s->currency = currency_of(s, account->currency);
	enum st st = catalog_load(&s->catalog, store, account->catalog);
	if (!st)
		st = load_plan(s, store, account);
	if (!st && s->begun)
		st = windows_at(&s->windows, account, s->catalog, at);
	if (!st && s->begun)
		st = find_cycle(s, account, at);
	if (st == ST_RANGE && at == now) { /* a subscription that was stored with a start beyond all calendars */
		s->begun = false;
		s->windows = (struct windows){ 0 };
		s->cycle = (struct period){ 0 };
		st = ST_OK;
	}
	if (!st)
		st = make_lines(s, arena);
	if (!st && s->begun)
		st = read_balances(s, store, account);
	if (!st && s->begun)
		st = weigh_lines(s, store, account, at, now);
	if (!st)
		add_up(s, account, now);
	return st;
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

enum st usage_would_fit(const struct usage_state *s, const struct usage_line *l, qty quantity)
{
	struct rollup one = rollup_of(quantity, INT64_MAX, INT64_MAX);
	struct rollup after = l->rollup;
	one.distinct = 1; /* a value that was not there */
	if (!s->begun)
		return ST_OK;
	if (l->metric->aggregation == AGGREGATE_WEIGHTED_SUM)
		return held_would_fit(l, quantity);
	if (rollup_merge(&after, &one))
		return ST_RANGE;
	const qty used = rollup_used(&after, l->metric);
	if (used <= l->used)
		return ST_OK;
	if (used > l->entry->most[s->currency->digits])
		return ST_RANGE;
	if (l->entry->policy == POLICY_UNLIMITED)
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
	if (!plan || !plan->next || !*pattern)
		return NULL;
	return mark ? arena_format(arena, "%.*s%s%s", (int)(mark - pattern), pattern, plan->next, mark + 6) : pattern;
}
