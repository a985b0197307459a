/* Fields: typed reads of a JSON object's members, each fault noted at its pointer.
 *
 * A read that fails notes a fault and leaves its output as it was, so a caller reads
 * everything and looks at faults->count once. An absent or null member is a fault if it
 * is NEEDED; else the output keeps the default it was given. */
#ifndef SHAPE_FIELD_H
#define SHAPE_FIELD_H

#include "exact/instant.h"
#include "base/json.h"
#include "exact/money.h"

enum need { DEFAULTED, NEEDED };

struct fields {
	const struct json *object;
	struct faults *faults; /* in its arena, pointers are made, once there is a fault */
	const char *pointer;   /* of the object: "" or "/price"; with a parent, the member's name in it */
	const struct fields *parent; /* must live as long; NULL at the root */
	size_t item;           /* of an array, from 1; 0 if the member itself is meant */
};

/** Note a fault at a member. */
void field_fault(const struct fields *f, const char *name, const char *cause);

/** Note a fault for each member that is not among `names` (parted by spaces), and for anything but an object. */
void field_only(const struct fields *f, const char *names);

/** The member, or NULL if it is absent or null (a fault if NEEDED). */
const struct json *field_get(const struct fields *f, const char *name, enum need need);

/** A decimal, as a number or in a string, in 10^-digits. */
void field_wide(wide *out, const struct fields *f, const char *name, unsigned digits, enum need need);

/** The same, and >= 0. */
void field_amount(wide *out, const struct fields *f, const char *name, unsigned digits, enum need need);

/** A quantity >= 0, at most 6 decimals. */
void field_qty(qty *out, const struct fields *f, const char *name, enum need need);

/** A whole number from `least` to `most`. */
void field_int(int64_t *out, const struct fields *f, const char *name, int64_t least, int64_t most, enum need need);

/** An RFC 3339 instant. Returns: whether there was one. */
bool field_instant(instant *out, const struct fields *f, const char *name, enum need need);

/** true or false. */
void field_bool(bool *out, const struct fields *f, const char *name);

/** A string. */
void field_string(const char **out, const struct fields *f, const char *name, enum need need);

/** One of `count` names, as its index. */
void field_choice(unsigned *out, const struct fields *f, const char *name, const char *const *names,
                  unsigned count, enum need need);

/** An array's first item, and how many there are; NULL and 0 if there is none. */
const struct json *field_array(size_t *count, const struct fields *f, const char *name, enum need need);

/** The fields of a member that is an object; of an empty one if it is not. */
struct fields field_object(const struct fields *f, const char *name);

/** The fields of an array's item, which may be any value. */
struct fields field_item(const struct fields *f, const char *name, size_t index, const struct json *item);

/** A decimal that stands by itself (an array's item): as field_wide(), at f->pointer. */
void field_self_wide(wide *out, const struct fields *f, unsigned digits);

#endif
