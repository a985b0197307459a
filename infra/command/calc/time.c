/* pennymeter calc periods, proration. */
#include "kind.h"
#include "rate/proration.h"

enum { STARTS_CAP = 10000, DIGITS_MOST = 18 };

/* ---- periods ---- */

struct periods_case {
	struct cycle cycle;
	instant at, started, ended;
	bool has_anchor, has_at, has_started, has_ended, previous;
	int64_t count; /* of starts asked for; 0: a period is */
};

static void read_interval(struct cycle *cycle, struct calc *c)
{
	unsigned unit = UNIT_MONTH;
	int64_t count = 1;
	struct fields f = field_object(&c->in, "interval");
	field_choice(&unit, &f, "unit", calc_units, UNIT__MAX, NEEDED);
	field_int(&count, &f, "count", 1, PERIOD_COUNT_CAP, DEFAULTED);
	cycle->unit = (enum period_unit)unit;
	cycle->count = (unsigned)count;
}

static void read_periods(struct periods_case *p, struct calc *c)
{
	static const char *const modes[] = { "anniversary", "calendar" }, *const whiches[] = { "current", "previous" };
	unsigned mode = PERIOD_ANNIVERSARY, which = 0;
	const struct fields *f = &c->in;
	field_choice(&mode, f, "mode", modes, 2, DEFAULTED);
	field_choice(&which, f, "which", whiches, 2, DEFAULTED);
	p->cycle.mode = (enum period_mode)mode;
	p->previous = which == 1;
	read_interval(&p->cycle, c);
	p->cycle.zone = calc_zone(c);
	field_bool(&p->cycle.day_granular, f, "day_granular");
	field_int(&p->count, f, "count", 1, STARTS_CAP, DEFAULTED);
	p->has_anchor = field_instant(&p->cycle.anchor, f, "anchor", mode == PERIOD_ANNIVERSARY ? NEEDED : DEFAULTED);
	p->has_at = field_instant(&p->at, f, "at", p->count && p->has_anchor ? DEFAULTED : NEEDED);
	p->has_started = field_instant(&p->started, f, "started_at", DEFAULTED);
	p->has_ended = field_instant(&p->ended, f, "ended_at", DEFAULTED);
}

/* An anniversary's first boundary is its anchor's, even where a day's grain puts it before. */
static enum st first_start(instant *start, const struct periods_case *p)
{
	struct period first;
	if (p->has_at || p->cycle.mode == PERIOD_CALENDAR)
		return period_next_start(start, &p->cycle, p->has_at ? p->at : p->cycle.anchor);
	enum st st = period_at(&first, &p->cycle, p->cycle.anchor);
	*start = first.start;
	return st;
}

static enum st write_starts(struct calc *c, const struct periods_case *p)
{
	struct period period;
	enum st st = first_start(&period.end, p);
	jw_array(c->w, "expect_starts");
	for (int64_t i = 0; i < p->count && !st; i++) {
		calc_write_instant(c, NULL, period.end);
		if (i + 1 < p->count)
			st = period_at(&period, &p->cycle, period.end);
	}
	jw_end(c->w);
	return st ? calc_fail(c, "count", st) : ST_OK;
}

static enum st write_one_period(struct calc *c, const struct periods_case *p)
{
	struct period period;
	int64_t days = 0, elapsed = 0;
	const bool counts = p->has_started || p->has_anchor;
	enum st st = (p->previous ? period_before : period_at)(&period, &p->cycle, p->at);
	if (!st)
		st = period_days(&days, p->cycle.zone, period);
	if (!st)
		st = period_cut(&period, &p->cycle, p->has_started ? &p->started : NULL, p->has_ended ? &p->ended : NULL);
	if (!st && counts)
		st = period_elapsed(&elapsed, &p->cycle, p->has_started ? p->started : p->cycle.anchor, p->at);
	if (st)
		return calc_fail(c, "at", st);
	jw_object(c->w, "expect");
	calc_write_instant(c, "start", period.start);
	calc_write_instant(c, "end", period.end);
	jw_int(c->w, "days", days);
	if (counts)
		jw_int(c->w, "elapsed", elapsed);
	jw_end(c->w);
	return ST_OK;
}

enum st calc_periods(struct calc *c)
{
	struct periods_case p = { 0 };
	read_periods(&p, c);
	if (calc_refused(c))
		return ST_INVALID;
	return p.count ? write_starts(c, &p) : write_one_period(c, &p);
}

/* ---- proration ---- */

struct proration_case {
	struct proration rule;
	struct period period, span;
	exact amount, billed; /* billed: `amount` is a minimum */
	bool has_amount, has_billed;
	int64_t digits, fraction_digits; /* of the amount; of the fraction, -1 if it is not asked for */
};

static void read_rule(struct proration *rule, struct calc *c)
{
	static const char *const modes[] = { "second", "day", "fixed_month_days" }, *const edges[] = { "floor", "ceil" };
	unsigned mode = PRORATION_SECOND, from = DAY_FLOOR, to = DAY_FLOOR;
	int64_t fixed = 0;
	field_choice(&mode, &c->in, "mode", modes, PRORATION__MAX, NEEDED);
	field_choice(&from, &c->in, "from_day", edges, 2, DEFAULTED);
	field_choice(&to, &c->in, "to_day", edges, 2, DEFAULTED);
	field_int(&fixed, &c->in, "fixed_days", 1, 1000, mode == PRORATION_FIXED_MONTH_DAYS ? NEEDED : DEFAULTED);
	*rule = (struct proration){ (enum proration_mode)mode, calc_zone(c), (enum day_edge)from, (enum day_edge)to,
		                    (unsigned)fixed };
}

static void read_proration(struct proration_case *p, struct calc *c)
{
	read_rule(&p->rule, c);
	struct fields period = field_object(&c->in, "period");
	field_instant(&p->period.start, &period, "start", NEEDED);
	field_instant(&p->period.end, &period, "end", NEEDED);
	field_instant(&p->span.start, &c->in, "from", NEEDED);
	field_instant(&p->span.end, &c->in, "to", NEEDED);
	p->has_amount = field_get(&c->in, "amount", DEFAULTED);
	p->has_billed = field_get(&c->in, "billed_amount", DEFAULTED);
	field_wide(&p->amount, &c->in, "amount", EXACT_DIGITS, p->has_billed ? NEEDED : DEFAULTED);
	field_wide(&p->billed, &c->in, "billed_amount", EXACT_DIGITS, DEFAULTED);
	field_int(&p->digits, &c->in, "round", -DIGITS_MOST, DIGITS_MOST, DEFAULTED);
	field_int(&p->fraction_digits, &c->in, "fraction_digits", 0, DIGITS_MOST, DEFAULTED);
}

static enum st write_proration(struct calc *c, const struct proration_case *p, const struct fraction *fraction)
{
	wide value;
	enum st st = ST_OK;
	const char *text = arena_format(c->arena, "%lld/%lld", (long long)fraction->part, (long long)fraction->whole);
	jw_object(c->w, "expect");
	jw_string(c->w, "fraction", text);
	jw_int(c->w, "days", fraction->days);
	if (p->fraction_digits >= 0) {
		st = proration_amount(&value, 1000000000000000000, fraction, (int)p->fraction_digits, ROUND_HALF_AWAY);
		if (!st)
			st = calc_write(c, "fraction_rounded", value, (int)p->fraction_digits);
	}
	if (!st && p->has_amount) {
		st = proration_amount(&value, p->amount, fraction, (int)p->digits, ROUND_HALF_AWAY);
		if (!st)
			st = calc_write(c, "amount", value, (int)p->digits);
	}
	if (!st && p->has_billed) {
		st = proration_true_up(&value, p->amount, p->billed, fraction, (int)p->digits, ROUND_HALF_AWAY);
		if (!st)
			st = calc_write(c, "true_up", value, (int)p->digits);
	}
	jw_end(c->w);
	return st ? calc_fail(c, "amount", st) : ST_OK;
}

enum st calc_proration(struct calc *c)
{
	struct proration_case p = { .digits = DIGITS_MOST, .fraction_digits = -1 };
	struct fraction fraction;
	read_proration(&p, c);
	if (calc_refused(c))
		return ST_INVALID;
	enum st st = proration_fraction(&fraction, &p.rule, p.period, p.span);
	if (!st)
		return write_proration(c, &p, &fraction);
	field_fault(&c->in, "period", "is empty");
	return st;
}
