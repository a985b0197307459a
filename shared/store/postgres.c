/* The PostgreSQL driver: with postgres_link.c, which connects and waits, the only file that knows libpq-fe.h.
 *
 * A round trip to the server costs more than most statements, so what need not be waited for is not: BEGIN,
 * savepoints and their like are queued and travel with the next statement (libpq's pipeline mode), and the end
 * of a reading transaction is sent without waiting for its answer.
 *
 * Behind a pooler (pgbouncer in transaction mode) each transaction may meet another server process. Nothing is
 * kept in a session then: statements are sent whole instead of being prepared, and each transaction names its schema.
 *
 * No answer is waited for without an end. What has not come in time is given up with its connection: it may be
 * carried out all the same if its end was on the way. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact/clock.h"
#include "base/log.h"
#include "store/postgres.sql.h"
#include "store/postgres_link.h"
#include "store/statement_places.h"

enum { NUMBER_ROOM = 24, QUEUE_CAP = 16, ANSWERS = 4 };
enum { OID_INT8 = 20, OID_TEXT = 25 }; /* of pg_type */

enum control { BEGIN_READ, BEGIN_WRITE, LOCK_TIMEOUT, SCHEMA, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, UNDO, CONTROL__MAX };

static const char *const control_text[CONTROL__MAX] = {
	[BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	[BEGIN_WRITE] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	[LOCK_TIMEOUT] = "SET LOCAL lock_timeout = 2000", /* of each lock: who stands second in a row waits twice */
	[COMMIT] = "COMMIT", [ROLLBACK] = "ROLLBACK",
	[SAVEPOINT] = "SAVEPOINT part", [RELEASE] = "RELEASE SAVEPOINT part", [UNDO] = "ROLLBACK TO SAVEPOINT part",
};

struct cursor {
	struct db *db;
	PGresult *result;
	int row;
	bool once; /* of start_text() */
};

struct db {
	PGconn *conn;
	struct cursor cursors[SQL__MAX];
	bool prepared[SQL__MAX]; /* in this session */
	struct session session;
	bool read_only, writing; /* writing: in a write transaction */
	bool open;               /* the server has seen BEGIN */
	enum control queue[QUEUE_CAP]; /* to be sent ahead of the next statement */
	unsigned queued;
	bool unread;     /* the end of a reading transaction: its answer was not waited for */
	bool dead;       /* an answer did not come in time: nothing more is asked */
	int64_t last;    /* when a write transaction has taken too long, by clock_ticks(); 0: none is open */
};

/* ---- failures ---- */

static const struct { const char *state; enum st st; } states[] = {
	{ "22003", ST_RANGE },                       /* numeric value out of range */
	{ "40001", ST_BUSY }, { "40P01", ST_BUSY },  /* serialization failure, deadlock */
	{ "55P03", ST_BUSY }, { "57014", ST_BUSY },  /* a lock was not to be had in time; cancelled */
	{ "57P01", ST_BUSY }, { "57P02", ST_BUSY }, { "57P03", ST_BUSY }, /* the server goes down or comes up */
	{ "53300", ST_BUSY },                        /* too many connections */
	{ "25006", ST_BUSY },                        /* read only: a stand-by that is being promoted */
	{ "08", ST_BUSY },                           /* any trouble of the connection, as poolers tell it */
};

static enum st status_of(const char *state)
{
	for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
		if (!strncmp(state, states[i].state, strlen(states[i].state)))
			return states[i].st;
	return ST_STORE;
}

static bool is_broken(const struct db *db)
{
	return db->dead || pq.status(db->conn) == CONNECTION_BAD;
}

/* What a person reads ends at the first line. */
static enum st failed(struct db *db, const PGresult *result, const char *what)
{
	const char *text = link_why(db->conn, result);
	const char *state = result ? pq.resultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const enum st st = is_broken(db) ? ST_BUSY : status_of(state);
	if (st != ST_RANGE && !db->dead)
		log_error("postgresql: %s: %.*s (%s)", what, (int)strcspn(text, "\n"), text, state ? state : "no state");
	return st;
}

/* ---- sending and reading ---- */

static bool send_schema(struct db *db)
{
	const char *const path[] = { db->session.path };
	return pq.sendQueryParams(db->conn, SQL_SESSION_SCHEMA->is.text[POSTGRES], 1, NULL, path, NULL, NULL, 0);
}

static bool send_control(struct db *db, enum control which)
{
	return which == SCHEMA ? send_schema(db) : pq.sendQueryParams(db->conn, control_text[which], 0, NULL, NULL, NULL, NULL, 0);
}

static bool send_queue(struct db *db)
{
	for (unsigned i = 0; i < db->queued; i++)
		if (!send_control(db, db->queue[i]))
			return false;
	return true;
}

/* Is there something to take? What does not come in time is given up, and the connection with it: an open
 * transaction is rolled back as soon as the server sees that. */
static bool await(struct db *db)
{
	const int64_t until = clock_ticks() + link_patience();
	if (db->dead || link_wait(db->conn, db->last && db->last < until ? db->last : until))
		return !db->dead;
	log_error("postgresql: the server did not answer in time; the connection to it is given up");
	db->dead = true;
	link_cut(db->conn);
	return false;
}

/* The next statement's result, or the Sync behind them; NULL when the connection broke. In pipeline mode
 * a statement's results end with a NULL of their own. */
static PGresult *next_result(struct db *db)
{
	PGresult *r = await(db) ? pq.getResult(db->conn) : NULL;
	return r || !await(db) ? r : pq.getResult(db->conn);
}

/* A warning is the only word of a commit that is on this machine's disk and not where else it was promised to be:
 * a stand-by that is waited for is away, and somebody has ended the waiting. */
static enum st confirmed(struct db *db, const PGresult *r)
{
	const bool doubtful = *db->session.warning && !strcmp(pq.cmdStatus((PGresult *)r), "COMMIT");
	if (doubtful)
		log_error("postgresql: committed, but not as promised: %s", db->session.warning);
	*db->session.warning = '\0';
	return doubtful ? ST_IO : ST_OK;
}

/* Read all up to a Sync. The first failure counts; what follows it was not carried out.
 * Out: result  of statement number `wanted`, from 0; NULL: drop all
 * Out: good    how many statements were carried out before the first failure */
static enum st read_to_sync(struct db *db, PGresult **result, unsigned wanted, unsigned *good, const char *what)
{
	enum st st = ST_OK;
	*good = 0;
	for (PGresult *r; (r = next_result(db));) {
		const ExecStatusType status = pq.resultStatus(r);
		if (status == PGRES_PIPELINE_SYNC) {
			pq.clear(r);
			return st;
		}
		if (!st)
			st = status == PGRES_FATAL_ERROR ? failed(db, r, what) : confirmed(db, r);
		if (!st && result && *good == wanted)
			*result = r;
		else
			pq.clear(r);
		*good += !st;
	}
	return failed(db, NULL, what);
}

/* The answer to what was sent without waiting comes before all others. */
static void read_unread(struct db *db)
{
	unsigned good;
	if (db->unread)
		(void)!read_to_sync(db, NULL, 0, &good, "the end of reading");
	db->unread = false;
}

/* A pooler loses what reaches it between one Sync and the answer to that: it gives the server away meanwhile. */
static void before_sending(struct db *db)
{
	if (db->session.pooled)
		read_unread(db);
}

/* What was queued is on its way. */
static void forget_queue(struct db *db)
{
	for (unsigned i = 0; i < db->queued; i++)
		db->open |= db->queue[i] == BEGIN_READ || db->queue[i] == BEGIN_WRITE;
	db->queued = 0;
}

/* Send what is queued, and wait. */
static enum st run_queue(struct db *db)
{
	unsigned good;
	before_sending(db);
	const bool sent = !is_broken(db) && send_queue(db) && pq.pipelineSync(db->conn);
	forget_queue(db);
	read_unread(db);
	return sent ? read_to_sync(db, NULL, 0, &good, "a transaction") : failed(db, NULL, "a transaction");
}

static enum st queue(struct db *db, enum control which)
{
	enum st st = ST_OK;
	if (db->queued == QUEUE_CAP)
		st = run_queue(db);
	db->queue[db->queued++] = which;
	return st;
}

/* ---- opening ---- */

static void pg_close(struct db *db)
{
	if (!db)
		return;
	for (unsigned i = 0; i < SQL__MAX; i++)
		pq.clear(db->cursors[i].result);
	pq.finish(db->conn);
	free(db);
}

static enum st pg_open(struct db **out, const char *where, enum db_mode mode, struct faults *faults)
{
	PGconn *conn;
	enum st st = link_open(&conn, where, faults);
	struct db *db = st ? NULL : calloc(1, sizeof *db);
	if (!st && !db)
		pq.finish(conn);
	if (!db)
		return st ? st : ST_MEMORY;
	db->conn = conn;
	db->read_only = mode == DB_READ;
	if (!link_examine(&db->session, conn, faults) && pq.enterPipelineMode(conn)) {
		*out = db;
		return ST_OK;
	}
	if (!faults->count)
		fault_add(faults, "store", "cannot use the PostgreSQL database; the log says why");
	pg_close(db);
	return ST_STORE;
}

/* ---- statements ---- */

/* The texts of the values; numbers are written into `room`. */
struct values {
	const char *text[STATEMENT_VALUES];
	Oid type[STATEMENT_VALUES];
	char room[STATEMENT_VALUES][NUMBER_ROOM];
};

static void write_values(struct values *v, const struct val *vals, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		v->type[i] = vals[i].kind == VAL_INT ? OID_INT8 : vals[i].kind == VAL_TEXT ? OID_TEXT : 0;
		v->text[i] = vals[i].kind == VAL_TEXT ? vals[i].text : NULL;
		if (vals[i].kind != VAL_INT)
			continue;
		snprintf(v->room[i], NUMBER_ROOM, "%lld", (long long)vals[i].number);
		v->text[i] = v->room[i];
	}
}

/* One statement: a named one, or a text of no name. */
struct order {
	const char *name, *text;
	bool *prepared; /* NULL: not to be prepared */
	unsigned count;
	struct values values;
};

/* Send one statement with all that is queued before it. Returns how many results come before its own; -1. */
static int send_order(struct db *db, const struct order *o)
{
	const int n = (int)o->count;
	int before = (int)db->queued;
	if (!send_queue(db))
		return -1;
	if (!o->prepared)
		return pq.sendQueryParams(db->conn, o->text, n, o->values.type, o->values.text, NULL, NULL, 0) ? before : -1;
	if (!*o->prepared) {
		if (!pq.sendPrepare(db->conn, o->name, o->text, n, o->values.type))
			return -1;
		before++;
	}
	return pq.sendQueryPrepared(db->conn, o->name, n, o->values.text, NULL, NULL, 0) ? before : -1;
}

/* In: commit  the statement ends its transaction, which travels whole */
static enum st execute(struct db *db, PGresult **result, const struct order *o, bool commit)
{
	unsigned good = 0;
	before_sending(db);
	if (db->session.pooled && !db->open && !db->queued)
		db->queue[db->queued++] = SCHEMA; /* up to its Sync a statement by itself is a transaction */
	const int before = is_broken(db) ? -1 : send_order(db, o);
	const bool sent = before >= 0 && (!commit || send_control(db, COMMIT)) && pq.pipelineSync(db->conn);
	forget_queue(db);
	read_unread(db);
	enum st st = sent ? read_to_sync(db, result, (unsigned)before, &good, o->name) : failed(db, NULL, o->name);
	if (o->prepared)
		*o->prepared |= sent && good >= (unsigned)before; /* it stays so if it then fails */
	if (!commit)
		return st;
	db->open &= st != ST_OK && st != ST_IO;
	db->last = 0;
	return st == ST_BUSY && is_broken(db) && before >= 0 ? ST_IO : st;
}

static enum st pg_start_text(struct db *db, struct cursor **out, const char *text, const struct val *vals, unsigned count)
{
	struct order o = { .name = "a made text", .text = text, .count = count };
	struct cursor *c = calloc(1, sizeof *c);
	if (!c)
		return ST_MEMORY;
	*out = c;
	*c = (struct cursor){ .db = db, .row = -1, .once = true };
	write_values(&o.values, vals, count);
	return execute(db, &c->result, &o, false);
}

static enum st start(struct db *db, struct cursor **out, const struct statement *s, const struct val *vals, bool commit)
{
	struct cursor *c = &db->cursors[s->number];
	const char *text = s->text[POSTGRES];
	if (!text || (db->read_only && s->writes)) {
		log_error("%s: %s", s->name, text ? "the store was opened for reading" : "is not for PostgreSQL");
		return ST_STORE;
	}
	*out = c;
	c->db = db;
	c->row = -1;
	struct order o = { .name = s->name, .text = text, .prepared = db->session.pooled ? NULL : &db->prepared[s->number], .count = s->values };
	write_values(&o.values, vals, s->values);
	return execute(db, &c->result, &o, commit);
}

static enum st pg_start(struct db *db, struct cursor **out, const struct statement *sql, const struct val *vals)
{
	return start(db, out, sql, vals, false);
}

static enum st pg_step(struct cursor *c)
{
	return ++c->row < pq.ntuples(c->result) ? ST_OK : ST_DONE;
}

static bool pg_changed(struct cursor *c)
{
	return strtoll(pq.cmdTuples(c->result), NULL, 10) > 0;
}

static bool pg_is_null(struct cursor *c, unsigned column)
{
	return pq.getisnull(c->result, c->row, (int)column);
}

static const char *pg_get_text(struct cursor *c, unsigned column)
{
	return pg_is_null(c, column) ? NULL : pq.getvalue(c->result, c->row, (int)column);
}

static int64_t pg_get_int(struct cursor *c, unsigned column)
{
	const char *text = pg_get_text(c, column);
	return text ? strtoll(text, NULL, 10) : 0;
}

static void pg_end(struct cursor *c)
{
	pq.clear(c->result);
	c->result = NULL;
	if (c->once)
		free(c);
}

/* All the results of a script. The first failure counts. */
static enum st read_script(struct db *db)
{
	enum st st = ST_OK;
	for (PGresult *r; await(db) && (r = pq.getResult(db->conn)); pq.clear(r)) {
		const ExecStatusType status = pq.resultStatus(r);
		if (!st && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
			st = failed(db, r, "a script");
	}
	*db->session.warning = '\0';
	return st || !is_broken(db) ? st : ST_BUSY;
}

/* Many statements in one text: not for a pipeline. */
static enum st pg_script(struct db *db, const char *sql)
{
	enum st st = run_queue(db);
	if (st || !pq.exitPipelineMode(db->conn) || !pq.sendQuery(db->conn, sql))
		return st ? st : failed(db, NULL, "a script");
	st = read_script(db);
	return pq.enterPipelineMode(db->conn) || st ? st : failed(db, NULL, "a script");
}

/* ---- transactions ---- */

static enum st pg_begin(struct db *db, bool write)
{
	db->queued = 0;
	db->open = false;
	db->writing = write;
	db->last = write ? clock_ticks() + ANSWERS * link_patience() : 0;
	enum st st = queue(db, write ? BEGIN_WRITE : BEGIN_READ);
	if (!st && db->session.pooled)
		st = queue(db, SCHEMA);
	return st || !write ? st : queue(db, LOCK_TIMEOUT);
}

/* Nobody waits for the end of a reading transaction. */
static enum st end_reading(struct db *db)
{
	if (!db->open) {
		db->queued = 0;
		return ST_OK;
	}
	db->open = false;
	if (is_broken(db) || !send_control(db, COMMIT) || !pq.pipelineSync(db->conn))
		return failed(db, NULL, "the end of reading");
	pq.flush(db->conn);
	db->unread = true;
	return ST_OK;
}

static enum st pg_commit(struct db *db)
{
	if (!db->writing)
		return end_reading(db);
	enum st st = queue(db, COMMIT);
	const bool sent = !st && !is_broken(db);
	if (!st)
		st = run_queue(db);
	db->open = false;
	db->last = 0;
	return st == ST_BUSY && sent && is_broken(db) ? ST_IO : st;
}

static void pg_rollback(struct db *db)
{
	db->queued = 0;
	if (db->open && !is_broken(db) && !queue(db, ROLLBACK))
		(void)!run_queue(db);
	db->open = false;
	db->last = 0;
}

static enum st pg_call(struct db *db, struct cursor **out, const struct statement *sql, const struct val *vals)
{
	enum st st = pg_begin(db, true);
	if (!st)
		st = start(db, out, sql, vals, true);
	if (st)
		pg_rollback(db);
	return st;
}

static enum st pg_savepoint(struct db *db)
{
	return queue(db, SAVEPOINT);
}

static enum st pg_release(struct db *db)
{
	return queue(db, RELEASE);
}

static void pg_undo(struct db *db)
{
	if (!queue(db, UNDO))
		(void)!queue(db, RELEASE);
}

/* ---- the rest ---- */

/* A server that goes away says so on the connection: something can be read while nothing was asked. */
static bool pg_gone(struct db *db)
{
	struct pollfd socket = { .fd = pq.socket(db->conn), .events = POLLIN };
	if (is_broken(db) || socket.fd < 0)
		return true;
	read_unread(db);
	return is_broken(db) || poll(&socket, 1, 0) > 0;
}

static const char *pg_durability(struct db *db, bool *sound)
{
	*sound = db->session.sound;
	return db->session.durability;
}

static const char *pg_home(struct db *db, const char **others)
{
	*others = *db->session.others ? db->session.others : NULL;
	return db->session.schema;
}

const struct driver postgres_driver = {
	.dialect = POSTGRES,
	.open = pg_open, .close = pg_close, .script = pg_script,
	.start = pg_start, .start_text = pg_start_text, .step = pg_step, .changed = pg_changed,
	.get_int = pg_get_int, .get_text = pg_get_text,
	.is_null = pg_is_null, .end = pg_end,
	.call = pg_call, .begin = pg_begin, .commit = pg_commit, .rollback = pg_rollback,
	.savepoint = pg_savepoint, .release = pg_release, .undo = pg_undo,
	.gone = pg_gone, .durability = pg_durability, .home = pg_home,
};
