/* Tables of objects: the statements that are alike for all kinds, made by the generator from one declaration a
 * table. */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "store/store.h"

enum order_key { KEY_ID, KEY_NUMBER, KEY_TEXT };

/** An order of a list: by an object's id alone, or by a column and then by id. */
struct order {
	const char *name; /* NULL ends the list */
	enum order_key key;
	const struct statement *up, *down;
};

struct table {
	const char *name, *columns; /* parted by commas; the first is the key */
	const struct statement *find, *insert, *update, *remove;
	const char *unique; /* a column of which each value stands once; NULL: none */
	const struct statement *taken;
	struct order orders[8];
};

/** A place in a list: what comes behind it is the next page. */
struct place {
	const struct order *order;
	bool down;
	struct val key; /* of what is not in the order of ids alone */
	int64_t id;
};

/** The order of a name. Returns: NULL if the table has none of it. */
const struct order *table_order(const struct table *table, const char *name);

/** The place before all others in an order. */
struct place place_first(const struct order *order, bool down);

/** Each statement with the tenant, as its name says; rows are the table's columns. Returns: as store_rows(),
 * store_run().
 *  In: vals  of insert: user, token, search and all columns; of update: search and all columns */
enum st table_find(struct rows *rows, struct store *store, const struct table *table, int64_t tenant,
                   int64_t id) MUST_USE;
enum st table_taken(struct rows *rows, struct store *store, const struct table *table, int64_t tenant,
                    const char *value) MUST_USE;
enum st table_insert(struct store *store, const struct table *table, const struct val *vals, unsigned count) MUST_USE;
enum st table_update(struct store *store, const struct table *table, const struct val *vals, unsigned count) MUST_USE;
enum st table_remove(struct store *store, const struct table *table, int64_t tenant, int64_t id) MUST_USE;

/** At most `limit` rows of a table behind a place in one of its orders.
 *  In: q  folded, "" for all; filters  a value for each of the table's */
enum st table_list(struct rows *rows, struct store *store, int64_t tenant, const char *q, const struct val *filters,
                   unsigned filter_count, const struct place *behind, unsigned limit) MUST_USE;

#endif
