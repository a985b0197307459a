/* History. A page is found by counting down the roll-ups, so its cost is that of the
 * hours it shows, however much lies around them. */
#include "billing/history.h"

#include <string.h>

#include "billing/beside.h"
#include "billing/cut.h"

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
	struct bucket *days; /* oldest first */
	unsigned day_count;
	struct usage_total open; /* of the last day, up to the range's end */
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
	return m->aggregation == AGGREGATE_SUM ? r->sum : rollup_used(r, m);
}

/* ---- counting ---- */

/* Of any range: the total of one metric, or the mere count of all. */
static enum st read_range(struct walk *w, struct usage_total *out, struct period range)
{
	struct usage_total *totals;
	unsigned count;
	*out = (struct usage_total){ 0 };
	enum st st = usage_summary(&totals, &count, w->store, w->account, w->h->metric, 0, range, w->arena);
	for (unsigned i = 0; i < count && !st; i++) {
		if (w->h->metric)
			*out = totals[i];
		else
			out->rollup.count += totals[i].rollup.count;
	}
	if (!w->h->metric)
		out->total = out->rollup.count * 1000000;
	return st;
}

static struct rollup day_row(const struct rows *r)
{
	return (struct rollup){
		.sum = rows_int(r, 2), .count = rows_int(r, 3), .min = rows_int(r, 4), .max = rows_int(r, 5),
		.first_at = rows_int(r, 6), .last_at = rows_int(r, 7),
	};
}

/* Whole days from their roll-ups, the last one up to the range's end. */
static enum st read_days(struct walk *w)
{
	const instant last = floor_to(w->h->range.end, DAY);
	struct rows r = { 0 };
	w->days = arena_take(w->arena, (HISTORY_DAYS_CAP + 2) * sizeof *w->days);
	if (!w->days)
		return ST_MEMORY;
	enum st st = ROWS(w->store, &r, SQL_USAGE_DAY_LIST, INT(w->account->tenant_id), TEXT(metric_name(w->h->metric)),
	                  INT(w->h->range.start), INT(last));
	while (!st && !(st = rows_next(&r))) {
		struct bucket *b = &w->days[w->day_count ? w->day_count - 1 : 0];
		struct rollup row = day_row(&r);
		if (w->day_count && b->start == rows_int(&r, 0))
			b->rollup.count += row.count; /* another metric's row of the same day */
		else if (w->day_count <= HISTORY_DAYS_CAP)
			w->days[w->day_count++] = (struct bucket){ rows_int(&r, 0), row };
	}
	rows_end(&r);
	if (st == ST_DONE)
		st = read_range(w, &w->open, (struct period){ last, w->h->range.end });
	if (!st && w->open.rollup.count)
		w->days[w->day_count++] = (struct bucket){ last, w->open.rollup };
	return st;
}

static void see_day(struct history *h, instant day, qty value)
{
	if (h->summary.peak_day >= 0 && value <= h->summary.peak_total)
		return;
	h->summary.peak_day = day;
	h->summary.peak_total = value;
}

/* Days by what is kept beside the roll-ups; one without events may be the peak of what is held. */
static enum st see_days_beside(struct walk *w)
{
	struct history *h = w->h;
	const instant last = floor_to(h->range.end, DAY);
	qty *values = arena_take(w->arena, (HISTORY_DAYS_CAP + 2) * sizeof *values);
	if (!values)
		return ST_MEMORY;
	enum st st = beside_days(values, w->store, w->account->tenant_id, h->metric, h->range.start, last);
	for (instant day = h->range.start; day < last && !st; day += DAY)
		if (values[(day - h->range.start) / DAY])
			see_day(h, day, values[(day - h->range.start) / DAY]);
	if (!st && w->open.total)
		see_day(h, last, w->open.total);
	return st;
}

static enum st see_days(struct walk *w)
{
	w->h->summary.peak_day = -1;
	for (unsigned i = 0; i < w->day_count; i++)
		w->h->total += w->days[i].rollup.count;
	if (w->h->metric && beside_needed(w->h->metric->aggregation))
		return see_days_beside(w);
	for (unsigned i = 0; i < w->day_count; i++)
		see_day(w->h, w->days[i].start, value_of(&w->days[i].rollup, w->h->metric));
	return ST_OK;
}

static enum st summarise(struct walk *w)
{
	struct history *h = w->h;
	const instant length = floor_to(h->range.end + DAY - 1, DAY) - h->range.start;
	const bool adds_up = !h->metric || h->metric->aggregation == AGGREGATE_SUM || h->metric->aggregation == AGGREGATE_COUNT;
	struct usage_total whole, previous;
	enum st st = see_days(w);
	if (!st)
		st = read_range(w, &whole, h->range);
	if (!st)
		st = read_range(w, &previous, (struct period){ h->range.start - length, h->range.start });
	if (st)
		return st;
	h->summary.total = whole.total;
	h->summary.previous_total = previous.total;
	h->summary.has_mean = adds_up;
	h->summary.daily_mean = adds_up ? h->summary.total / (length / DAY ? length / DAY : 1) : 0;
	return ST_OK;
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

static enum st read_hour(struct walk *w, struct period hour)
{
	struct history *h = w->h;
	struct rows r = { 0 };
	enum st st = ROWS(w->store, &r, SQL_USAGE_EVENT_PAGE, INT(w->account->tenant_id), TEXT(metric_name(h->metric)),
	                  INT(hour.start), INT(hour.end), INT(w->skip), INT(h->per_page - h->count));
	if (!st)
		st = read_events(h->events, &h->count, (unsigned)h->per_page, &r, w->catalog, w->arena);
	rows_end(&r);
	w->skip = 0;
	return st;
}

/* The hours of one day that have events, newest first. */
static enum st list_hours(struct walk *w, instant day, struct bucket *hours, unsigned *count)
{
	struct rows r = { 0 };
	*count = 0;
	enum st st = ROWS(w->store, &r, SQL_USAGE_HOUR_COUNTS, INT(w->account->tenant_id), TEXT(metric_name(w->h->metric)),
	                  INT(day), INT(day + DAY));
	while (!st && *count < 24 && !(st = rows_next(&r)))
		hours[(*count)++] = (struct bucket){ rows_int(&r, 0), { .count = rows_int(&r, 1) } };
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st walk_day(struct walk *w, instant day)
{
	struct bucket hours[24];
	unsigned count;
	enum st st = list_hours(w, day, hours, &count);
	for (unsigned i = 0; i < count && !st && w->h->count < w->h->per_page; i++) {
		struct period hour = { hours[i].start, hours[i].start + HOUR };
		if (hour.end > w->h->range.end) { /* the hour in which the range ends */
			hour.end = w->h->range.end;
			if (hour.end <= hour.start)
				continue;
			struct usage_total part;
			st = read_range(w, &part, hour);
			hours[i].rollup = part.rollup;
		}
		if (!st && w->skip >= hours[i].rollup.count)
			w->skip -= hours[i].rollup.count;
		else if (!st)
			st = read_hour(w, hour);
	}
	return st;
}

enum st history_read(struct history *h, struct store *store, const struct account *account, struct arena *arena)
{
	struct walk w = { .h = h, .store = store, .account = account, .arena = arena, .skip = (h->page - 1) * h->per_page };
	h->events = arena_take(arena, (size_t)h->per_page * sizeof *h->events);
	enum st st = h->events ? catalog_load(&w.catalog, store, account->generation) : ST_MEMORY;
	if (!st)
		st = read_days(&w);
	if (!st)
		st = summarise(&w);
	for (unsigned i = w.day_count; i-- > 0 && !st && h->count < h->per_page;) {
		if (w.skip >= w.days[i].rollup.count)
			w.skip -= w.days[i].rollup.count;
		else
			st = walk_day(&w, w.days[i].start);
	}
	return st;
}

enum st history_recent(struct history_event *events, unsigned *count, unsigned most, struct store *store,
                       const struct account *account, struct arena *arena)
{
	const struct catalog *catalog;
	struct rows r = { 0 };
	*count = 0;
	enum st st = catalog_load(&catalog, store, account->generation);
	if (!st)
		st = ROWS(store, &r, SQL_USAGE_EVENT_PAGE, INT(account->tenant_id), TEXT(""), INT(INT64_MIN), INT(INT64_MAX), INT(0),
		          INT(most));
	if (!st)
		st = read_events(events, count, most, &r, catalog, arena);
	rows_end(&r);
	return st;
}

enum st history_next(struct history_event *events, unsigned *count, unsigned most, struct history_export *x,
                     struct store *store, const struct account *account, struct arena *arena)
{
	const struct catalog *catalog;
	struct rows r = { 0 };
	*count = 0;
	if (!x->started)
		x->before_at = x->range.end, x->before_event = INT64_MIN; /* nothing at the end itself */
	x->started = true;
	enum st st = catalog_load(&catalog, store, account->generation);
	if (!st)
		st = ROWS(store, &r, SQL_USAGE_EVENT_BEFORE, INT(account->tenant_id), TEXT(metric_name(x->metric)),
		          INT(x->range.start), INT(x->before_at), INT(x->before_event), INT(most));
	if (!st)
		st = read_events(events, count, most, &r, catalog, arena);
	rows_end(&r);
	if (st || !*count)
		return st ? st : ST_DONE;
	x->before_at = events[*count - 1].recorded_at;
	x->before_event = events[*count - 1].event;
	return ST_OK;
}

enum st history_series(qty **out, struct store *store, const struct account *account, const struct catalog *catalog,
                       instant first, unsigned days, struct arena *arena)
{
	qty *values = arena_take(arena, ((size_t)catalog->count * days + 1) * sizeof *values);
	struct rows r = { 0 };
	if (!values)
		return ST_MEMORY;
	enum st st = ROWS(store, &r, SQL_USAGE_DAY_LIST, INT(account->tenant_id), TEXT(""), INT(first), INT(first + days * DAY));
	while (!st && !(st = rows_next(&r))) {
		const struct metric *m = metric_find(catalog, rows_text(&r, 1));
		const struct rollup row = day_row(&r);
		const int64_t day = (rows_int(&r, 0) - first) / DAY;
		if (m && day >= 0 && day < (int64_t)days)
			values[(size_t)(m - catalog->metrics) * days + (size_t)day] = value_of(&row, m);
	}
	rows_end(&r);
	st = st == ST_DONE ? ST_OK : st;
	for (unsigned i = 0; i < catalog->count && !st; i++)
		if (beside_needed(catalog->metrics[i].aggregation))
			st = beside_days(&values[(size_t)i * days], store, account->tenant_id, &catalog->metrics[i], first, first + days * DAY);
	*out = values;
	return st;
}
