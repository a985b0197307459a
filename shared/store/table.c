/* Tables of objects: values in the order that the generator gave to statements. */
#include "store/table.h"

#include <string.h>

#include "base/log.h"

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

/* A shape whose rows are not its table's columns binds another number of values. */
static bool is_counted(const struct statement *sql, unsigned count)
{
	if (count != sql->values)
		log_error("%s: %u values for %u parameters", sql->name, count, sql->values);
	return count == sql->values;
}

static enum st run(struct store *store, const struct statement *sql, const struct val *vals, unsigned count)
{
	return is_counted(sql, count) ? store_run(store, sql, vals) : ST_STORE;
}

enum st table_find(struct rows *rows, struct store *store, const struct table *table, int64_t tenant, int64_t id)
{
	return store_rows(store, rows, table->find, (const struct val[]){ INT(tenant), INT(id) });
}

enum st table_taken(struct rows *rows, struct store *store, const struct table *table, int64_t tenant,
                    const char *value)
{
	return store_rows(store, rows, table->taken, (const struct val[]){ INT(tenant), TEXT(value) });
}

enum st table_insert(struct store *store, const struct table *table, const struct val *vals, unsigned count)
{
	return run(store, table->insert, vals, count);
}

enum st table_update(struct store *store, const struct table *table, const struct val *vals, unsigned count)
{
	return run(store, table->update, vals, count);
}

enum st table_remove(struct store *store, const struct table *table, int64_t tenant, int64_t id)
{
	return store_run(store, table->remove, (const struct val[]){ INT(tenant), INT(id) });
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
	const struct statement *sql = behind->down ? behind->order->down : behind->order->up;
	return is_counted(sql, n) ? store_rows(store, rows, sql, vals) : ST_STORE;
}
