/* Serving one request without knowing the transport: FastCGI, CGI or a test. */
#ifndef WIRE_SERVE_H
#define WIRE_SERVE_H

#include "wire/fn.h"

/** What the transport hands over. Absent values are NULL. */
struct incoming {
	const char *method, *uri, *script, *query, *content_type, *content_length;
	const char *authorization, *api_key, *idempotency_key, *if_none_match, *if_match, *accept, *content_encoding;
	const char *method_override, *address, *user_agent;
	const char *repeated; /* a header that came twice though it may stand only once */
	void *stream;
	/** Read up to `room` bytes of the body; 0 at its end. */
	size_t (*read)(void *stream, char *bytes, size_t room);
	/** Send; a client that has gone is no error. */
	void (*write)(void *stream, const char *bytes, size_t size);
};

struct server; /* what lives as long as the process: configuration, store, arena */

/** Returns: ST_OK; ST_MEMORY; ST_INVALID for a bad configuration (logged). */
enum st server_open(struct server **server, const struct fn_entry *table) MUST_USE;
void server_close(struct server *server);

/** Answer one request: route, authenticate, check, call, reply. Never fails: what goes
 *  wrong is an answer. */
void serve(struct server *server, const struct incoming *in);

/** Once the answer is with the client: what need not keep him waiting. */
void serve_after(struct server *server);

#endif
