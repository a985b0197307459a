/* Widgets: say here what they are. */
#ifndef BILLING_WIDGET_H
#define BILLING_WIDGET_H

#include "account/resource.h"

/* Texts, lists and custom objects are strings, NULL where there is none; numbers and booleans are int64_t. */
struct widget {
	struct record record;
	const char *name, *code, *notes;
	int64_t archived;
};

extern const struct resource widgets;
extern const struct param widget_shape[], widget_query[];

#endif
