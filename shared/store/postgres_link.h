/* A connection to a PostgreSQL server: libpq itself, opening, and waiting with an end. Of postgres.c alone. */
#ifndef STORE_POSTGRES_LINK_H
#define STORE_POSTGRES_LINK_H

#include <postgresql/libpq-fe.h>

#include "store/driver.h"

/* libpq is loaded when a server is named: with all that it brings along it would triple the time that a program
 * takes to start, and a host that keeps its store in a file need not have it. */
#define LIBPQ(X) \
	X(backendPID) X(clear) X(cmdStatus) X(cmdTuples) X(connectdbParams) X(conninfoFree) X(conninfoParse) X(consumeInput) \
	X(enterPipelineMode) X(errorMessage) X(exitPipelineMode) X(finish) X(flush) X(getResult) X(getisnull) X(getvalue) \
	X(isBusy) X(ntuples) X(pipelineSync) X(resultErrorField) X(resultErrorMessage) X(resultStatus) X(sendPrepare) \
	X(sendQuery) X(sendQueryParams) X(sendQueryPrepared) X(setNoticeReceiver) X(setnonblocking) X(socket) X(status)

extern struct libpq {
#define X(name) __typeof__(PQ##name) *name;
	LIBPQ(X)
#undef X
} pq;

/** Load libpq and connect. From then on the connection blocks in nothing: link_wait() comes before PQgetResult().
 *  Returns: ST_OK; ST_STORE with a fault, which holds nothing of the address.
 *  In: where  the server's address: may hold a password, and be none */
enum st link_open(PGconn **conn, const char *where, struct faults *faults) MUST_USE;

/** Why something failed: what the server said of a statement, to be cut at its first line; of the connection only what kind of
 *  failure it is, since libpq and the server repeat parts of the address, in which a password may stand in any place.
 *  In: result  NULL: the connection's own failure */
const char *link_why(const PGconn *conn, const PGresult *result);

enum { NAME_ROOM = 160 };

/** What there is to know of the session that a connection is, or of the ones behind a pooler. */
struct session {
	bool pooled;             /* it is a pooler's: nothing may be kept in it */
	bool sound;              /* what it acknowledges is on a disk */
	char durability[128];    /* how it keeps its promises, in words */
	char schema[NAME_ROOM];  /* where the tables lie, or will */
	char path[NAME_ROOM];    /* the same as a search path; in force already unless it is pooled */
	char others[NAME_ROOM];  /* further schemas with tables like ours, on its search path or of its role; "": none */
	char warning[NAME_ROOM]; /* the last one that the server gave; "": none since it was emptied */
};

/** Look who answers, and have the session use the schema of our tables: the first on its search path that has them.
 *  From then on warnings go into it. Returns: ST_OK; ST_STORE with a fault, or logged. */
enum st link_examine(struct session *session, PGconn *conn, struct faults *faults) MUST_USE;

/** How long one answer is waited for, in microseconds (driver_patience()). */
int64_t link_patience(void);

/** Send what is still to be sent and wait until PQgetResult() would not; a connection that breaks ends the wait.
 *  Returns: false when `until` (clock_ticks()) has passed. */
bool link_wait(PGconn *conn, int64_t until) MUST_USE;

/** Cut the connection, so that the server gives up what it holds for us as soon as it looks. */
void link_cut(PGconn *conn);

#endif
