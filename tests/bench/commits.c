/* What SQLite by itself commits durably in one process: the five writes that one recorded event makes (its key,
 * the event, its hour, its day, the balance), WAL with synchronous=FULL. No HTTP, no check, no limit.
 * Usage: commits FILE EVENTS SECONDS BATCH makes the database with EVENTS events if it is not there, then prints
 * RESULT events seconds p50_ms p99_ms 0, the times being those of one commit. */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_SAMPLES = 4000000 };

enum write { KEY, EVENT, HOUR_ADD, DAY_ADD, BALANCE, WRITES };

#define ROLLUP " quantity_sum INTEGER NOT NULL, event_count INTEGER NOT NULL, quantity_min INTEGER NOT NULL," \
	" quantity_max INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL," \
	" last_event_id INTEGER NOT NULL, last_quantity INTEGER NOT NULL,"
#define ADD " DO UPDATE SET quantity_sum = quantity_sum + excluded.quantity_sum, event_count = event_count + 1," \
	" quantity_min = min(quantity_min, excluded.quantity_min), quantity_max = max(quantity_max, excluded.quantity_max)," \
	" last_at = excluded.last_at, last_event_id = excluded.last_event_id, last_quantity = excluded.last_quantity"

static const char schema[] =
	"CREATE TABLE keys (tenant_id INTEGER NOT NULL, idempotency_key TEXT NOT NULL, recorded_at INTEGER NOT NULL,"
	" event_id INTEGER NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (tenant_id, idempotency_key)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE events (tenant_id INTEGER NOT NULL, recorded_at INTEGER NOT NULL, event_id INTEGER NOT NULL,"
	" metric TEXT NOT NULL, quantity INTEGER NOT NULL, user_id INTEGER NOT NULL, resource_id TEXT, metadata TEXT,"
	" PRIMARY KEY (tenant_id, recorded_at, event_id)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE hours (tenant_id INTEGER NOT NULL, hour INTEGER NOT NULL, metric TEXT NOT NULL, user_id INTEGER NOT NULL,"
	ROLLUP " PRIMARY KEY (tenant_id, hour, metric, user_id)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE days (tenant_id INTEGER NOT NULL, day INTEGER NOT NULL, metric TEXT NOT NULL, user_id INTEGER NOT NULL,"
	ROLLUP " PRIMARY KEY (tenant_id, day, metric, user_id)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE balances (tenant_id INTEGER NOT NULL, window_start INTEGER NOT NULL, metric TEXT NOT NULL,"
	" window_end INTEGER NOT NULL," ROLLUP " PRIMARY KEY (tenant_id, window_start, metric, window_end)) STRICT, WITHOUT ROWID;";

/* ?1: the instant, ?2: the event, ?3: the key or the bucket. */
static const char *const texts[WRITES] = {
	[KEY] = "INSERT INTO keys VALUES (1, ?3, ?1, ?2, '0123456789abcdef0123456789abcdef')",
	[EVENT] = "INSERT INTO events VALUES (1, ?1, ?2, 'api_calls', 1000000, 0, NULL, '{\"endpoint\":\"/x\"}')",
	[HOUR_ADD] = "INSERT INTO hours VALUES (1, ?3, 'api_calls', 0, 1000000, 1, 1000000, 1000000, ?1, ?1, ?2, 1000000)"
		" ON CONFLICT" ADD,
	[DAY_ADD] = "INSERT INTO days VALUES (1, ?3, 'api_calls', 0, 1000000, 1, 1000000, 1000000, ?1, ?1, ?2, 1000000)"
		" ON CONFLICT" ADD,
	[BALANCE] = "INSERT INTO balances VALUES (1, ?3, 'api_calls', ?3 + 1, 1000000, 1, 1000000, 1000000, ?1, ?1, ?2, 1000000)"
		" ON CONFLICT" ADD,
};

struct loop {
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *writes[WRITES];
	int64_t last; /* event */
};

static void die(struct loop *l, const char *what)
{
	fprintf(stderr, "commits: %s: %s\n", what, sqlite3_errmsg(l->db));
	exit(1);
}

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t instant_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* ---- the database ---- */

static void execute(struct loop *l, const char *sql)
{
	if (sqlite3_exec(l->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(l, sql);
}

static sqlite3_stmt *prepare(struct loop *l, const char *sql)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
		die(l, sql);
	return s;
}

static int64_t one_number(struct loop *l, const char *sql)
{
	sqlite3_stmt *s = prepare(l, sql);
	int64_t value = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	return value;
}

static void open_loop(struct loop *l, const char *file)
{
	if (sqlite3_open_v2(file, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		die(l, file);
	execute(l, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY");
	if (!one_number(l, "SELECT count(*) FROM sqlite_master"))
		execute(l, schema);
	l->begin = prepare(l, "BEGIN IMMEDIATE");
	l->commit = prepare(l, "COMMIT");
	for (int i = 0; i < WRITES; i++)
		l->writes[i] = prepare(l, texts[i]);
	l->last = one_number(l, "SELECT max(event_id) FROM events");
}

/* ---- writing ---- */

static void run(struct loop *l, sqlite3_stmt *s)
{
	if (sqlite3_step(s) != SQLITE_DONE)
		die(l, "a statement failed");
	sqlite3_reset(s);
}

static void write_one(struct loop *l, enum write which, int64_t at)
{
	sqlite3_bind_int64(l->writes[which], 1, at);
	sqlite3_bind_int64(l->writes[which], 2, l->last);
	run(l, l->writes[which]);
}

static void add_event(struct loop *l)
{
	const int64_t at = instant_now(), hour = 3600000000, day = 24 * hour;
	char key[32];
	l->last++;
	snprintf(key, sizeof key, "bench-%d-%lld", 1, (long long)l->last);
	sqlite3_bind_text(l->writes[KEY], 3, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(l->writes[HOUR_ADD], 3, at - at % hour);
	sqlite3_bind_int64(l->writes[DAY_ADD], 3, at - at % day);
	sqlite3_bind_int64(l->writes[BALANCE], 3, 0);
	for (int i = 0; i < WRITES; i++)
		write_one(l, (enum write)i, at);
}

static void commit_events(struct loop *l, int batch)
{
	run(l, l->begin);
	for (int i = 0; i < batch; i++)
		add_event(l);
	run(l, l->commit);
}

/* ---- measuring ---- */

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void measure(struct loop *l, double seconds, int batch)
{
	static double samples[MAX_SAMPLES];
	const double start = seconds_now();
	double last = start;
	int n = 0;
	while (last - start < seconds && n < MAX_SAMPLES) {
		commit_events(l, batch);
		const double t = seconds_now();
		samples[n++] = t - last;
		last = t;
	}
	qsort(samples, (size_t)n, sizeof *samples, ascending);
	printf("RESULT %lld %.3f %.3f %.3f 0\n", (long long)n * batch, last - start, samples[n / 2] * 1e3, samples[n * 99LL / 100] * 1e3);
}

int main(int argc, char **argv)
{
	struct loop l = { 0 };
	if (argc != 5)
		return fprintf(stderr, "usage: commits FILE EVENTS SECONDS BATCH\n"), 2;
	open_loop(&l, argv[1]);
	for (long missing = strtol(argv[2], NULL, 10) - l.last; missing > 0; missing -= 500)
		commit_events(&l, missing < 500 ? (int)missing : 500);
	measure(&l, strtod(argv[3], NULL), (int)strtol(argv[4], NULL, 10));
	sqlite3_close(l.db);
	return 0;
}
