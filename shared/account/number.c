/* Numbers of objects. */
#include "account/number.h"

#include "account/work.sql.h"

enum st number_next(int64_t *number, struct store *store, int64_t tenant, const char *kind)
{
	return NUMBER(store, number, SQL_NUMBER_NEXT, INT(tenant), TEXT(kind));
}

enum st numbers_take(struct numbers *numbers, struct store *store, int64_t tenant, const char *kind, int64_t count)
{
	int64_t last;
	enum st st = NUMBER(store, &last, SQL_NUMBER_TAKE, INT(tenant), TEXT(kind), INT(count));
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
