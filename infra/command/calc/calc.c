/* pennymeter calc KIND: reads lines, hands each to its kind, writes the answers. */
#include "calc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exact/zone.h"
#include "kind.h"

enum { LINE_CAP = 16 << 20, ARENA_CAP = 1 << 29, READ_SIZE = 1 << 16 };

/* ---- what kinds share ---- */

const char *const calc_units[] = { "minute", "hour", "day", "week", "month", "quarter", "year" };
const char *const calc_roundings[] = { "half_away", "half_even", "up", "down" };

bool calc_refused(const struct calc *c)
{
	return c->in.faults->count != 0;
}

enum st calc_fail(struct calc *c, const char *field, enum st st)
{
	field_fault(&c->in, field,
	            st == ST_RANGE    ? "the result does not fit"
	            : st == ST_MEMORY ? "too much memory is needed"
	                              : "has no answer with the other fields");
	return st;
}

bool calc_digits(int *digits, const struct calc *c)
{
	const char *code = NULL;
	int64_t read = *digits;
	field_string(&code, &c->in, "currency", DEFAULTED);
	if (code) {
		const struct currency *currency = currency_find(code);
		read = currency ? (int)currency->digits : 2;
	}
	field_int(&read, &c->in, "digits", -38, 38, DEFAULTED);
	*digits = (int)read;
	return code || field_get(&c->in, "digits", DEFAULTED);
}

const char *calc_zone(const struct calc *c)
{
	const char *zone = NULL;
	field_string(&zone, &c->in, "timezone", DEFAULTED);
	if (!zone || zone_check(zone) == ST_OK)
		return zone;
	field_fault(&c->in, "timezone", "is not a zone of the system's database");
	return NULL;
}

enum st calc_write(struct calc *c, const char *name, wide value, int digits)
{
	char out[DECIMAL_ROOM];
	wide power;
	if (digits < 0) {
		enum st st = power_of_ten(&power, (unsigned)-digits);
		if (st || __builtin_mul_overflow(value, power, &value))
			return ST_RANGE;
		digits = 0;
	}
	decimal_print(out, value, (unsigned)digits, 0);
	jw_string(c->w, name, out);
	return ST_OK;
}

void calc_write_instant(struct calc *c, const char *name, instant value)
{
	char out[INSTANT_ROOM];
	jw_string(c->w, name, instant_print(out, value));
}

/* ---- a line ---- */

static void write_id(struct jwriter *w, const struct json *root)
{
	const struct json *id = json_get(root, "id");
	if (id)
		jw_value(w, "id", id);
	else
		jw_null(w, "id");
}

/* The first fault as "field price/unit_amount: cause"; of the line itself only the cause. */
static void write_error(struct jwriter *w, struct arena *arena, const struct faults *faults)
{
	const struct fault *first = faults->count ? &faults->item[0] : &(struct fault){ "", "too much memory is needed" };
	const char *message = first->detail;
	if (*first->pointer)
		message = arena_format(arena, "field %s: %s", first->pointer + (*first->pointer == '/'), first->detail);
	jw_string(w, "error", message ? message : first->detail);
}

/* Answer one line. Returns: whether it was not refused. */
static bool answer(struct arena *arena, calc_kind *run, const char *line, size_t size)
{
	struct text text = text_new(arena, ARENA_CAP / 4);
	struct jwriter w = jw_new(&text);
	struct faults faults = { .arena = arena };
	const struct json *root = NULL;
	enum st st = json_parse(&root, &faults, arena, line, size);
	if (!st && json_kind(root) != JSON_OBJECT)
		st = fault_add(&faults, "", "a line must be a JSON object");
	jw_object(&w, NULL);
	write_id(&w, st ? NULL : root);
	if (!st) {
		struct calc c = { { .object = root, .faults = &faults, .pointer = "" }, arena, &w };
		st = run(&c);
	}
	if (st || text.failed) {
		text_clear(&text);
		w = jw_new(&text);
		jw_object(&w, NULL);
		write_id(&w, root);
		write_error(&w, arena, &faults);
		st = ST_INVALID;
	}
	jw_end(&w);
	text_addc(&text, '\n');
	fwrite(text.bytes, 1, text.size, stdout);
	return st == ST_OK;
}

/* ---- the stream ---- */

struct input {
	char *bytes;
	size_t at, size, room;
	bool ended;
};

/* More bytes behind those not answered yet; what was answered makes room. Answers are
 * flushed first: the reader may be waiting for them before it writes on. */
static bool refill(struct input *in)
{
	fflush(stdout);
	memmove(in->bytes, in->bytes + in->at, in->size - in->at);
	in->size -= in->at;
	in->at = 0;
	if (in->room - in->size < READ_SIZE) {
		char *bytes = realloc(in->bytes, in->room * 2);
		if (!bytes)
			return false;
		in->bytes = bytes;
		in->room *= 2;
	}
	ssize_t n = read(STDIN_FILENO, in->bytes + in->size, in->room - in->size);
	if (n <= 0)
		in->ended = true;
	else
		in->size += (size_t)n;
	return n >= 0;
}

/* The next line without its end; ST_DONE behind the last, ST_TOO_LARGE past the cap. */
static enum st next_line(struct input *in, const char **line, size_t *size)
{
	size_t scanned = 0;
	for (;;) {
		const char *from = in->bytes + in->at;
		const char *end = memchr(from + scanned, '\n', in->size - in->at - scanned);
		if (end || (in->ended && in->at < in->size)) {
			*line = from;
			*size = end ? (size_t)(end - from) : in->size - in->at;
			in->at += *size + (end != NULL);
			return ST_OK;
		}
		if (in->ended)
			return ST_DONE;
		scanned = in->size - in->at;
		if (scanned > LINE_CAP)
			return ST_TOO_LARGE;
		if (!refill(in))
			return ST_IO;
	}
}

static bool is_blank(const char *line, size_t size)
{
	while (size && strchr(" \t\r", line[size - 1]))
		size--;
	return size == 0;
}

int calc_filter(calc_kind *run)
{
	struct arena *arena = NULL;
	struct input in = { .bytes = malloc(2 * READ_SIZE), .room = 2 * READ_SIZE };
	const char *line;
	size_t size;
	bool all = true;
	setvbuf(stdout, NULL, _IOFBF, READ_SIZE);
	enum st st = in.bytes ? arena_open(&arena, ARENA_CAP) : ST_MEMORY;
	while (!st && !(st = next_line(&in, &line, &size))) {
		if (is_blank(line, size))
			continue;
		all &= answer(arena, run, line, size);
		arena_reset(arena);
	}
	if (st != ST_DONE)
		fprintf(stderr, "pennymeter calc: %s\n", st == ST_TOO_LARGE ? "a line of more than 16 MiB" : st_name(st));
	arena_close(arena);
	free(in.bytes);
	return fflush(stdout) == 0 && st == ST_DONE && all ? 0 : 1;
}
