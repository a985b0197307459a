/* Shapes: one row tells a request's body, a table's column, an answer, a CSV column and OpenAPI what a member is.
 *
 * An object is a plain struct that its shape's rows point into. Texts of every kind are `const char *`, NULL where
 * there is
 * none; numbers, instants and booleans are int64_t, ABSENT where there is none. Lists and custom objects are kept as
 * canonical
 * JSON text, in the struct and in one column, and are read again by shape_items() where their inside is wanted. */
#ifndef SHAPE_SHAPE_H
#define SHAPE_SHAPE_H

#include <stddef.h>

#include "base/flat.h"
#include "base/json.h"
#include "store/store.h"

enum param_type {
	P_TEXT = 1, /* a string of min to max characters (default 1 to 255) in one line: no control characters */
	P_KEY,      /* 1 to 255 visible ASCII characters */
	P_QUANTITY, /* a number or decimal string of at most 6 decimals: rq_qty() */
	P_INSTANT,  /* RFC 3339, or a date: that day's first instant in the tenant's zone */
	P_END,      /* RFC 3339, or a date: the end of that day there */
	P_INT,      /* a whole number from min to max */
	P_BOOL,
	P_OBJECT,   /* a JSON object of at most max bytes */
	P_CHOICE,   /* one of `choices` */
	/* of shapes alone */
	P_ID,       /* 1 to 2^53 */
	P_LINES,    /* text that may hold line feeds */
	P_EMAIL,    /* one ASCII address of at most 254 bytes */
	P_CURRENCY, /* ISO 4217 */
	P_COUNTRY,  /* ISO 3166-1, two letters */
	P_DECIMAL,  /* from min to max, with at most `digits` decimals; kept as its shortest text */
	P_LIST,     /* min to max of what `of` tells */
	P_CUSTOM,   /* an object of at most max members: texts, numbers, true, false */
	P__MAX
};

enum presence { OPTIONAL, REQUIRED, GIVEN }; /* GIVEN: computed, only in answers */

/** Which columns of an imported table stand for a list's items, beside the list's own. */
enum spread {
	SPREAD_NOT,
	SPREAD_FIRST,   /* the members of its first item, by their names */
	SPREAD_CHOICES  /* its items are a choice and a value: for each choice, by its name, the value */
};

/** What is told of some member, or of an item of a list: of its texts' form the type tells, of more than that
 * `check`. */
struct param {
	const char *name; /* NULL ends a shape; "": the items of a list are no objects, but each of this type */
	enum param_type type;
	enum presence presence;
	const char *doc;
	int64_t min, max;
	const char *choices;    /* parted by spaces */
	const struct param *of; /* of P_LIST: what is inside */
	size_t at;              /* AT(struct customer, email) */
	unsigned digits;        /* of P_DECIMAL */
	bool searched;          /* a list's `q` looks into it */
	bool imported;          /* GIVEN, but a table that is imported may say it */
	enum spread spread;     /* of P_LIST */
	/** Note what is wrong with an item of a list that has the right shape. */
	void (*check)(const void *item, const char *pointer, struct faults *faults);
};

#define AT(object, member) .at = offsetof(object, member)
#define ABSENT INT64_MIN
#define ID_MAX ((int64_t)1 << 53)

enum shape_how {
	MAKING,  /* absent and null members keep what the object has: nothing, or a default */
	PATCHING /* RFC 7396: an absent one keeps it, null clears it, custom members merge, lists are whole */
};

/** Read a JSON object into a struct. Each fault is noted at its RFC 6901 pointer: a member that is unknown, computed,
 *  of another type or form, too long or short, or missing.
 *  Returns: ST_OK; ST_INVALID with faults; ST_MEMORY.
 *  In/Out: object  zeroed, or as it was; ABSENT numbers are set by shape_clear()
 *  In:     json    may be of any kind. beside  a name that may stand in it and is somebody else's; NULL: none */
enum st shape_read(void *object, const struct param *shape, const struct json *json, enum shape_how how,
                   const char *beside, struct faults *faults, struct arena *arena) MUST_USE;

/** Note what is required and absent. Returns: ST_OK; ST_INVALID. In: pointer  of the object, "" at the root */
enum st shape_required(const void *object, const struct param *shape, const char *pointer,
                       struct faults *faults) MUST_USE;

/** No member has a value. */
void shape_clear(void *object, const struct param *shape);

/** How many rows a shape has; the row of a name, NULL if it has none; the bytes that its object takes. */
unsigned shape_count(const struct param *shape);
const struct param *shape_find(const struct param *shape, const char *name);
size_t shape_size(const struct param *shape);

/** A number of an object; its text. */
int64_t *shape_number(const struct param *row, void *object);
const char **shape_text(const struct param *row, void *object);

/** The items of a list that an object keeps, each as a struct of the list's shape, or as a text or number.
 *  Returns: ST_OK; ST_STORE: what was kept is no such list; ST_MEMORY.
 *  Out: items  `count` structs of shape_size(row->of) bytes */
enum st shape_items(void *items, unsigned *count, const struct param *row, const char *kept,
                    struct arena *arena) MUST_USE;

/** From a row of the store: a column a row of the shape, from `column` on. Strings are copied.
 *  Returns: ST_OK; ST_MEMORY. */
enum st shape_row(void *object, const struct param *shape, const struct rows *rows, unsigned column,
                  struct arena *arena) MUST_USE;

/** To a row: a value for each row of the shape. Returns: how many. Texts live as long as the object. */
unsigned shape_vals(struct val *vals, const struct param *shape, const void *object);

/** The same as flat bytes, for another process, and back: texts then point into them.
 *  Out: reader  failed, if they are no such object's */
void shape_pack(struct text *flat, const struct param *shape, const void *object);
void shape_unpack(void *object, const struct param *shape, struct flat_reader *reader);

/** As JSON, every member in the shape's order; what is absent as null, [] or {}. */
void shape_write(struct jwriter *w, const char *name, const struct param *shape, const void *object);

/** Those members alone that differ from another object's. */
void shape_write_changes(struct jwriter *w, const char *name, const struct param *shape, const void *object,
                         const void *other);

/* ---- cells: members as texts, in columns that have their names ---- */

/** A member as a cell's text: texts and ids of a list parted by ";", whatever has more inside as JSON. NULL: none, or
 *  no memory. In: room  INSTANT_ROOM bytes, which the text may lie in */
const char *shape_cell(const struct param *row, const void *object, struct arena *arena, char *room);

/** What a column's name says: a member, or a part of a list. */
struct column {
	const struct param *member; /* NULL: it is computed, and not read */
	const struct param *inside; /* of its first item; NULL: the member as a whole, or */
	const char *choice;         /* the item of this choice */
};

/** Find what a name says; it must live as long as the column. Returns: whether it says anything. */
bool column_find(struct column *column, const struct param *shape, const char *name);

/** Set an object's members by a row of cells, a text a column: "" clears, and what a member's cell says already stays
 *  as it is. What is required and absent is not told: shape_required().
 *  Returns: ST_OK; ST_INVALID with faults; ST_MEMORY. In/Out: object  as it was, or cleared */
enum st columns_read(void *object, const struct column *columns, const char *const *cells, unsigned count,
                     struct faults *faults, struct arena *arena) MUST_USE;

/** What `q` looks for: the searched members, folded, a line each. NULL: no memory. */
const char *shape_search(const struct param *shape, const void *object, struct arena *arena);

#endif
