/* Resources: kinds of plain objects, told by a shape and a table, that tenants make, list, change and remove. */
#ifndef ACCOUNT_RESOURCE_H
#define ACCOUNT_RESOURCE_H

#include "account/work.h"
#include "shape/shape.h"
#include "store/table.h"

/** What every object has. Its struct begins with it, and its shape with RECORD_MEMBERS. */
struct record {
	int64_t id, version, created_at, updated_at;
	const char *tags, *custom;
};

extern const struct param record_tag[];

#define RECORD_MEMBERS \
	{ "id", P_ID, GIVEN, "counts from 1, in each tenant and kind", AT(struct record, id) }, \
	{ "version", P_INT, GIVEN, "counts the changes from 1; the ETag", 1, ID_MAX, AT(struct record, version) }, \
	{ "created_at", P_INSTANT, GIVEN, "when it was made", AT(struct record, created_at) }, \
	{ "updated_at", P_INSTANT, GIVEN, "when it was changed last", AT(struct record, updated_at) }, \
	{ "tags", P_LIST, OPTIONAL, "words to find it by", 0, 20, .of = record_tag, AT(struct record, tags) }, \
	{ "custom", P_CUSTOM, OPTIONAL, "whatever you keep beside it: texts, numbers, true, false", 0, 20, \
	  AT(struct record, custom) }
enum { RECORD_COMPUTED = 4 }; /* of these, at the beginning: what each change changes */

#define ARCHIVED_MEMBER(object) \
	{ "archived", P_BOOL, GIVEN, "put away: no more to be used", AT(object, archived), .imported = true }

/** A filter of a list: a query parameter of its table's. */
struct filter {
	const char *name;
	const char *form; /* what stands before it, as JSON writes it, in a column's text; NULL: the column is a boolean */
};

enum { RESOURCE_FILTERS = 6, RESOURCE_VALUES = 48 };

struct resource {
	const char *kind, *one; /* "customers" in addresses and lists, "customer" in the audit */
	const struct param *shape;
	size_t size; /* of its struct */
	const struct table *table; /* its columns in the shape's order */
	struct filter filters[RESOURCE_FILTERS]; /* the table's, ended by one without a name */

	/** Note what is wrong with an object that has the right shape. NULL: nothing more can be.
	 *  In: before  what it was; NULL: it is made */
	enum st (*check)(struct work *work, void *object, const void *before);
	/** Do others refer to it, so that it cannot be removed? NULL: none does. */
	enum st (*used)(bool *used, struct work *work, int64_t id);
};

/** Read one. Returns: ST_OK; ST_NOT_FOUND; what the store returns. Out: object  a struct in the arena */
enum st resource_find(void **object, const struct resource *resource, struct store *store, int64_t tenant, int64_t id,
                      struct arena *arena) MUST_USE;

/** The id of the one with a unique value. Returns: ST_OK; ST_NOT_FOUND; what the store returns. */
enum st resource_taken(int64_t *id, const struct resource *resource, struct store *store, int64_t tenant,
                       const char *value) MUST_USE;

/** Make one of a JSON object.
 *  Returns: ST_OK; ST_INVALID with faults; what work_do() returns.
 *  Out: object  as it is now, also of a repeat */
enum st resource_add(void **object, const struct resource *resource, struct work *work,
                     const struct json *json) MUST_USE;

/** What became of an object that was put. */
enum put { PUT_CREATED, PUT_UPDATED, PUT_UNCHANGED, PUT__MAX };

/** Within a work of many objects: make one, or change the one that has a unique value, with a row of the audit of its
 *  own. One that is as it was already has neither a new version nor a row.
 *  Returns: ST_OK; ST_INVALID with faults, and nothing of it is written; as resource_add().
 *  Out: put
 *  In:  key   the unique value; NULL: one is made
 *       read  sets the object's members, and notes what is wrong with them. In/Out: object  as it is, or cleared */
enum st resource_put(enum put *put, const struct resource *resource, struct work *work, const char *key,
                     enum st (*read)(void *object, struct work *work, void *context), void *context) MUST_USE;

/** Who decides by what he has read says which version that was. */
struct expected {
	/** Does it match? Called inside the transaction. */
	bool (*matches)(const void *context, int64_t version);
	const void *context;
};

/** Change one by a merge patch. Returns: as resource_add(); ST_NOT_FOUND; ST_PRECONDITION: it is of another version. */
enum st resource_change(void **object, const struct resource *resource, struct work *work, int64_t id,
                        const struct json *json, const struct expected *expected) MUST_USE;

/** Set one boolean member, by an act of its own: "archive". One that is so already stays as it is.
 *  As resource_change(). */
enum st resource_set(void **object, const struct resource *resource, struct work *work, int64_t id, const char *act,
                     const char *member, bool value, const struct expected *expected) MUST_USE;

/** Remove one. Returns: ST_OK; ST_NOT_FOUND; ST_PRECONDITION; ST_CONFLICT: it is used; what work_do() returns. */
enum st resource_remove(const struct resource *resource, struct work *work, int64_t id,
                        const struct expected *expected) MUST_USE;

/** A page of a list, by cursor. */
struct listing {
	struct place behind;
	const char *q; /* folded; "": all */
	struct val filters[RESOURCE_FILTERS];
	unsigned limit;
};

/** Read at most limit objects; `behind` then is the last one's place.
 *  Returns: ST_OK; ST_MEMORY; what the store returns. Out: objects  of the arena; count */
enum st resource_list(void **objects, unsigned *count, const struct resource *resource, struct store *store,
                      int64_t tenant, struct listing *listing, struct arena *arena) MUST_USE;

/** The place of an object in a list's order: the next page begins behind it. In/Out: place  of that order */
void resource_place(struct place *place, const struct resource *resource, void *object);

#endif
