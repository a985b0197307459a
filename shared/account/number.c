/* Numbers of objects. */
#include "account/number.h"

#include "account/work.sql.h"

static enum st last_number(int64_t *number, struct store *store, int64_t tenant, const char *kind)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_NUMBER_LAST, INT(tenant), TEXT(kind));
	if (!st)
		st = rows_next(&r);
	*number = st ? 0 : rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

enum st number_next(int64_t *number, struct store *store, int64_t tenant, const char *kind)
{
	if (!OFFERS(store, SQL_NUMBER_NEXT)) {
		const enum st st = last_number(number, store, tenant, kind);
		return st ? st : RUN(store, SQL_NUMBER_KEEP, INT(tenant), TEXT(kind), INT(++*number));
	}
	return NUMBER(store, number, SQL_NUMBER_NEXT, INT(tenant), TEXT(kind));
}
