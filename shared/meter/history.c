/* History. A page is found by counting down the roll-ups, so its cost is that of the events it
 * shows, however many lie around them. */
#include "meter/history.h"

#include <string.h>

#include "meter/beside.h"
#include "meter/cut.h"
#include "meter/summary.h"
#include "meter/usage.sql.h"

struct bucket { /* a day or an hour that has events */
	instant start;
	struct rollup rollup;
};

struct walk {
	struct history *h;
	struct store *store;
	const struct account *account;
	const struct catalog *catalog;
	struct arena *arena;
	struct bucket *days; /* oldest first; the last one up to the range's end */
	unsigned day_count;
	instant *starts;     /* of the days of the range, and where the last one ends */
	instant previous_start;
	struct bucket hours[DAY_HOURS_CAP]; /* of one day, newest first */
	unsigned hour_count;
	instant hours_of;
	struct rollup previous; /* as many days before the range */
	int64_t skip;
};

static const char *metric_name(const struct metric *m)
{
	return m ? m->name : "";
}

/* Events of all metrics add up to a count; those of one metric to its total. */
static qty value_of(const struct rollup *r, const struct metric *m)
{
	if (!m)
		return r->count * 1000000;
	return rollup_total(r, m);
}

static bool adds_up(const struct metric *m)
{
	return !m || m->aggregation == AGGREGATE_SUM || m->aggregation == AGGREGATE_COUNT;
}

/* Do the totals of its days not tell what a range comes to? */
static bool wants_summary(const struct metric *m)
{
	return m && (m->aggregation == AGGREGATE_LATEST || beside_needed(m->aggregation));
}

/* ---- roll-ups ---- */

/* Of usage_day_totals and usage_hour_totals. */
static struct bucket bucket_row(const struct rows *r, const struct metric *m)
{
	struct bucket b = { rows_int(r, 0), rollup_sums(r, 1, m) };
	b.rollup.first_at = rows_int(r, 5);
	b.rollup.last_at = rows_int(r, 6);
	return b;
}

/* A row is the next bucket, or one more part of the last. */
static void add_bucket(struct bucket *buckets, unsigned *count, unsigned most, const struct bucket *b)
{
	if (*count && buckets[*count - 1].start == b->start)
		rollup_gather(&buckets[*count - 1].rollup, &b->rollup);
	else if (*count < most)
		buckets[(*count)++] = *b;
}

static enum st count_events(struct rollup *out, struct walk *w, instant start, instant end)
{
	const struct metric *m = w->h->metric;
	const bool alone = !m || m->aggregation == AGGREGATE_COUNT; /* the count tells all */
	struct rows r = { 0 };
	enum st st = ROWS(w->store, &r, alone ? SQL_USAGE_EVENT_COUNT : SQL_USAGE_EVENT_TOTALS, INT(w->account->tenant_id),
	                  TEXT(metric_name(m)), INT(start), INT(end));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*out = (struct rollup){ .count = rows_int(&r, 0), .first_at = start, .last_at = end - 1 };
	if (!st && !alone)
		out->beyond = out->count && rows_null(&r, 1), out->sum = rows_int(&r, 1), out->min = rows_int(&r, 2), out->max = rows_int(&r, 3);
	rows_end(&r);
	return st;
}

/* Of an hour that goes on past the range's end: its events are counted on the shorter side of the end. The
 * least and the greatest of what adds up are of no use, and stay those of the hour. */
static enum st trim_hour(struct rollup *hour, struct walk *w)
{
	const instant end = w->h->range.end;
	struct rollup late;
	if (hour->first_at >= end) {
		*hour = (struct rollup){ 0 };
		return ST_OK;
	}
	if (!adds_up(w->h->metric) || hour->last_at - end > end - hour->first_at)
		return count_events(hour, w, hour->first_at, end);
	enum st st = count_events(&late, w, end, hour->last_at + 1);
	if (!st && (late.beyond || __builtin_sub_overflow(hour->sum, late.sum, &hour->sum)))
		hour->beyond = true;
	hour->count -= late.count;
	hour->last_at = end - 1;
	return st;
}

/* The hours of one day that have events, and begin in the range. */
static enum st load_hours(struct walk *w, instant day)
{
	struct period whole;
	struct rows r = { 0 };
	w->hours_of = day;
	w->hour_count = 0;
	enum st st = day_at(&whole, w->account->timezone, day);
	if (!st)
		st = ROWS(w->store, &r, SQL_USAGE_HOUR_TOTALS, INT(w->account->tenant_id), TEXT(metric_name(w->h->metric)), INT(day),
		          INT(w->h->range.end < whole.end ? w->h->range.end : whole.end));
	while (!st && !(st = rows_next(&r))) {
		const struct bucket hour = bucket_row(&r, w->h->metric);
		add_bucket(w->hours, &w->hour_count, DAY_HOURS_CAP, &hour);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* The same, the newest one up to the range's end. */
static enum st list_hours(struct walk *w, instant day)
{
	enum st st = w->hours_of == day ? ST_DONE : load_hours(w, day);
	if (!st && w->hour_count && w->hours[0].rollup.last_at >= w->h->range.end)
		st = trim_hour(&w->hours[0].rollup, w);
	return st == ST_DONE ? ST_OK : st;
}

/* The day in which the range ends, where events lie past the end. */
static enum st trim_day(struct walk *w)
{
	struct bucket *day = &w->days[w->day_count - 1];
	enum st st = list_hours(w, day->start);
	day->rollup = (struct rollup){ 0 };
	for (unsigned i = 0; i < w->hour_count && !st; i++)
		rollup_gather(&day->rollup, &w->hours[i].rollup);
	if (!day->rollup.count)
		w->day_count--;
	return st;
}

/* The days from `first` on up to the range's end; those before the range are added up. */
static enum st load_days(struct walk *w, instant first)
{
	const struct period range = w->h->range;
	struct rows r = { 0 };
	w->days = arena_take_raw(w->arena, (HISTORY_DAYS_CAP + 1) * sizeof *w->days);
	if (!w->days)
		return ST_MEMORY;
	enum st st = ROWS(w->store, &r, SQL_USAGE_DAY_TOTALS, INT(w->account->tenant_id), TEXT(metric_name(w->h->metric)),
	                  INT(first), INT(range.end));
	while (!st && !(st = rows_next(&r))) {
		const struct bucket day = bucket_row(&r, w->h->metric);
		if (day.start < range.start)
			rollup_gather(&w->previous, &day.rollup);
		else
			add_bucket(w->days, &w->day_count, HISTORY_DAYS_CAP + 1, &day);
	}
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* Those of the range, and as many before it. */
static enum st find_days(struct walk *w)
{
	const unsigned count = w->h->days;
	instant *starts = arena_take_raw(w->arena, (2 * (size_t)count + 1) * sizeof *starts);
	if (!starts)
		return ST_MEMORY;
	enum st st = days_until(starts, 2 * count, w->account->timezone, w->h->range.end - 1);
	w->starts = starts + count;
	w->previous_start = starts[0];
	w->h->range.start = w->starts[0];
	return st;
}

static enum st read_days(struct walk *w)
{
	enum st st = load_days(w, w->previous_start);
	if (!st && w->day_count && w->days[w->day_count - 1].rollup.last_at >= w->h->range.end)
		st = trim_day(w);
	return st;
}

/* ---- the summary ---- */

/* What cannot be counted is the peak: a sum is so for its size. */
static void see_day(struct history *h, instant day, qty value)
{
	const bool beyond = value == QTY_UNKNOWN;
	if (h->summary.has_peak && (h->summary.peak_total == QTY_UNKNOWN || (!beyond && value <= h->summary.peak_total)))
		return;
	h->summary.has_peak = true;
	h->summary.peak_day = day;
	h->summary.peak_total = value;
}

static void summarise(struct walk *w)
{
	struct history *h = w->h;
	struct rollup whole = { 0 };
	for (unsigned i = 0; i < w->day_count; i++) {
		see_day(h, w->days[i].start, value_of(&w->days[i].rollup, h->metric));
		rollup_gather(&whole, &w->days[i].rollup);
	}
	h->summary.total = value_of(&whole, h->metric);
	h->summary.previous_total = value_of(&w->previous, h->metric);
}

/* Of any range: the total of the metric. */
static enum st read_range(struct walk *w, struct usage_total *out, instant start, instant end)
{
	struct usage_total *totals;
	unsigned count;
	enum st st = usage_rolled_up(&totals, &count, w->store, w->account, w->h->metric, (struct period){ start, end }, w->arena);
	*out = !st && count ? totals[0] : (struct usage_total){ 0 };
	return st;
}

/* What stood at the end of each day. */
static enum st latest_days(qty *values, struct store *store, int64_t tenant_id, const struct metric *m,
                           const instant *starts, unsigned count)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_USAGE_DAY_LATEST, INT(tenant_id), TEXT(m->name), INT(starts[0]), INT(starts[count]));
	while (!st && !(st = rows_next(&r)))
		values[day_index(starts, count, rows_int(&r, 0))] = rows_int(&r, 1);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

/* Days whose values no sum of roll-ups tells. */
static enum st days_apart(qty *values, struct store *store, int64_t tenant_id, const struct metric *m,
                          const instant *starts, unsigned count)
{
	return m->aggregation == AGGREGATE_LATEST ? latest_days(values, store, tenant_id, m, starts, count)
	                                          : beside_days(values, store, tenant_id, m, starts, count);
}

/* The whole days of the range. One without events may be the peak of what is held. */
static enum st see_days_apart(struct walk *w, unsigned count)
{
	struct history *h = w->h;
	qty *values = arena_take(w->arena, (count + 1) * sizeof *values);
	if (!values)
		return ST_MEMORY;
	enum st st = days_apart(values, w->store, w->account->tenant_id, h->metric, w->starts, count);
	for (unsigned i = 0; i < count && !st; i++)
		if (values[i])
			see_day(h, w->starts[i], values[i]);
	return st;
}

/* Of a metric whose days tell nothing of the whole. */
static enum st summarise_apart(struct walk *w)
{
	struct history *h = w->h;
	const unsigned whole_days = h->range.end == w->starts[h->days] ? h->days : h->days - 1;
	struct usage_total whole, previous, open;
	enum st st = read_range(w, &open, w->starts[whole_days], h->range.end);
	if (!st)
		st = read_range(w, &whole, h->range.start, h->range.end);
	if (!st)
		st = read_range(w, &previous, w->previous_start, h->range.start);
	if (!st)
		st = see_days_apart(w, whole_days);
	if (st)
		return st;
	if (open.total)
		see_day(h, w->starts[whole_days], open.total);
	h->summary.total = whole.total;
	h->summary.previous_total = previous.total;
	return ST_OK;
}

static enum st read_totals(struct walk *w)
{
	struct history *h = w->h;
	enum st st = find_days(w);
	if (!st)
		st = read_days(w);
	if (!st && wants_summary(h->metric))
		st = summarise_apart(w);
	else if (!st)
		summarise(w);
	for (unsigned i = 0; i < w->day_count; i++)
		h->total += w->days[i].rollup.count;
	h->summary.has_mean = adds_up(h->metric) && h->summary.total != QTY_UNKNOWN;
	h->summary.daily_mean = h->summary.has_mean ? h->summary.total / h->days : 0;
	return st;
}

/* ---- events ---- */

static const char *keep(const struct rows *r, unsigned column, struct arena *arena)
{
	const char *text = rows_text(r, column);
	return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

/* Columns of usage_event_page and usage_event_before. */
static enum st read_events(struct history_event *events, unsigned *count, unsigned most, struct rows *r,
                           const struct catalog *catalog, struct arena *arena)
{
	enum st st = ST_OK;
	while (*count < most && !(st = rows_next(r))) {
		static const struct metric forgotten = { .name = "unknown", .label = "unknown", .unit = "unit" };
		const struct metric *m = metric_find(catalog, rows_text(r, 2));
		events[(*count)++] = (struct history_event){
			.recorded_at = rows_int(r, 0), .event = rows_int(r, 1), .metric = m ? m : &forgotten,
			.quantity = rows_int(r, 3), .resource_id = keep(r, 4, arena), .metadata = keep(r, 5, arena),
		};
	}
	return st == ST_DONE ? ST_OK : st;
}

static enum st read_stretch(struct walk *w, instant start, instant end)
{
	struct history *h = w->h;
	struct rows r = { 0 };
	enum st st = ROWS(w->store, &r, SQL_USAGE_EVENT_PAGE, INT(w->account->tenant_id), TEXT(metric_name(h->metric)),
	                  INT(start), INT(end), INT(w->skip), INT(h->per_page - h->count));
	if (!st)
		st = read_events(h->events, &h->count, (unsigned)h->per_page, &r, w->catalog, w->arena);
	rows_end(&r);
	w->skip = 0;
	return st;
}

/* Is the page's first event past this bucket? Then all of it is skipped. */
static bool skips(struct walk *w, const struct rollup *r)
{
	if (w->skip < r->count)
		return false;
	w->skip -= r->count;
	return true;
}

/* Of all metrics: from the hour in which the page begins every event belongs to it. */
static enum st read_on(struct walk *w, const struct bucket *day)
{
	if (!w->skip)
		return read_stretch(w, w->h->range.start, day->rollup.last_at + 1);
	enum st st = list_hours(w, day->start);
	for (unsigned i = 0; i < w->hour_count && !st; i++)
		if (!skips(w, &w->hours[i].rollup))
			return read_stretch(w, w->h->range.start, w->hours[i].rollup.last_at + 1);
	return st;
}

/* Of one metric: only where it has events, for many of others may lie between them. */
static enum st walk_day(struct walk *w, const struct bucket *day)
{
	if (day->rollup.last_at - day->rollup.first_at < HOUR)
		return read_stretch(w, day->rollup.first_at, day->rollup.last_at + 1);
	enum st st = list_hours(w, day->start);
	for (unsigned i = 0; i < w->hour_count && !st && w->h->count < w->h->per_page; i++)
		if (!skips(w, &w->hours[i].rollup))
			st = read_stretch(w, w->hours[i].rollup.first_at, w->hours[i].rollup.last_at + 1);
	return st;
}

enum st history_read(struct history *h, struct store *store, const struct account *account, struct arena *arena)
{
	struct walk w = { .h = h, .store = store, .account = account, .arena = arena, .hours_of = -1, .skip = (h->page - 1) * h->per_page };
	h->events = arena_take(arena, (size_t)h->per_page * sizeof *h->events);
	enum st st = h->events ? catalog_load(&w.catalog, store, account->catalog) : ST_MEMORY;
	if (!st)
		st = read_totals(&w);
	for (unsigned i = w.day_count; i-- > 0 && !st && h->count < h->per_page;) {
		if (skips(&w, &w.days[i].rollup))
			continue;
		if (!h->metric)
			return read_on(&w, &w.days[i]);
		st = walk_day(&w, &w.days[i]);
	}
	return st;
}

enum st history_recent(struct history_event *events, unsigned *count, unsigned most, struct store *store,
                       const struct account *account, struct arena *arena)
{
	const struct catalog *catalog;
	struct rows r = { 0 };
	*count = 0;
	enum st st = catalog_load(&catalog, store, account->catalog);
	if (!st)
		st = ROWS(store, &r, SQL_USAGE_EVENT_PAGE, INT(account->tenant_id), TEXT(""), INT(INT64_MIN), INT(INT64_MAX), INT(0),
		          INT(most));
	if (!st)
		st = read_events(events, count, most, &r, catalog, arena);
	rows_end(&r);
	return st;
}

/* ---- by cursor ---- */

enum st history_start(struct history *h, const struct account *account)
{
	instant starts[HISTORY_DAYS_CAP + 1];
	enum st st = days_until(starts, h->days, account->timezone, h->range.end - 1);
	h->range.start = starts[0];
	return st;
}

/* A stretch in which there are events, as far as it lies before the cursor. */
static enum st read_before(struct walk *w, const struct history_export *x, instant first, instant last)
{
	const bool holds = last >= x->before_at;
	struct rows r = { 0 };
	if (first > x->before_at)
		return ST_OK;
	enum st st = ROWS(w->store, &r, SQL_USAGE_EVENT_BEFORE, INT(w->account->tenant_id), TEXT(metric_name(x->metric)),
	                  INT(first > x->range.start ? first : x->range.start), INT(holds ? x->before_at : last),
	                  INT(holds ? x->before_event : INT64_MAX), INT(w->h->per_page - w->h->count));
	if (!st)
		st = read_events(w->h->events, &w->h->count, (unsigned)w->h->per_page, &r, w->catalog, w->arena);
	rows_end(&r);
	return st;
}

static enum st read_day_before(struct walk *w, const struct history_export *x, instant day)
{
	enum st st = load_hours(w, day);
	for (unsigned i = 0; i < w->hour_count && !st && w->h->count < w->h->per_page; i++)
		st = read_before(w, x, w->hours[i].rollup.first_at, w->hours[i].rollup.last_at);
	return st;
}

/* Of one metric, as its page: on the cursor's day, and where that is not enough on the days before it. */
static enum st walk_before(struct walk *w, const struct history_export *x)
{
	struct period today;
	enum st st = day_at(&today, w->account->timezone, x->before_at);
	if (!st)
		st = read_day_before(w, x, today.start);
	if (st || w->h->count == w->h->per_page)
		return st;
	w->h->range.end = today.start;
	st = load_days(w, w->h->range.start);
	for (unsigned i = w->day_count; i-- > 0 && !st && w->h->count < w->h->per_page;) {
		const struct bucket *day = &w->days[i];
		if (day->rollup.last_at - day->rollup.first_at < HOUR)
			st = read_before(w, x, day->rollup.first_at, day->rollup.last_at);
		else
			st = read_day_before(w, x, day->start);
	}
	return st;
}

enum st history_next(struct history_event *events, unsigned *count, unsigned most, struct history_export *x,
                     struct store *store, const struct account *account, struct arena *arena)
{
	if (!x->started)
		x->before_at = x->range.end, x->before_event = INT64_MIN; /* nothing at the end itself */
	x->started = true;
	const bool within = x->before_at >= x->range.start && x->before_at <= x->range.end; /* or the cursor is of another range */
	struct history h = { .metric = x->metric, .per_page = most, .events = events,
		.range.end = within ? x->before_at + 1 : x->range.end };
	struct walk w = { .h = &h, .store = store, .account = account, .arena = arena };
	struct period first = { 0 };
	enum st st = catalog_load(&w.catalog, store, account->catalog);
	if (!st)
		st = day_at(&first, account->timezone, x->range.start);
	h.range.start = first.start;
	if (!st)
		st = x->metric && within ? walk_before(&w, x) : read_before(&w, x, x->range.start, x->before_at);
	*count = h.count;
	if (st || !h.count)
		return st ? st : ST_DONE;
	x->before_at = events[h.count - 1].recorded_at;
	x->before_event = events[h.count - 1].event;
	return ST_OK;
}

/* ---- the chart ---- */

/* What each metric came to on each day, side by side for a metric. */
struct chart {
	const struct catalog *catalog;
	struct rollup *of;
	const instant *starts;
	unsigned days;
};

/* A row of usage_day_list: a day of one metric, of all users or of one. */
static void add_day(struct chart *c, const struct rows *r)
{
	const struct metric *m = metric_find(c->catalog, rows_text(r, 1));
	const struct rollup row = rollup_sums(r, 2, true);
	const unsigned day = day_index(c->starts, c->days, rows_int(r, 0));
	if (m && day < c->days)
		rollup_gather(&c->of[(size_t)(m - c->catalog->metrics) * c->days + day], &row);
}

static enum st read_chart(struct chart *c, struct store *store, int64_t tenant)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_USAGE_DAY_LIST, INT(tenant), INT(c->starts[0]), INT(c->starts[c->days]));
	while (!st && !(st = rows_next(&r)))
		add_day(c, &r);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st history_series(qty **out, struct store *store, const struct account *account, const struct catalog *catalog,
                       const instant *starts, unsigned days, struct arena *arena)
{
	const size_t count = (size_t)catalog->count * days;
	struct chart c = { catalog, arena_take(arena, (count + 1) * sizeof *c.of), starts, days };
	qty *values = arena_take(arena, (count + 1) * sizeof *values);
	if (!c.of || !values)
		return ST_MEMORY;
	enum st st = read_chart(&c, store, account->tenant_id);
	for (size_t i = 0; i < count && !st; i++)
		values[i] = value_of(&c.of[i], &catalog->metrics[i / days]);
	for (unsigned i = 0; i < catalog->count && !st; i++)
		if (wants_summary(&catalog->metrics[i]))
			st = days_apart(&values[(size_t)i * days], store, account->tenant_id, &catalog->metrics[i], starts, days);
	*out = values;
	return st;
}
