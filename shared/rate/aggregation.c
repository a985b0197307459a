/* Aggregation: tallies that merge, and the two sums that need their events. */
#include "rate/aggregation.h"

#include <stdlib.h>
#include <string.h>

#include "exact/ratio.h"

#define ONE ((exact)1000000000000000000) /* in 1e-18 */

/* ---- tallies ---- */

enum st tally_add(struct tally *t, instant at, exact value)
{
	struct tally one = { true, 1, value, value, value, value, at };
	return tally_merge(t, &one);
}

enum st tally_merge(struct tally *t, const struct tally *other)
{
	exact sum;
	int64_t count;
	if (!other->any)
		return ST_OK;
	if (__builtin_add_overflow(t->sum, other->sum, &sum) || __builtin_add_overflow(t->count, other->count, &count))
		return ST_RANGE;
	t->sum = sum;
	t->count = count;
	if (!t->any || other->min < t->min)
		t->min = other->min;
	if (!t->any || other->max > t->max)
		t->max = other->max;
	if (!t->any || other->latest_at >= t->latest_at) {
		t->latest = other->latest;
		t->latest_at = other->latest_at;
	}
	t->any = true;
	return ST_OK;
}

enum st tally_value(exact *value, const struct tally *t, enum aggregation kind)
{
	switch (kind) {
	case AGGREGATE_SUM: *value = t->sum; return ST_OK;
	case AGGREGATE_COUNT: *value = t->count * ONE; return ST_OK;
	case AGGREGATE_MAX: *value = t->max; return ST_OK;
	case AGGREGATE_MIN: *value = t->min; return ST_OK;
	case AGGREGATE_LATEST: *value = t->latest; return ST_OK;
	default: return ST_INVALID;
	}
}

/* ---- the order of samples ---- */

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_time(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;
	int order = compare(a->at, b->at);
	return order ? order : compare(a->order, b->order);
}

static int by_id(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;
	if (!a->id || !b->id)
		return a->id || b->id ? (a->id ? -1 : 1) : compare(a->order, b->order);
	int order = strcmp(a->id, b->id);
	return order ? order : compare(a->order, b->order);
}

static int by_text(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;
	if (!a->text || !b->text)
		return a->text || b->text ? (a->text ? -1 : 1) : by_time(left, right);
	int order = strcmp(a->text, b->text);
	return order ? order : by_time(left, right);
}

unsigned samples_order(struct sample *samples, unsigned count)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++)
		samples[i].order = i;
	if (count)
		qsort(samples, count, sizeof *samples, by_id);
	for (unsigned i = 0; i < count; i++) {
		bool again = kept && samples[i].id && strcmp(samples[i].id, samples[kept - 1].id) == 0;
		if (!again)
			samples[kept++] = samples[i];
	}
	if (kept)
		qsort(samples, kept, sizeof *samples, by_time);
	return kept;
}

/* ---- kinds ---- */

/* The samples that count, and the span they count in. */
struct view {
	struct sample *first;
	unsigned count;
	struct period window;
};

static bool matters(enum aggregation kind, const struct sample *s)
{
	if (kind == AGGREGATE_UNIQUE)
		return s->text != NULL;
	return kind == AGGREGATE_COUNT || s->numeric;
}

static struct tally initial_tally(const struct aggregation_rule *rule)
{
	exact v = rule->initial;
	if (!rule->recurring || !rule->has_initial)
		return (struct tally){ 0 };
	return (struct tally){ true, 0, v, v, v, v, INSTANT_FIRST };
}

static enum st from_tally(struct ratio *out, const struct aggregation_rule *rule, struct view v)
{
	struct tally t = initial_tally(rule);
	exact value;
	enum st st = ST_OK;
	for (unsigned i = 0; i < v.count && !st; i++)
		if (matters(rule->kind, &v.first[i]))
			st = tally_add(&t, v.first[i].at, v.first[i].value);
	if (!st)
		st = tally_value(&value, &t, rule->kind);
	if (!st)
		*out = ratio_decimal(value, EXACT_DIGITS);
	return st;
}

/* Of each text the last event in time says whether it is in. */
static enum st from_texts(struct ratio *out, const struct aggregation_rule *rule, struct view v)
{
	wide distinct = 0;
	if (v.count)
		qsort(v.first, v.count, sizeof *v.first, by_text);
	for (unsigned i = 0; i < v.count && v.first[i].text; i++) {
		const struct sample *next = i + 1 < v.count ? &v.first[i + 1] : NULL;
		bool last = !next || !next->text || strcmp(next->text, v.first[i].text) != 0;
		distinct += last && !v.first[i].removes;
	}
	if (v.count)
		qsort(v.first, v.count, sizeof *v.first, by_time);
	*out = ratio_of(distinct, 1);
	(void)rule;
	return ST_OK;
}

/* The integral of a running total is a sum over its steps: value × time left in the window. */
static enum st from_time(struct ratio *out, const struct aggregation_rule *rule, struct view v)
{
	struct period w = v.window;
	struct ratio sum = ratio_of(0, 1), length = ratio_of(w.end - w.start, 1), one = ratio_of(ONE, 1);
	for (unsigned i = 0; i < v.count; i++) {
		const struct sample *s = &v.first[i];
		if (!s->numeric)
			continue;
		struct ratio step = ratio_of(s->value, 1), held = ratio_of(w.end - (s->at > w.start ? s->at : w.start), 1);
		ratio_multiply(&step, &held);
		ratio_add(&sum, &step);
	}
	ratio_divide(&sum, &length);
	ratio_divide(&sum, &one);
	*out = sum;
	(void)rule;
	return ST_OK;
}

static const struct kind {
	enum st (*evaluate)(struct ratio *out, const struct aggregation_rule *rule, struct view v);
	bool adds_initial; /* on top; a tally has it among its values already */
} kinds[AGGREGATE__MAX] = {
	[AGGREGATE_SUM] = { from_tally, false },
	[AGGREGATE_COUNT] = { from_tally, true },
	[AGGREGATE_MAX] = { from_tally, false },
	[AGGREGATE_MIN] = { from_tally, false },
	[AGGREGATE_LATEST] = { from_tally, false },
	[AGGREGATE_UNIQUE] = { from_texts, true },
	[AGGREGATE_WEIGHTED_SUM] = { from_time, true },
};

/* ---- windows ---- */

static struct view in_window(const struct aggregation_rule *rule, struct sample *samples, unsigned count,
                             struct period window)
{
	unsigned first = 0, end = count;
	while (!rule->recurring && first < count && samples[first].at < window.start)
		first++;
	while (end > first && samples[end - 1].at >= window.end)
		end--;
	return (struct view){ samples + first, end - first, window };
}

static enum st finish(exact *value, const struct aggregation_rule *rule, struct ratio *result)
{
	wide power;
	int digits = rule->digits < EXACT_DIGITS ? rule->digits : EXACT_DIGITS;
	if (rule->negative_is_zero && ratio_sign(result) < 0)
		*result = ratio_of(0, 1);
	enum st st = ratio_round(value, result, digits, rule->how);
	if (!st)
		st = power_of_ten(&power, (unsigned)(EXACT_DIGITS - digits));
	if (!st && __builtin_mul_overflow(*value, power, value))
		st = ST_RANGE;
	return st;
}

enum st aggregate(exact *value, const struct aggregation_rule *rule, struct sample *samples, unsigned count,
                  struct period window)
{
	if (window.end <= window.start || rule->kind >= AGGREGATE__MAX)
		return ST_INVALID;
	const struct kind *kind = &kinds[rule->kind];
	struct ratio result;
	enum st st = kind->evaluate(&result, rule, in_window(rule, samples, count, window));
	if (st)
		return st;
	if (kind->adds_initial && rule->recurring && rule->has_initial) {
		struct ratio initial = ratio_decimal(rule->initial, EXACT_DIGITS);
		ratio_add(&result, &initial);
	}
	return finish(value, rule, &result);
}

enum st aggregate_next(exact *value, struct period *window, unsigned *next, const struct aggregation_rule *rule,
                       const struct cycle *cycle, struct sample *samples, unsigned count, struct period whole)
{
	unsigned i = *next;
	while (i < count && (samples[i].at < whole.start || !matters(rule->kind, &samples[i])))
		i++;
	if (i == count || samples[i].at >= whole.end)
		return ST_DONE;
	enum st st = period_at(window, cycle, samples[i].at);
	if (st)
		return st;
	struct period cut = *window;
	if (cut.start < whole.start)
		cut.start = whole.start;
	if (cut.end > whole.end)
		cut.end = whole.end;
	unsigned first = i;
	while (i < count && samples[i].at < cut.end)
		i++;
	*next = i;
	return rule->recurring ? aggregate(value, rule, samples, i, cut)
	                       : aggregate(value, rule, samples + first, i - first, cut);
}
