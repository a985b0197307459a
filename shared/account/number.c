/* Numbers of objects. */
#include "account/number.h"

enum st number_next(int64_t *number, struct store *store, int64_t tenant, const char *kind)
{
	struct rows r = { 0 };
	enum st st = ROWS(store, &r, SQL_NUMBER_NEXT, INT(tenant), TEXT(kind));
	if (!st)
		st = rows_next(&r);
	if (!st)
		*number = rows_int(&r, 0);
	rows_end(&r);
	return st == ST_DONE ? ST_STORE : st;
}
