/* A reply, as a handler fills it: a kind, a JSON text, a few headers. */
#ifndef WIRE_REPLY_H
#define WIRE_REPLY_H

#include "base/json.h"

enum reply_kind { REPLY_OK, REPLY_CREATED, REPLY_EMPTY };

struct request;

struct reply {
	enum reply_kind kind;
	struct text body;
	struct jwriter json;      /* writes to body */
	int64_t version;          /* of the object that is answered with: its entity tag; 0: a GET has one of its bytes */
	const char *location;     /* of what was made, below /api: "customers/7"; NULL */
	bool replayed;            /* by an idempotency key that came before */
	const char *content_type; /* application/json unless a handler says otherwise */
	const char *file_name;    /* ASCII; the answer is a file of this name, to be kept */
	bool file_shown;          /* or to be looked at, where it is one that can be */
	/* Of a refusal, where its status has words of its own that say too little; NULL: those */
	const char *code, *title, *detail;
	struct text problem;      /* members that a problem carries beside these: "upgrade_url":"…" */
	struct jwriter more;      /* writes to problem */

	/** A long answer in pieces: called after the body until it returns ST_DONE; each
	 *  call finds `body` empty and fills it. Keeps memory flat for exports. */
	enum st (*piece)(struct request *rq, struct reply *rp, void *context);
	void *piece_context;
};

#endif
