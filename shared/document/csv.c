/* CSV. */
#include "document/csv.h"

#include <string.h>

void csv_cell(struct text *t, const char *value, bool number)
{
	if (t->size && t->bytes[t->size - 1] != '\n')
		text_addc(t, ',');
	if (!value || !*value) {
		text_adds(t, t->size && t->bytes[t->size - 1] == ',' ? "" : "\"\"");
		return;
	}
	const char *guard = !number && strchr("=+-@\t\r", *value) ? "'" : "";
	if (!strpbrk(value, ",\"\r\n") && !*guard) {
		text_adds(t, value);
		return;
	}
	text_addc(t, '"');
	text_adds(t, guard);
	for (; *value; value++)
		text_add(t, *value == '"' ? "\"\"" : value, *value == '"' ? 2 : 1);
	text_addc(t, '"');
}

void csv_end(struct text *t)
{
	text_adds(t, "\r\n");
}
