/* What a widget is. */
#include "billing/widget.h"

#include "billing/widget.sql.h"

/* A row a member, in the order of the table's columns: name, type, REQUIRED or OPTIONAL, a sentence, least and most.
 * A member more is a row here, a column in the schema and in widget.sql, and one in the struct. Types:
 * shape/shape.h. */
const struct param widget_shape[] = {
	RECORD_MEMBERS,
	{ "name", P_TEXT, REQUIRED, "what people call it", 1, 200, AT(struct widget, name), .searched = true },
	{ "code", P_TEXT, OPTIONAL, "your own number for it; no two have the same", 1, 64, AT(struct widget, code),
	  .searched = true },
	{ "notes", P_LINES, OPTIONAL, "for yourself", 0, 2000, AT(struct widget, notes) },
	ARCHIVED_MEMBER(struct widget),
	{ 0 },
};

/* What a list is filtered by: the parameters of the condition in widget.sql, named again in the resource below. */
const struct param widget_query[] = {
	{ "tag", P_TEXT, OPTIONAL, "those with a tag", 1, 160 },
	{ "archived", P_BOOL, OPTIONAL, "those put away, or the others; all if absent" },
	{ 0 },
};

/* What a shape cannot tell goes into a function `.check`, and who refers to it into `.used`: billing/tax.c has both. */
const struct resource widgets = {
	"widgets", "widget", widget_shape, sizeof(struct widget), &table_widgets, { { "tag", "" }, { "archived", NULL } },
};
