/* Numbers of objects. */
#include "account/number.h"

#include "account/work.sql.h"

enum st number_next(int64_t *number, struct store *store, int64_t tenant, const char *kind)
{
	return NUMBER(store, number, SQL_NUMBER_NEXT, INT(tenant), TEXT(kind));
}
