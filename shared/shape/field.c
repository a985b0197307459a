/* Fields: from JSON members to typed values, or a fault that says where and why. */
#include "shape/field.h"

#include <string.h>

/* A member's name behind its parent's pointer, escaped by RFC 6901: ~0 for ~, ~1 for /. */
static void add_name(struct text *pointer, const char *name)
{
	text_addc(pointer, '/');
	for (; *name; name++) {
		if (*name == '~' || *name == '/')
			text_adds(pointer, *name == '~' ? "~0" : "~1");
		else
			text_addc(pointer, *name);
	}
}

/* The pointer of an object, spelled out from the root. */
static void add_pointer(struct text *pointer, const struct fields *f)
{
	if (!f->parent) {
		text_adds(pointer, f->pointer);
	} else {
		add_pointer(pointer, f->parent);
		if (*f->pointer)
			add_name(pointer, f->pointer);
	}
	if (f->item)
		text_addf(pointer, "/%zu", f->item - 1);
}

enum { POINTER_CAP = 4096 };

void field_fault(const struct fields *f, const char *name, const char *cause)
{
	struct text pointer = text_new(f->faults->arena, POINTER_CAP);
	text_adds(&pointer, ""); /* so that it ends in NUL however short */
	add_pointer(&pointer, f);
	if (*name)
		add_name(&pointer, name);
	fault_add(f->faults, pointer.bytes ? pointer.bytes : "", "%s", cause);
}

static const struct json *member(const struct fields *f, const char *name)
{
	const struct json *value = *name ? json_get(f->object, name) : f->object;
	return value && json_kind(value) != JSON_NULL ? value : NULL;
}

const struct json *field_get(const struct fields *f, const char *name, enum need need)
{
	const struct json *value = member(f, name);
	if (!value && need == NEEDED)
		field_fault(f, name, "is needed");
	return value;
}

/* ---- numbers ---- */

/* Why decimal_read() refused with `st`. */
static const char *why(const struct fields *f, const char *text, unsigned digits, enum st st)
{
	if (st == ST_RANGE)
		return "is too large";
	if (!decimal_valid(text, strlen(text)))
		return "is not a decimal number";
	const char *cause = arena_format(f->faults->arena, "has more than %u decimals", digits);
	return cause ? cause : "has too many decimals";
}

static bool is_decimal_kind(const struct json *value)
{
	return json_kind(value) == JSON_NUMBER || json_kind(value) == JSON_STRING;
}

static bool read_wide(wide *out, const struct fields *f, const char *name, unsigned digits, enum need need)
{
	const struct json *value = field_get(f, name, need);
	if (!value)
		return false;
	if (!is_decimal_kind(value)) {
		field_fault(f, name, "must be a number or a decimal string");
		return false;
	}
	wide read;
	const char *text = json_text(value);
	enum st st = decimal_read(&read, text, strlen(text), digits);
	if (st) {
		field_fault(f, name, why(f, text, digits, st));
		return false;
	}
	*out = read;
	return true;
}

void field_wide(wide *out, const struct fields *f, const char *name, unsigned digits, enum need need)
{
	(void)!read_wide(out, f, name, digits, need);
}

void field_self_wide(wide *out, const struct fields *f, unsigned digits)
{
	field_wide(out, f, "", digits, NEEDED);
}

void field_amount(wide *out, const struct fields *f, const char *name, unsigned digits, enum need need)
{
	wide read;
	if (!read_wide(&read, f, name, digits, need))
		return;
	if (read < 0)
		field_fault(f, name, "must not be negative");
	else
		*out = read;
}

void field_qty(qty *out, const struct fields *f, const char *name, enum need need)
{
	wide read = *out;
	field_amount(&read, f, name, QTY_DIGITS, need);
	if (__builtin_add_overflow(read, 0, out)) {
		*out = 0;
		field_fault(f, name, "is too large");
	}
}

void field_int(int64_t *out, const struct fields *f, const char *name, int64_t least, int64_t most, enum need need)
{
	wide read;
	if (!read_wide(&read, f, name, 0, need))
		return;
	if (read >= least && read <= most) {
		*out = (int64_t)read;
		return;
	}
	const char *cause = arena_format(f->faults->arena, "must be from %lld to %lld", (long long)least, (long long)most);
	field_fault(f, name, cause ? cause : "is out of range");
}

/* ---- other kinds ---- */

static const char *read_string(const struct fields *f, const char *name, enum need need)
{
	const struct json *value = field_get(f, name, need);
	if (!value)
		return NULL;
	if (json_kind(value) == JSON_STRING)
		return json_text(value);
	field_fault(f, name, "must be a string");
	return NULL;
}

void field_string(const char **out, const struct fields *f, const char *name, enum need need)
{
	const char *text = read_string(f, name, need);
	if (text)
		*out = text;
}

bool field_instant(instant *out, const struct fields *f, const char *name, enum need need)
{
	const char *text = read_string(f, name, need);
	if (!text)
		return false;
	if (instant_read(out, text, strlen(text)) == ST_OK)
		return true;
	field_fault(f, name, "is not an instant in RFC 3339 with at most microseconds");
	return false;
}

void field_bool(bool *out, const struct fields *f, const char *name)
{
	const struct json *value = member(f, name);
	if (value && json_kind(value) != JSON_BOOL)
		field_fault(f, name, "must be true or false");
	else if (value)
		*out = json_true(value);
}

void field_choice(unsigned *out, const struct fields *f, const char *name, const char *const *names, unsigned count,
                  enum need need)
{
	const char *text = read_string(f, name, need);
	if (!text)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(names[i], text) == 0) {
			*out = i;
			return;
		}
	}
	field_fault(f, name, "is not one of the known names");
}

/* ---- structure ---- */

const struct json *field_array(size_t *count, const struct fields *f, const char *name, enum need need)
{
	const struct json *value = field_get(f, name, need);
	*count = 0;
	if (!value)
		return NULL;
	if (json_kind(value) != JSON_ARRAY) {
		field_fault(f, name, "must be an array");
		return NULL;
	}
	*count = json_count(value);
	return json_first(value);
}

struct fields field_object(const struct fields *f, const char *name)
{
	const struct json *value = field_get(f, name, NEEDED);
	if (value && json_kind(value) != JSON_OBJECT)
		field_fault(f, name, "must be an object");
	return (struct fields){ .object = value, .faults = f->faults, .pointer = name, .parent = f };
}

struct fields field_item(const struct fields *f, const char *name, size_t index, const struct json *item)
{
	return (struct fields){ .object = item, .faults = f->faults, .pointer = name, .parent = f, .item = index + 1 };
}

/* ---- members that nobody reads: a misspelt name must not pass for a default ---- */

static bool among(const char *names, const char *name)
{
	const size_t size = strlen(name);
	for (const char *p = names; *p;) {
		size_t n = strcspn(p, " ");
		if (n == size && !memcmp(p, name, n))
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

void field_only(const struct fields *f, const char *names)
{
	if (!f->object || json_kind(f->object) != JSON_OBJECT) {
		field_fault(f, "", "must be an object");
		return;
	}
	for (const struct json *m = json_first(f->object); m; m = json_next(m))
		if (!among(names, json_name(m)))
			field_fault(f, json_name(m), "is not a known member here");
}
