/* What the dashboard polls. */
#include "present/write_stats.h"

#include "meter/day.h"
#include "present/write.h"

static void write_tenant(struct jwriter *w, const struct account *a, const struct usage_state *s)
{
	jw_object(w, "tenant");
	jw_int(w, "tenant_id", a->tenant_id);
	jw_string(w, "name", a->name);
	jw_end(w);
	write_plan(w, "plan", s->plan);
	if (s->begun) {
		jw_object(w, "period");
		write_instant(w, "start", s->windows.of[WINDOW_PERIOD].start);
		write_instant(w, "end", s->windows.of[WINDOW_PERIOD].end);
		jw_string(w, "timezone", a->timezone);
		jw_end(w);
	} else {
		jw_null(w, "period");
		write_instant(w, "begins_at", a->anchor);
	}
	jw_string(w, "timezone", a->timezone);
	jw_string(w, "currency", s->currency->code);
}

/* What a person wants to see: what the plan speaks of, and what is used anyway. */
static bool shown(const struct usage_line *l)
{
	return l->entry->policy != POLICY_NONE || l->rollup.count || l->used;
}

static void write_cards(struct jwriter *w, const struct usage_state *s)
{
	jw_array(w, "cards");
	for (unsigned i = 0; i < s->count; i++)
		if (shown(&s->lines[i]))
			write_usage_line(w, &s->lines[i], s->currency);
	jw_end(w);
}

static void write_series(struct jwriter *w, const struct usage_state *s, const qty *values, const instant *starts,
                         const char *zone)
{
	char date[INSTANT_ROOM];
	jw_object(w, "series");
	jw_array(w, "dates");
	for (unsigned d = 0; d < STATS_DAYS; d++)
		jw_string(w, NULL, day_print(date, zone, starts[d]));
	jw_end(w);
	jw_array(w, "metrics");
	for (unsigned i = 0; i < s->count; i++) {
		if (!shown(&s->lines[i]))
			continue;
		jw_object(w, NULL);
		jw_string(w, "metric_name", s->lines[i].metric->name);
		jw_string(w, "label", s->lines[i].metric->label);
		jw_string(w, "unit", s->lines[i].metric->unit);
		jw_array(w, "values");
		for (unsigned d = 0; d < STATS_DAYS; d++)
			write_qty(w, NULL, values[i * STATS_DAYS + d]);
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

static void write_warnings(struct jwriter *w, const struct usage_state *s, struct arena *arena)
{
	jw_array(w, "warnings");
	for (unsigned i = 0; i < s->count; i++) {
		const struct usage_line *l = &s->lines[i];
		if (l->level == LEVEL_OK)
			continue;
		jw_object(w, NULL);
		jw_string(w, "metric_name", l->metric->name);
		jw_string(w, "label", l->metric->label);
		jw_string(w, "level", level_name(l->level));
		if (l->percent < 0)
			jw_null(w, "percent");
		else
			jw_int(w, "percent", l->percent);
		jw_string(w, "message", usage_message(l, arena));
		jw_end(w);
	}
	jw_end(w);
}

static void write_bill(struct jwriter *w, const struct usage_state *s, const char *name, const char *upgrade)
{
	jw_object(w, "estimate");
	write_cycle(w, "cycle", s);
	write_reckoned(w, "base_price", s->base_price, s->currency);
	write_reckoned(w, "total_overage", s->total_overage, s->currency);
	write_reckoned(w, "total", s->total, s->currency);
	write_reckoned(w, "projected_total", s->projected_total, s->currency);
	jw_end(w);
	if (!s->plan || !s->plan->next) {
		jw_null(w, "upgrade");
		return;
	}
	jw_object(w, "upgrade");
	jw_string(w, "plan", s->plan->next);
	jw_string(w, "name", name);
	jw_string(w, "url", upgrade);
	jw_end(w);
}

void write_stats(struct jwriter *w, const struct stats *s, struct arena *arena)
{
	jw_object(w, NULL);
	write_tenant(w, s->account, &s->state);
	write_cards(w, &s->state);
	write_series(w, &s->state, s->series, s->starts, s->account->timezone);
	write_events(w, "recent", s->recent, s->recent_count);
	write_warnings(w, &s->state, arena);
	write_bill(w, &s->state, s->upgrade_name, s->upgrade_url);
	jw_end(w);
}
