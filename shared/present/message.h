/* Messages of the outbox as those who get them read them. */
#ifndef PRESENT_MESSAGE_H
#define PRESENT_MESSAGE_H

#include "account/outbox.h"
#include "base/json.h"
#include "catalog/metric.h"

struct message {
	const char *to, *subject, *text; /* NULL: it has none */
	const struct json *links;        /* NULL: none */
};

/** What a row of the outbox says: as it stands in its payload, or else in plain English by its kind.
 *  Returns: ST_OK; ST_MEMORY. Out: message  in the arena. In: catalog  whose labels metrics have; NULL: their names */
enum st message_of(struct message *message, const struct outbox_row *row, const struct catalog *catalog,
                   struct arena *arena) MUST_USE;

/** Members id, tenant_id, kind, to, subject and when it stands where; with `whole` text, links and payload, too. */
void message_write(struct jwriter *w, const struct outbox_row *row, const struct message *message, bool whole);

#endif
