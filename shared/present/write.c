/* Writing replies. */
#include "present/write.h"

#include <string.h>

#include "meter/day.h"
#include "meter/event_id.h"

/* As a number of JSON, whose text is never made binary on the way. */
static void write_decimal(struct jwriter *w, const char *name, wide value, unsigned digits, unsigned least)
{
	char text[DECIMAL_ROOM];
	jw_raw_n(w, name, text, decimal_print(text, value, digits, least));
}

void write_qty(struct jwriter *w, const char *name, qty quantity)
{
	if (quantity == QTY_UNKNOWN)
		jw_null(w, name);
	else
		write_decimal(w, name, quantity, QTY_DIGITS, 0);
}

void write_money(struct jwriter *w, const char *name, minor amount, const struct currency *currency)
{
	write_decimal(w, name, amount, currency->digits, currency->digits);
}

void write_reckoned(struct jwriter *w, const char *name, struct reckoned sum, const struct currency *currency)
{
	if (sum.known)
		write_money(w, name, sum.amount, currency);
	else
		jw_null(w, name);
}

void write_exact(struct jwriter *w, const char *name, exact amount)
{
	write_decimal(w, name, amount, EXACT_DIGITS, 0);
}

void write_rate(struct jwriter *w, const char *name, unit_price rate)
{
	write_decimal(w, name, rate, PRICE_DIGITS, 2);
}

/* The lines of an answer tell the same few instants again and again, and so does the next poll: their texts are kept. */
void write_instant(struct jwriter *w, const char *name, instant at)
{
	static struct {
		instant at;
		size_t size; /* 0: nothing is kept */
		char json[INSTANT_ROOM + 2];
	} kept[64], *k; /* so many that those of one answer seldom meet */
	k = &kept[(uint64_t)at * 0x9e3779b97f4a7c15u >> 58]; /* Fibonacci hashing: Knuth, volume 3, 6.4 */
	if (k->at != at || !k->size) {
		k->at = at;
		k->json[0] = '"';
		k->size = strlen(instant_print(k->json + 1, at)) + 2;
		k->json[k->size - 1] = '"';
	}
	jw_raw_n(w, name, k->json, k->size);
}

void write_faults(struct jwriter *w, const struct faults *faults)
{
	for (unsigned i = 0; i < faults->count; i++) {
		jw_object(w, NULL);
		jw_string(w, "pointer", faults->item[i].pointer);
		jw_string(w, "detail", faults->item[i].detail);
		jw_end(w);
	}
}

void write_period(struct jwriter *w, const char *name, struct period p)
{
	jw_object(w, name);
	write_instant(w, "start", p.start);
	write_instant(w, "end", p.end);
	jw_end(w);
}

void write_billing_period(struct jwriter *w, const char *name, const struct usage_state *s)
{
	if (s->begun)
		write_period(w, name, s->windows.of[WINDOW_PERIOD]);
	else
		jw_null(w, name);
}

void write_cycle(struct jwriter *w, const char *name, const struct usage_state *s)
{
	if (s->begun && s->plan)
		write_period(w, name, s->cycle);
	else
		jw_null(w, name);
}

static void write_window(struct jwriter *w, struct period window)
{
	if (window.start < window.end) {
		write_instant(w, "window_start", window.start);
		write_instant(w, "window_end", window.end);
	} else {
		jw_null(w, "window_start");
		jw_null(w, "window_end");
	}
}

void write_standing(struct jwriter *w, enum policy policy, qty used, qty included)
{
	write_qty(w, "used", used);
	if (policy != POLICY_SOFT && policy != POLICY_HARD) {
		jw_null(w, "included");
		jw_null(w, "remaining");
		jw_null(w, "percent");
		jw_string(w, "level", level_name(LEVEL_OK));
		return;
	}
	write_qty(w, "included", included);
	write_qty(w, "remaining", remaining_of(used, included));
	if (included)
		jw_int(w, "percent", percent_of(used, included));
	else
		jw_null(w, "percent");
	jw_string(w, "level", level_name(level_of(used, included)));
}

void write_usage_line(struct jwriter *w, const struct usage_line *l, const struct currency *currency)
{
	jw_object(w, NULL);
	jw_string(w, "metric_name", l->metric->name);
	jw_string(w, "label", l->metric->label);
	jw_string(w, "unit", l->metric->unit);
	jw_string(w, "policy", policy_name(l->entry->policy));
	jw_string(w, "aggregation", aggregation_name(l->metric->aggregation));
	jw_string(w, "window", window_name(l->metric->window));
	write_window(w, l->window);
	write_standing(w, l->entry->policy, l->used, l->entry->included);
	write_qty(w, "overage_quantity", l->overage);
	if (l->entry->priced && l->entry->price.model == PRICE_PER_UNIT)
		write_rate(w, "overage_rate", l->entry->price.unit_amount);
	else
		jw_null(w, "overage_rate");
	write_reckoned(w, "overage_amount", l->overage_amount, currency);
	if (l->has_projected)
		write_qty(w, "projected", l->projected);
	else
		jw_null(w, "projected");
	jw_int(w, "event_count", l->rollup.count);
	jw_end(w);
}

void write_breakdown(struct jwriter *w, const char *name, const struct price *price, qty quantity)
{
	struct price_line lines[PRICE_LINES_CAP];
	unsigned count = 0;
	exact amount;
	jw_array(w, name);
	if (price_line_room(price) > PRICE_LINES_CAP || price_lines(&amount, lines, &count, price, quantity))
		count = 0;
	for (unsigned i = 0; i < count; i++) {
		jw_object(w, NULL);
		write_qty(w, "quantity", lines[i].quantity);
		write_rate(w, "unit_amount", lines[i].unit_amount);
		write_exact(w, "flat_amount", lines[i].flat_amount);
		write_exact(w, "amount", lines[i].amount);
		jw_end(w);
	}
	jw_end(w);
}

static void write_charge(struct jwriter *w, const struct usage_line *l, const struct usage_state *s)
{
	jw_object(w, NULL);
	jw_string(w, "metric_name", l->metric->name);
	jw_string(w, "model", price_model_name(l->entry->price.model));
	write_qty(w, "included_quantity", l->entry->included);
	write_qty(w, "used_quantity", l->used);
	write_qty(w, "overage_quantity", l->overage);
	if (l->entry->price.model == PRICE_PER_UNIT)
		write_rate(w, "overage_rate", l->entry->price.unit_amount);
	else
		jw_null(w, "overage_rate");
	write_reckoned(w, "overage_amount", l->overage_amount, s->currency);
	if (l->overage_amount.known)
		write_exact(w, "overage_amount_exact", l->overage_exact);
	else
		jw_null(w, "overage_amount_exact");
	if (s->begun)
		write_breakdown(w, "breakdown", &l->entry->price, l->used);
	else
		jw_array(w, "breakdown"), jw_end(w);
	jw_end(w);
}

void write_charges(struct jwriter *w, const char *name, const struct usage_state *s)
{
	jw_array(w, name);
	for (unsigned i = 0; i < s->count; i++)
		if (s->lines[i].entry->priced)
			write_charge(w, &s->lines[i], s);
	jw_end(w);
}

void write_plan(struct jwriter *w, const char *name, const struct plan *plan)
{
	if (!plan) {
		jw_null(w, name);
		return;
	}
	jw_object(w, name);
	jw_string(w, "code", plan->code);
	jw_string(w, "name", plan->name);
	jw_int(w, "version", plan->version);
	jw_end(w);
}

void write_events(struct jwriter *w, const char *name, const struct history_event *events, unsigned count)
{
	char id[EVENT_ID_ROOM];
	jw_array(w, name);
	for (unsigned i = 0; i < count; i++) {
		const struct history_event *e = &events[i];
		jw_object(w, NULL);
		jw_string(w, "id", event_id_print(id, e->recorded_at, e->event));
		jw_string(w, "metric_name", e->metric->name);
		jw_string(w, "label", e->metric->label);
		jw_string(w, "unit", e->metric->unit);
		write_qty(w, "quantity", e->quantity);
		write_instant(w, "recorded_at", e->recorded_at);
		jw_string(w, "resource_id", e->resource_id);
		jw_raw(w, "metadata", e->metadata ? e->metadata : "null");
		jw_end(w);
	}
	jw_end(w);
}

const char *usage_message(const struct usage_line *l, struct arena *arena)
{
	const char *text = l->percent < 0
	    ? arena_format(arena, "%s is used though none is included", l->metric->name)
	    : arena_format(arena, "%s usage at %lld%% of limit", l->metric->name, (long long)l->percent);
	return text ? text : "";
}

void write_history_summary(struct jwriter *w, const char *name, const struct history *h, const char *zone)
{
	char date[INSTANT_ROOM];
	jw_object(w, name);
	jw_string(w, "of", h->metric ? "quantity" : "events");
	jw_string(w, "unit", h->metric ? h->metric->unit : "event");
	write_qty(w, "total", h->summary.total);
	if (h->summary.has_mean)
		write_qty(w, "daily_mean", h->summary.daily_mean);
	else
		jw_null(w, "daily_mean");
	if (!h->summary.has_peak) {
		jw_null(w, "peak_day");
	} else {
		jw_object(w, "peak_day");
		jw_string(w, "date", day_print(date, zone, h->summary.peak_day));
		write_qty(w, "total", h->summary.peak_total);
		jw_end(w);
	}
	write_qty(w, "previous_total", h->summary.previous_total);
	jw_end(w);
}
