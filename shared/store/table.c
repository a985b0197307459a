/* Tables of objects: values in the order that the generator gave to statements. */
#include "store/table.h"

#include <string.h>

enum { LIST_VALUES = 16 };

#define LAST_TEXT "\xf4\x8f\xbf\xbf" /* U+10FFFF, which no text begins with */

const struct order *table_order(const struct table *table, const char *name)
{
	for (const struct order *o = table->orders; o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

struct place place_first(const struct order *order, bool down)
{
	const struct val number = INT(down ? INT64_MAX : INT64_MIN), text = TEXT(down ? LAST_TEXT : "");
	return (struct place){ order, down, order->key == KEY_TEXT ? text : number, down ? INT64_MAX : 0 };
}

enum st table_find(struct rows *rows, struct store *store, const struct table *table, int64_t tenant, int64_t id)
{
	return ROWS(store, rows, table->find, INT(tenant), INT(id));
}

enum st table_taken(struct rows *rows, struct store *store, const struct table *table, int64_t tenant, const char *value)
{
	return ROWS(store, rows, table->taken, INT(tenant), TEXT(value));
}

enum st table_insert(struct store *store, const struct table *table, const struct val *vals, unsigned count)
{
	return store_run(store, table->insert, vals, count);
}

enum st table_update(struct store *store, const struct table *table, const struct val *vals, unsigned count)
{
	return store_run(store, table->update, vals, count);
}

enum st table_remove(struct store *store, const struct table *table, int64_t tenant, int64_t id)
{
	return RUN(store, table->remove, INT(tenant), INT(id));
}

enum st table_list(struct rows *rows, struct store *store, int64_t tenant, const char *q, const struct val *filters,
                   unsigned filter_count, const struct place *behind, unsigned limit)
{
	struct val vals[LIST_VALUES] = { INT(tenant), TEXT(q) };
	unsigned n = 2;
	if (filter_count > LIST_VALUES - 5)
		return ST_STORE;
	for (unsigned i = 0; i < filter_count; i++)
		vals[n++] = filters[i];
	if (behind->order->key != KEY_ID)
		vals[n++] = behind->key;
	vals[n++] = INT(behind->id);
	vals[n++] = INT(limit);
	return store_rows(store, rows, behind->down ? behind->order->down : behind->order->up, vals, n);
}
