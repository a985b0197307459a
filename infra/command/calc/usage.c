/* pennymeter calc aggregation, alerts. */
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "rate/aggregation.h"
#include "rate/alert.h"

enum { DIGITS_MOST = 18, FIRED_CAP = 10000 };

/* ---- aggregation ---- */

struct aggregation_case {
	struct aggregation_rule rule;
	struct period window;
	struct sample *samples;
	unsigned count;
	bool windowed;
	struct cycle cycle; /* of the windows */
};

static void read_aggregation_rule(struct aggregation_rule *rule, struct calc *c)
{
	static const char *const kinds[] = { "sum", "count", "max", "min", "latest", "unique", "weighted_sum" };
	static const char *const negatives[] = { "keep", "zero" };
	unsigned kind = AGGREGATE_SUM, negative = 0, how = ROUND_HALF_AWAY;
	int64_t digits = DIGITS_MOST;
	field_choice(&kind, &c->in, "aggregation", kinds, AGGREGATE__MAX, NEEDED);
	field_choice(&negative, &c->in, "negative", negatives, 2, DEFAULTED);
	field_choice(&how, &c->in, "round_mode", calc_roundings, ROUND__MAX, DEFAULTED);
	field_int(&digits, &c->in, "round", -DIGITS_MOST, DIGITS_MOST, DEFAULTED);
	rule->kind = (enum aggregation)kind;
	rule->negative_is_zero = negative == 1;
	rule->how = (enum rounding)how;
	rule->digits = (int)digits;
	field_bool(&rule->recurring, &c->in, "recurring");
	rule->has_initial = field_get(&c->in, "initial", DEFAULTED);
	field_wide(&rule->initial, &c->in, "initial", EXACT_DIGITS, DEFAULTED);
}

static bool is_scalar(const struct json *value)
{
	return value && (json_kind(value) == JSON_NUMBER || json_kind(value) == JSON_STRING);
}

/* A value that is a finite number counts as one; anything else is passed over. But a number
 * that does not fit is refused: to pass over it would be to lose it. */
static void read_value(struct sample *s, const struct fields *f, enum aggregation kind)
{
	const struct json *value = json_get(f->object, "value");
	if (!is_scalar(value))
		return;
	s->text = json_text(value);
	s->numeric = kind != AGGREGATE_UNIQUE && kind != AGGREGATE_COUNT && decimal_valid(s->text, strlen(s->text));
	if (s->numeric)
		field_wide(&s->value, f, "value", EXACT_DIGITS, NEEDED);
}

static void read_event(struct sample *s, const struct fields *f, enum aggregation kind)
{
	static const char *const ops[] = { "add", "remove" };
	const struct json *id = json_get(f->object, "id");
	unsigned op = 0;
	field_instant(&s->at, f, "at", NEEDED);
	field_choice(&op, f, "op", ops, 2, DEFAULTED);
	s->removes = op == 1;
	s->id = is_scalar(id) ? json_text(id) : NULL;
	read_value(s, f, kind);
}

static void read_windows(struct aggregation_case *a, struct calc *c)
{
	unsigned unit = UNIT__MAX;
	const char *zone = calc_zone(c);
	field_choice(&unit, &c->in, "window_size", calc_units, UNIT__MAX, DEFAULTED);
	a->windowed = unit < UNIT__MAX;
	a->cycle = (struct cycle){ .mode = PERIOD_CALENDAR, .unit = (enum period_unit)unit, .count = 1, .zone = zone };
}

static enum st read_aggregation(struct aggregation_case *a, struct calc *c)
{
	size_t count;
	struct fields window = field_object(&c->in, "window");
	read_aggregation_rule(&a->rule, c);
	field_instant(&a->window.start, &window, "start", NEEDED);
	field_instant(&a->window.end, &window, "end", NEEDED);
	if (!calc_refused(c) && a->window.end <= a->window.start)
		field_fault(&window, "end", "must be after the start");
	read_windows(a, c);
	const struct json *item = field_array(&count, &c->in, "events", NEEDED);
	a->samples = arena_take(c->arena, sizeof *a->samples * (count + 1));
	if (!a->samples)
		return ST_MEMORY;
	for (size_t i = 0; item; item = json_next(item), i++) {
		struct fields f = field_item(&c->in, "events", i, item);
		read_event(&a->samples[i], &f, a->rule.kind);
	}
	a->count = samples_order(a->samples, (unsigned)count);
	return calc_refused(c) ? ST_INVALID : ST_OK;
}

static enum st write_windows(struct calc *c, struct aggregation_case *a)
{
	unsigned next = 0;
	struct period window;
	exact value;
	enum st st;
	jw_array(c->w, "windows");
	while (!(st = aggregate_next(&value, &window, &next, &a->rule, &a->cycle, a->samples, a->count, a->window))) {
		jw_object(c->w, NULL);
		calc_write_instant(c, "start", window.start);
		calc_write_instant(c, "end", window.end);
		st = calc_write(c, "value", value, EXACT_DIGITS);
		jw_end(c->w);
		if (st)
			break;
	}
	jw_end(c->w);
	return st == ST_DONE ? ST_OK : st;
}

enum st calc_aggregation(struct calc *c)
{
	struct aggregation_case a = { 0 };
	exact value;
	enum st st = read_aggregation(&a, c);
	if (st)
		return st;
	jw_object(c->w, "expect");
	st = aggregate(&value, &a.rule, a.samples, a.count, a.window);
	if (!st)
		st = calc_write(c, "value", value, EXACT_DIGITS);
	if (!st && a.windowed)
		st = write_windows(c, &a);
	jw_end(c->w);
	return st ? calc_fail(c, "events", st) : ST_OK;
}

/* ---- alerts ---- */

static int by_value(const void *left, const void *right)
{
	const exact *a = left, *b = right;
	return *a < *b ? -1 : *a > *b;
}

/* The thresholds, ascending and each once. */
static enum st read_alert(struct alert *alert, struct calc *c)
{
	size_t count;
	const struct json *item = field_array(&count, &c->in, "thresholds", DEFAULTED);
	exact *values = arena_take(c->arena, sizeof *values * (count + 1));
	if (!values)
		return ST_MEMORY;
	for (size_t i = 0; item; item = json_next(item), i++) {
		struct fields f = field_item(&c->in, "thresholds", i, item);
		field_self_wide(&values[i], &f, EXACT_DIGITS);
	}
	qsort(values, count, sizeof *values, by_value);
	for (size_t i = 0; i < count; i++)
		if (!i || values[i] != values[alert->count - 1])
			values[alert->count++] = values[i];
	alert->thresholds = values;
	if (!field_get(&c->in, "recurring_step", DEFAULTED))
		return ST_OK;
	field_amount(&alert->step, &c->in, "recurring_step", EXACT_DIGITS, DEFAULTED);
	if (!calc_refused(c) && alert->step == 0)
		field_fault(&c->in, "recurring_step", "must be above 0");
	return ST_OK;
}

static void read_step(exact *before, exact *after, const struct fields *f)
{
	size_t count;
	const struct json *first = field_array(&count, f, "", NEEDED);
	if (!first || count != 2) {
		field_fault(f, "", "must be a pair: before, after");
		return;
	}
	struct fields from = field_item(f, "", 0, first), to = field_item(f, "", 1, json_next(first));
	field_self_wide(before, &from, EXACT_DIGITS);
	field_self_wide(after, &to, EXACT_DIGITS);
}

static enum st write_fired(struct calc *c, const struct alert *alert, exact before, exact after)
{
	enum st st = ST_OK;
	unsigned fired = 0;
	jw_array(c->w, NULL);
	while (!st && !(st = alert_next(&before, alert, before, after))) {
		st = calc_write(c, NULL, before, EXACT_DIGITS);
		if (++fired > FIRED_CAP)
			st = ST_RANGE;
	}
	jw_end(c->w);
	return st == ST_DONE ? ST_OK : st;
}

enum st calc_alerts(struct calc *c)
{
	static const char *const modes[] = { "reached" };
	unsigned mode = 0;
	size_t count;
	struct alert alert = { 0 };
	field_choice(&mode, &c->in, "mode", modes, 1, DEFAULTED);
	enum st st = read_alert(&alert, c);
	const struct json *item = field_array(&count, &c->in, "steps", NEEDED);
	jw_object(c->w, "expect");
	jw_array(c->w, "fired");
	for (size_t i = 0; item && !st && !calc_refused(c); item = json_next(item), i++) {
		exact before = 0, after = 0;
		struct fields f = field_item(&c->in, "steps", i, item);
		read_step(&before, &after, &f);
		st = calc_refused(c) ? ST_INVALID : write_fired(c, &alert, before, after);
		if (st && !calc_refused(c))
			field_fault(&f, "", "reaches more thresholds than can be told");
	}
	jw_end(c->w);
	jw_end(c->w);
	return calc_refused(c) ? ST_INVALID : st;
}
