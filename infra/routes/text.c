/* routes.txt: every method and address with its scope, so that a change of scope shows in review. */
#include "routes.h"

int print_routes(FILE *out, const struct site *site, const struct fn_entry *table)
{
	static struct addresses list;
	(void)site;
	if (!addresses_list(&list, table, false))
		return 1;
	for (size_t i = 0; i < list.count; i++)
		for (unsigned m = 0; m < M__MAX; m++) {
			const struct verb *v = &list.at[i].entry->fn->on[m];
			if (v->handle)
				fprintf(out, "%s %s %s\n", method_name((enum method)m), list.at[i].path, scope_name(v->scope));
		}
	return 0;
}
