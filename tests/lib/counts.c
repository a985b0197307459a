/* Preloaded into a function, counts what it asks of SQLite and what SQLite does for it, of the disk and of the heap. The file
 * that COUNTS names holds the numbers, in the order of `enum count`, while the program runs. */
#include <dlfcn.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum count { QUERIES, TRANSACTIONS, PREPARES, SYNCS, ALLOCATIONS, STEPS, COUNTS };

static uint64_t none[COUNTS], *counts = none;

static void add(enum count which)
{
	__atomic_fetch_add(&counts[which], 1, __ATOMIC_RELAXED);
}

__attribute__((constructor)) static void open_counts(void)
{
	const char *path = getenv("COUNTS");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return;
	void *p = ftruncate(fd, sizeof none) ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		counts = p;
	close(fd);
}

/* The function of the same name that comes after this library. */
#define NEXT(name) ({ \
	static __typeof__(&name) next; \
	if (!next) \
		next = (__typeof__(next))dlsym(RTLD_NEXT, #name); \
	next; \
})

/* ---- SQLite ---- */

/* BEGIN, COMMIT and savepoints ask for no row: they are counted apart. What SQLite asks itself, as it
 * reads the schema, has no text. */
static enum count kind_of(const char *sql)
{
	static const char *const control[] = { "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE" };
	for (size_t i = 0; i < sizeof control / sizeof *control && sql; i++)
		if (!strncmp(sql, control[i], strlen(control[i])))
			return TRANSACTIONS;
	return QUERIES;
}

int sqlite3_step(sqlite3_stmt *s)
{
	if (!NEXT(sqlite3_stmt_busy)(s))
		add(kind_of(NEXT(sqlite3_sql)(s)));
	return NEXT(sqlite3_step)(s);
}

/* Steps of SQLite's machine: in proportion to the rows that are looked at, and the same each time. */
int sqlite3_reset(sqlite3_stmt *s)
{
	if (s)
		__atomic_fetch_add(&counts[STEPS], (uint64_t)NEXT(sqlite3_stmt_status)(s, SQLITE_STMTSTATUS_VM_STEP, 1), __ATOMIC_RELAXED);
	return NEXT(sqlite3_reset)(s);
}

int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int size, sqlite3_stmt **out, const char **rest)
{
	add(PREPARES);
	return NEXT(sqlite3_prepare_v2)(db, sql, size, out, rest);
}

int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **out, const char **rest)
{
	add(PREPARES);
	return NEXT(sqlite3_prepare_v3)(db, sql, size, flags, out, rest);
}

/* ---- the disk ---- */

int fsync(int fd)
{
	add(SYNCS);
	return NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	add(SYNCS);
	return NEXT(fdatasync)(fd);
}

/* ---- the heap; dlsym() may want it itself, so glibc's own names are called ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

void *malloc(size_t size)
{
	add(ALLOCATIONS);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	add(ALLOCATIONS);
	return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
	add(ALLOCATIONS);
	return __libc_realloc(at, size);
}
