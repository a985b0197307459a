/* Typed parameters. */
#include "wire/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "exact/zone.h"

enum { TEXT_MAX = 255, OBJECT_MAX = 4096 };

const char *param_type_name(enum param_type type)
{
	static const char *const names[P__MAX] = {
		[P_TEXT] = "text", [P_KEY] = "1 to 255 visible characters", [P_QUANTITY] = "a decimal of at most 6 decimals",
		[P_INSTANT] = "an RFC 3339 time or a date", [P_END] = "an RFC 3339 time or a date (its end)",
		[P_INT] = "a whole number", [P_BOOL] = "true or false", [P_OBJECT] = "an object", [P_CHOICE] = "one of a list",
		[P_ID] = "an id", [P_LINES] = "lines of text", [P_EMAIL] = "an e-mail address",
		[P_CURRENCY] = "an ISO 4217 code", [P_COUNTRY] = "an ISO 3166-1 code", [P_DECIMAL] = "a decimal",
		[P_LIST] = "a list", [P_CUSTOM] = "an object of values",
	};
	return names[type];
}

/* ---- one text by its type ---- */

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static enum st read_text(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	const struct param *p = arg->param;
	size_t count = utf8_count(text), least = p->min ? (size_t)p->min : 1, most = p->max ? (size_t)p->max : TEXT_MAX;
	if (count < least || count > most)
		return fault_add(rq->faults, at, "must have %zu to %zu characters", least, most);
	if (has_control(text))
		return fault_add(rq->faults, at, "must not hold control characters");
	arg->text = text;
	return ST_OK;
}

static enum st read_key(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	size_t size = strlen(text);
	for (const char *s = text; *s; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f)
			return fault_add(rq->faults, at, "must be visible ASCII characters");
	if (size < 1 || size > 255)
		return fault_add(rq->faults, at, "must have 1 to 255 characters");
	arg->text = text;
	return ST_OK;
}

static enum st read_quantity(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	qty q;
	switch (qty_read(&q, text, strlen(text))) {
	case ST_OK:
		arg->number = q;
		return ST_OK;
	case ST_RANGE:
		return fault_add(rq->faults, at, "is too large: at most 9223372036854.775807");
	default:
		return fault_add(rq->faults, at, "must be a decimal with at most 6 digits after the point");
	}
}

/* A date is a day of the tenant's zone; the last of all ends with the years. */
static enum st read_date(struct arg *arg, struct request *rq, wall date, const char *at)
{
	const char *zone = rq->account ? rq->account->timezone : NULL;
	const bool end = arg->param->type == P_END;
	enum st st = zone_instant(&arg->number, zone, end ? date + DAY : date);
	if (st == ST_RANGE && end && date > 0) {
		arg->number = INSTANT_END;
		st = ST_OK;
	}
	return st ? fault_add(rq->faults, at, "must lie in the years 1 to 9999") : ST_OK;
}

static enum st read_instant(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	instant date;
	if (!instant_read_date(&date, text, strlen(text)))
		return read_date(arg, rq, date, at);
	if (!instant_read(&arg->number, text, strlen(text)))
		return ST_OK;
	return fault_add(rq->faults, at, "must be a time like 2026-01-15T16:45:00Z or a date like 2026-01-15");
}

static enum st read_int(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	const struct param *p = arg->param;
	char *end;
	size_t size = strlen(text);
	long long n = strtoll(text, &end, 10);
	if (!size || size > 18 || *end || !((*text >= '0' && *text <= '9') || *text == '-') || n < p->min || n > p->max)
		return fault_add(rq->faults, at, "must be a whole number from %lld to %lld", (long long)p->min, (long long)p->max);
	arg->number = n;
	return ST_OK;
}

static enum st read_bool(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	if (strcmp(text, "true") && strcmp(text, "false"))
		return fault_add(rq->faults, at, "must be true or false");
	arg->number = *text == 't';
	return ST_OK;
}

static enum st read_choice(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	size_t size = strlen(text);
	for (const char *c = arg->param->choices; size && *c;) {
		size_t n = strcspn(c, " ");
		if (n == size && !memcmp(c, text, n)) {
			arg->text = text;
			arg->number = strtoll(text, NULL, 10); /* of choices that are numbers */
			return ST_OK;
		}
		c += n + strspn(c + n, " ");
	}
	return fault_add(rq->faults, at, "must be one of: %s", arg->param->choices);
}

static enum st read_no_text(struct arg *arg, struct request *rq, const char *text, const char *at)
{
	(void)arg, (void)text;
	return fault_add(rq->faults, at, "must be an object");
}

static enum st (*const readers[P__MAX])(struct arg *, struct request *, const char *, const char *) = {
	[P_TEXT] = read_text, [P_KEY] = read_key, [P_QUANTITY] = read_quantity, [P_INSTANT] = read_instant,
	[P_END] = read_instant, [P_INT] = read_int, [P_BOOL] = read_bool, [P_OBJECT] = read_no_text, [P_CHOICE] = read_choice,
};

/* ---- JSON values ---- */

static enum st read_object(struct arg *arg, struct request *rq, const struct json *value, const char *at)
{
	size_t most = arg->param->max ? (size_t)arg->param->max : OBJECT_MAX;
	struct text t = text_new(rq->arena, most + 1);
	struct jwriter w = jw_new(&t);
	jw_value(&w, NULL, value);
	if (t.failed || t.size > most)
		return fault_add(rq->faults, at, "must be at most %zu bytes of JSON", most);
	arg->value = value;
	arg->text = t.bytes;
	return ST_OK;
}

/* Which kinds of JSON value a type may come as. */
static bool kind_fits(enum param_type type, enum json_kind kind)
{
	switch (type) {
	case P_QUANTITY: return kind == JSON_NUMBER || kind == JSON_STRING;
	case P_INT: return kind == JSON_NUMBER;
	case P_BOOL: return kind == JSON_BOOL;
	case P_OBJECT: return kind == JSON_OBJECT;
	default: return kind == JSON_STRING;
	}
}

enum st param_value(struct arg *arg, struct request *rq, const struct param *param, const struct json *value, const char *at)
{
	*arg = (struct arg){ .param = param };
	enum json_kind kind = json_kind(value);
	if (!kind_fits(param->type, kind))
		return fault_add(rq->faults, at, "must be %s, not %s",
		                 param->type == P_TEXT || param->type == P_CHOICE ? "a string" : param_type_name(param->type),
		                 json_kind_name(value));
	if (kind == JSON_OBJECT)
		return read_object(arg, rq, value, at);
	const char *text = kind == JSON_BOOL ? (json_true(value) ? "true" : "false") : json_text(value);
	return readers[param->type](arg, rq, text, at);
}

/* ---- whole declarations ---- */

const struct param list_query[] = {
	{ "limit", P_INT, OPTIONAL, "how many at most; 25 if absent", 1, 100 },
	{ "after", P_TEXT, OPTIONAL, "the `next` of the answer before", 1, 4096 },
	{ "q", P_TEXT, OPTIONAL, "a part of a name, code or the like, in any case, with or without accents", 1, 200 },
	{ "sort", P_TEXT, OPTIONAL, "a member to sort by; with - before it, down. The newest first if absent", 1, 64 },
	{ 0 },
};

static const struct param *find(const struct param *declared, const char *name)
{
	for (const struct param *p = declared; p && p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

static struct arg *arg_of(const struct request *rq, const char *name)
{
	for (unsigned i = 0; i < rq->arg_count; i++)
		if (!strcmp(rq->args[i].param->name, name))
			return (struct arg *)&rq->args[i];
	return NULL;
}

static enum st keep(struct request *rq, const struct arg *arg)
{
	if (rq->arg_count == ARGS_CAP) /* none is kept twice, and no more are declared (infra/routes/check.c) */
		return ST_STORE;
	rq->args[rq->arg_count++] = *arg;
	return ST_OK;
}

static enum st check_required(struct request *rq, const struct param *declared, const char *prefix)
{
	char at[80];
	for (const struct param *p = declared; p && p->name; p++) {
		if (p->presence != REQUIRED || arg_of(rq, p->name))
			continue;
		bool named = false;
		snprintf(at, sizeof at, "%s%s", prefix, p->name);
		for (unsigned i = 0; i < rq->faults->count; i++)
			named = named || !strcmp(rq->faults->item[i].pointer, at);
		if (!named)
			fault_add(rq->faults, at, "is required: %s", p->doc);
	}
	return rq->faults->count ? ST_INVALID : ST_OK;
}

bool percent_decode(char *text, bool plus_is_space)
{
	char *to = text;
	for (const char *from = text; *from; from++) {
		unsigned byte;
		if (*from == '+' && plus_is_space) {
			*to++ = ' ';
		} else if (*from != '%') {
			*to++ = *from;
		} else {
			char hex[3] = { from[1], from[1] ? from[2] : '\0', '\0' };
			if (strspn(hex, "0123456789abcdefABCDEF") != 2)
				return false;
			byte = (unsigned)strtoul(hex, NULL, 16);
			if (!byte)
				return false;
			*to++ = (char)byte;
			from += 2;
		}
	}
	*to = '\0';
	return true;
}

static enum st query_pair(struct request *rq, const struct param *declared, const struct param *more, char *pair)
{
	struct arg arg = { 0 };
	char *value = strchr(pair, '=');
	if (value)
		*value++ = '\0';
	else
		value = pair + strlen(pair);
	if (!percent_decode(pair, true) || !utf8_valid(pair))
		return fault_add(rq->faults, "", "the query string holds a name with a bad %%-escape");
	if (!percent_decode(value, true) || !utf8_valid(value))
		return fault_add(rq->faults, pair, "holds a bad %%-escape");
	arg.param = find(declared, pair);
	if (!arg.param)
		arg.param = find(more, pair);
	if (!arg.param)
		return fault_add(rq->faults, pair, "is not a parameter of this address");
	if (arg_of(rq, pair))
		return fault_add(rq->faults, pair, "stands twice");
	enum st st = readers[arg.param->type](&arg, rq, value, pair);
	return st ? st : keep(rq, &arg);
}

enum st params_query(struct request *rq, const struct param *declared, const struct param *more, const char *query)
{
	char *rest = query && *query ? arena_copy(rq->arena, query, strlen(query)) : NULL;
	for (char *pair; rest && (pair = strsep(&rest, "&"));) {
		enum st st = *pair ? query_pair(rq, declared, more, pair) : ST_OK;
		if (st == ST_MEMORY)
			return st;
	}
	return check_required(rq, declared, "");
}

/* RFC 6901: ~0 for ~, ~1 for /. What does not fit is cut: no declared name is that long. */
static void member_pointer(char *out, size_t room, const char *name)
{
	char *end = out + room - 3;
	for (*out++ = '/'; *name && out < end; name++) {
		if (*name == '~' || *name == '/') {
			*out++ = '~';
			*out++ = *name == '~' ? '0' : '1';
		} else {
			*out++ = *name;
		}
	}
	*out = '\0';
}

enum st params_body(struct request *rq, const struct param *declared, const struct json *object)
{
	char at[80];
	if (json_kind(object) != JSON_OBJECT)
		return fault_add(rq->faults, "", "the body must be an object, not %s", json_kind_name(object));
	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		struct arg arg;
		const struct param *p = find(declared, json_name(m));
		member_pointer(at, sizeof at, json_name(m));
		if (!p)
			fault_add(rq->faults, at, "is not a field of this request");
		else if (json_kind(m) == JSON_NULL && p->presence == OPTIONAL)
			continue; /* as good as absent */
		else if (!param_value(&arg, rq, p, m, at) && keep(rq, &arg))
			return ST_MEMORY;
	}
	return check_required(rq, declared, "/");
}

/* ---- what handlers ask ---- */

bool rq_has(const struct request *rq, const char *name)
{
	return arg_of(rq, name);
}

const char *rq_text(const struct request *rq, const char *name)
{
	const struct arg *a = arg_of(rq, name);
	return a ? a->text : NULL;
}

int64_t rq_int(const struct request *rq, const char *name, int64_t absent)
{
	const struct arg *a = arg_of(rq, name);
	return a ? a->number : absent;
}

bool rq_bool(const struct request *rq, const char *name)
{
	return rq_int(rq, name, 0);
}

qty rq_qty(const struct request *rq, const char *name, qty absent)
{
	return rq_int(rq, name, absent);
}

instant rq_instant(const struct request *rq, const char *name, instant absent)
{
	return rq_int(rq, name, absent);
}

const struct json *rq_object(const struct request *rq, const char *name)
{
	const struct arg *a = arg_of(rq, name);
	return a ? a->value : NULL;
}
