/* Connecting to a PostgreSQL server, saying why it cannot be, and waiting for its answers with an end. */
#include "store/postgres_link.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "exact/clock.h"
#include "base/log.h"
#include "store/postgres.sql.h"

struct libpq pq;

enum { CONNECT_SECONDS = 6, LEAST_SECONDS = 2, MOST_SECONDS = 60, NUMBER_ROOM = 24, ADDRESS_ROOM = 4096 };
enum { APPLICATION_ROOM = 64 }; /* as much of a name as a server keeps (NAMEDATALEN) */

static int64_t patience = 5 * SECOND;

/* ---- the library ---- */

static enum st load_library(struct faults *faults)
{
	static const char *const names[] = {
#define X(name) "PQ" #name,
		LIBPQ(X)
#undef X
	};
	static bool loaded;
	void *library = loaded ? NULL : dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL), **to = (void **)&pq;
	bool all = library;
	for (size_t i = 0; all && i < sizeof names / sizeof *names; i++)
		all = (to[i] = dlsym(library, names[i]));
	loaded |= all;
	if (loaded)
		return ST_OK;
	fault_add(faults, "store", "PostgreSQL's client library cannot be loaded (%s); install the package libpq5", dlerror());
	return ST_STORE;
}

/* ---- the address ---- */

/* What a password that is not escaped makes of an address: a second "@", or one behind the "/" or "?" that ends the
 * names in front. libpq would take the rest of such a password for a host, a port or a database, and tell it. */
static bool is_torn(const char *where)
{
	const char *names = strstr(where, "://") + 3, *at = strchr(names, '@');
	const size_t before_query = strcspn(names, "?");
	if (!at)
		return false;
	return (size_t)(at - names) > strcspn(names, "/?") || memchr(at + 1, '@', before_query - (size_t)(at + 1 - names));
}

static unsigned hosts_in(const PQconninfoOption *o)
{
	unsigned most = 1;
	for (; o->keyword; o++) {
		unsigned count = 1;
		for (const char *p = o->val; p && (!strcmp(o->keyword, "host") || !strcmp(o->keyword, "hostaddr")) && *p; p++)
			count += *p == ',';
		most = count > most ? count : most;
	}
	return most;
}

/* Each host has its part of the time, unless the address itself says how much. libpq takes less than 2 for 2. */
static int seconds_for(const PQconninfoOption *all)
{
	const int part = CONNECT_SECONDS / (int)hosts_in(all);
	for (const PQconninfoOption *o = all; o->keyword; o++) {
		const long said = o->val && !strcmp(o->keyword, "connect_timeout") ? strtol(o->val, NULL, 10) : 0;
		if (said > 0)
			return said > MOST_SECONDS ? MOST_SECONDS : (int)said;
	}
	return part < LEAST_SECONDS ? LEAST_SECONDS : part;
}

/* What a server would cut it tells the user of, at each connection: it is cut here, between two characters. "": nobody gave a name. */
static void read_application(char name[APPLICATION_ROOM], const PQconninfoOption *o)
{
	const char *said = getenv("PGAPPNAME");
	for (; o->keyword; o++)
		said = o->val && !strcmp(o->keyword, "application_name") ? o->val : said;
	size_t size = said ? strnlen(said, APPLICATION_ROOM) : 0;
	if (size == APPLICATION_ROOM)
		for (size--; size && ((unsigned char)said[size] & 0xc0) == 0x80; size--)
			;
	snprintf(name, APPLICATION_ROOM, "%.*s", (int)size, said ? said : "");
}

/* libpq knows the scheme in small letters alone, and takes all else for the name of a database. */
static enum st read_address(char address[ADDRESS_ROOM], char application[APPLICATION_ROOM], int *seconds, const char *where, struct faults *faults)
{
	snprintf(address, ADDRESS_ROOM, "%s", where);
	for (char *p = address; *p && *p != ':'; p++)
		*p = (char)(*p | 0x20);
	PQconninfoOption *options = is_torn(address) ? NULL : pq.conninfoParse(address, NULL);
	if (!options) {
		fault_add(faults, "store", "the address of the PostgreSQL database cannot be read; in a name or password write each of "
		                           "\"@ : / ? # %%\" and spaces as %% and two digits: \"@\" as %%40, \"/\" as %%2F");
		return ST_STORE;
	}
	*seconds = seconds_for(options);
	read_application(application, options);
	pq.conninfoFree(options);
	return ST_OK;
}

/* ---- why it cannot be ---- */

/* What libpq or the server says of a connection, by a part of it, and what is told in its place: it may repeat any part of the
 * address, and any part of an address may be a password that stands in the wrong place. The first that fits counts. */
static const struct { const char *said, *told; } reasons[] = {
	{ "password authentication failed", "the server refuses the name and password" },
	{ "no password supplied", "the server wants a password" },
	{ "no pg_hba.conf entry", "the server's pg_hba.conf lets nobody in from here by that name" },
	{ "Peer authentication failed", "the server lets in by the socket only the user of the system that has the role's name (pg_hba.conf: peer)" },
	{ "authentication failed", "the server refuses the name" },
	{ "authentication", "the server asks for a proof of the name that cannot be given from here: look at its pg_hba.conf" },
	{ "FATAL:  role", "the server does not know the role, or does not let it in: is the name in the address right?" },
	{ "no such user", "the pooler does not know the role: is the name in the address right?" },
	{ "FATAL:  database", "the server does not have the database, or does not let anybody in: make it with createdb, or put the name right" },
	{ "no such database", "the pooler does not know the database: is the name in the address right?" },
	{ "permission denied for database", "the role may not connect to the database: GRANT CONNECT to it" },
	{ "could not translate host name", "the host is not found: is its name in the address right?" },
	{ "could not parse network address", "hostaddr in the address is no address: a name belongs into host" },
	{ "definition of service", "the service that the address names is in no pg_service.conf" },
	{ "Connection refused", "nothing listens at the host and port: is the server running, and are they right?" },
	{ "timeout expired", "the server did not answer in time" },
	{ "timed out", "the server did not answer in time" },
	{ "too many", "the server takes no more connections" },
	{ "remaining connection slots", "the server takes no more connections" },
	{ "starting up", "the server is starting" },
	{ "shutting down", "the server is shutting down" },
	{ "terminating connection", "the server ended the connection: its log says why" },
	{ "server closed the connection", "the server closed the connection: its log says why" },
	{ "Connection reset", "the server closed the connection: its log says why" },
	{ "No such file or directory", "there is no such socket or file: is the server running, and is the path in the address right?" },
	{ "Permission denied", "this user may not open the socket, or a file that the address names" },
	{ "No route to host", "there is no way to the host" },
	{ "Network is unreachable", "there is no way to the host" },
	{ "session is", "no server of the kind that target_session_attrs asks for answers" },
	{ "server is", "no server of the kind that target_session_attrs asks for answers" },
	{ "invalid", "a port or parameter in the address is not valid" },
	{ "certificate", "the server's certificate is not accepted: look at sslmode and sslrootcert" },
	{ "SSL", "no secure connection can be made: look at sslmode" },
};

static const char *reason_of(const char *why)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (strstr(why, reasons[i].said))
			return reasons[i].told;
	return "it cannot be connected to: is the address right, and what does the server's log say?";
}

/* Classes of states that speak of the connection and whose it is; what names the address is in their texts alone. */
static bool is_of_connection(const char *state)
{
	static const char *const classes[] = { "08", "28", "3D", "57P" };
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (!strncmp(state, classes[i], strlen(classes[i])))
			return true;
	return false;
}

const char *link_why(const PGconn *conn, const PGresult *result)
{
	const char *state = result ? pq.resultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? pq.resultErrorMessage(result) : pq.errorMessage(conn);
	return state && !is_of_connection(state) ? text : reason_of(text);
}

/* ---- connecting ---- */

enum st link_open(PGconn **conn, const char *where, struct faults *faults)
{
	char address[ADDRESS_ROOM], application[APPLICATION_ROOM], text[NUMBER_ROOM];
	int seconds;
	enum st st = load_library(faults);
	if (!st)
		st = read_address(address, application, &seconds, where, faults);
	if (st)
		return st;
	snprintf(text, sizeof text, "%d", seconds);
	/* What stands before the address is what it may say otherwise; what stands behind it counts. */
	const char *const names[] = { "tcp_user_timeout", "keepalives_idle", "fallback_application_name", "dbname", "application_name",
	                              "connect_timeout", "client_encoding", NULL };
	const char *const values[] = { "10000", "30", "pennymeter", address, application, text, "UTF8", NULL };
	*conn = pq.connectdbParams(names, values, 1);
	if (pq.status(*conn) == CONNECTION_OK && !pq.setnonblocking(*conn, 1))
		return ST_OK;
	fault_add(faults, "store", "cannot use the PostgreSQL database: %s", link_why(*conn, NULL));
	pq.finish(*conn);
	*conn = NULL;
	return ST_STORE;
}

/* ---- waiting ---- */

void driver_patience(unsigned seconds)
{
	patience = seconds * SECOND;
}

int64_t link_patience(void)
{
	return patience;
}

bool link_wait(PGconn *conn, int64_t until)
{
	while (pq.isBusy(conn)) {
		const int unsent = pq.flush(conn);
		struct pollfd socket = { .fd = pq.socket(conn), .events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN) };
		const int64_t left = until - clock_ticks();
		if (left <= 0)
			return false;
		if (unsent < 0 || socket.fd < 0)
			return true;
		const int ready = poll(&socket, 1, (int)(left / 1000) + 1);
		if (ready < 0 && errno != EINTR)
			return false;
		if (ready > 0 && !pq.consumeInput(conn))
			return true;
	}
	return true;
}

void link_cut(PGconn *conn)
{
	if (pq.socket(conn) >= 0)
		shutdown(pq.socket(conn), SHUT_RDWR);
}

/* ---- the session ---- */

static void take_notice(void *context, const PGresult *notice)
{
	struct session *s = context;
	const char *severity = pq.resultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = pq.resultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	if (severity && text && !strcmp(severity, "WARNING"))
		snprintf(s->warning, sizeof s->warning, "%s", text);
}

/* A pooler hands out a key of its own where a server tells its process's number. */
static enum st note_facts(struct session *s, const PGresult *r, int process, struct faults *faults)
{
	const char *commit = pq.getvalue(r, 0, 1), *fsync = pq.getvalue(r, 0, 2), *version = pq.getvalue(r, 0, 3);
	s->pooled = strtol(pq.getvalue(r, 0, 0), NULL, 10) != process;
	s->sound = strcmp(commit, "off") && !strcmp(fsync, "on");
	snprintf(s->durability, sizeof s->durability, "PostgreSQL %.*s%s, synchronous_commit=%.16s, fsync=%.4s",
	         (int)strcspn(version, " "), version, s->pooled ? " behind a pooler" : "", commit, fsync); /* "15.20 (Debian …)" */
	snprintf(s->schema, sizeof s->schema, "%s", pq.getvalue(r, 0, 5));
	snprintf(s->path, sizeof s->path, "%s", pq.getvalue(r, 0, 6));
	snprintf(s->others, sizeof s->others, "%s", pq.getvalue(r, 0, 7));
	if (strcmp(pq.getvalue(r, 0, 4), "UTF8"))
		fault_add(faults, "store", "the database has the encoding %s; make one with ENCODING 'UTF8'", pq.getvalue(r, 0, 4));
	else if (!*s->schema)
		fault_add(faults, "store", "the database has no schema on the role's search_path: make one, or set it");
	return faults->count ? ST_STORE : ST_OK;
}

/* One statement's result, outside of a pipeline; NULL after a failure, which is logged. */
static PGresult *take_one(PGconn *conn)
{
	const int64_t until = clock_ticks() + patience;
	PGresult *first = link_wait(conn, until) ? pq.getResult(conn) : NULL;
	if (first && pq.resultStatus(first) == PGRES_TUPLES_OK && link_wait(conn, until)) {
		pq.clear(pq.getResult(conn)); /* it ends with none */
		return first;
	}
	const char *why = first ? link_why(conn, first) : "no answer in time";
	log_error("postgresql: the session: %.*s", (int)strcspn(why, "\n"), why);
	pq.clear(first);
	return NULL;
}

enum st link_examine(struct session *s, PGconn *conn, struct faults *faults)
{
	char process[NUMBER_ROOM];
	const char *const value[] = { process };
	snprintf(process, sizeof process, "%d", pq.backendPID(conn));
	pq.setNoticeReceiver(conn, take_notice, s);
	if (!pq.sendQueryParams(conn, SQL_SESSION_FACTS->is.text[POSTGRES], 1, NULL, value, NULL, NULL, 0))
		return ST_STORE;
	PGresult *r = take_one(conn);
	enum st st = r ? note_facts(s, r, pq.backendPID(conn), faults) : ST_STORE;
	pq.clear(r);
	return st;
}
