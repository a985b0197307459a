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

/* Out: last  of so many */
static enum st take(int64_t *last, struct store *store, int64_t tenant, const char *kind, int64_t count)
{
	if (OFFERS(store, SQL_NUMBER_NEXT))
		return NUMBER(store, last, SQL_NUMBER_NEXT, INT(tenant), TEXT(kind), INT(count));
	const enum st st = last_number(last, store, tenant, kind);
	*last += count;
	return st ? st : RUN(store, SQL_NUMBER_KEEP, INT(tenant), TEXT(kind), INT(*last));
}

enum st number_next(int64_t *number, struct store *store, int64_t tenant, const char *kind)
{
	return take(number, store, tenant, kind, 1);
}

enum st numbers_take(struct numbers *numbers, struct store *store, int64_t tenant, const char *kind, int64_t count)
{
	int64_t last;
	enum st st = take(&last, store, tenant, kind, count);
	if (!st)
		*numbers = (struct numbers){ kind, last - count + 1 };
	return st;
}

enum st numbers_return(struct numbers *numbers, struct store *store, int64_t tenant)
{
	enum st st = RUN(store, SQL_NUMBER_RETURN, INT(tenant), TEXT(numbers->kind), INT(numbers->next - 1));
	*numbers = (struct numbers){ 0 };
	return st;
}
