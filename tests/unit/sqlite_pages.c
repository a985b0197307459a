/* Facts of the checksums in SQLite's pages, and of the proof that reads them (shared/store/sqlite_pages.h, sqlite_prove.h). */
#include "lite_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "store/sqlite_pages.h"

enum { PAGE = 4096 };

static char log_file[136];
static char told[8][256];
static unsigned count;

static void tell(void *context, const char *text)
{
	(void)context;
	snprintf(told[count % 8], sizeof told[0], "%s", text);
	count++;
}

static struct file_facts proved(bool accept)
{
	const struct witness witness = { .tell = tell, .accept = accept };
	struct file_facts facts;
	count = 0;
	assert_int_equal(sqlite_driver.prove(file, &witness, &facts), ST_OK);
	assert_int_equal(facts.differences, count);
	return facts;
}

#define ROWS_OF(n, with) "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " n ") " \
	"INSERT INTO t SELECT i, hex(zeroblob(400)) || '" with "' FROM n WHERE true ON CONFLICT (id) DO UPDATE SET text = excluded.text"

/* A program that does not know of our layer. */
static void foreign(const char *sql)
{
	sqlite3 *other;
	assert_int_equal(sqlite3_open(file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void poke(const char *path, off_t at, unsigned char mask)
{
	unsigned char byte;
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= mask;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static int fresh(void **state)
{
	(void)state;
	struct db *db = lite_file_made("pages");
	if (!db)
		return 1;
	snprintf(log_file, sizeof log_file, "%s-wal", file);
	run(db, ROWS_OF("400", "x") "; PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite_driver.close(db);
	return 0;
}

/* ---- the sum ---- */

static void every_bit_of_a_page_and_its_number_count(void **state)
{
	static unsigned char page[PAGE];
	(void)state;
	for (size_t i = 0; i < PAGE; i++)
		page[i] = (unsigned char)(i * 31 + i / 256);
	page_seal(page, PAGE, 7);
	assert_int_equal(page_judge(page, PAGE, 7), PAGE_RIGHT);
	assert_int_equal(page_judge(page, PAGE, 8), PAGE_WRONG);
	for (size_t bit = 0; bit < PAGE * 8; bit++) {
		page[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_int_equal(page_judge(page, PAGE, 7), PAGE_WRONG);
		page[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
}

static void two_bits_of_one_lane_do_not_undo_each_other(void **state)
{
	static unsigned char page[PAGE];
	(void)state;
	memset(page, 0x5a, sizeof page);
	page_seal(page, PAGE, 1);
	for (size_t a = 7; a < 512; a += 8) /* the upper bit of each word */
		for (size_t b = a + 8; b < 512; b += 8) {
			page[a] ^= 0x80, page[b] ^= 0x80;
			assert_int_equal(page_judge(page, PAGE, 1), PAGE_WRONG);
			page[a] ^= 0x80, page[b] ^= 0x80;
		}
}

static void pages_of_any_size_can_be_sealed(void **state)
{
	static unsigned char page[PAGE_MOST];
	(void)state;
	for (size_t size = PAGE_LEAST; size <= PAGE_MOST; size *= 2) {
		memset(page, 0, sizeof page);
		assert_int_equal(page_judge(page, size, 3), PAGE_EMPTY);
		page[0] = 1;
		assert_int_equal(page_judge(page, size, 3), PAGE_BARE);
		page_seal(page, size, 3);
		assert_int_equal(page_judge(page, size, 3), PAGE_RIGHT);
		page[size - PAGE_RESERVE - 1] ^= 1;
		assert_int_equal(page_judge(page, size, 3), PAGE_WRONG);
	}
	assert_int_equal(page_of_locks(4096), 262145);
	assert_int_equal(page_of_locks(65536), 16385);
}

/* ---- the file ---- */

static void a_new_file_is_sealed_page_by_page(void **state)
{
	const struct file_facts facts = proved(false);
	(void)state;
	assert_true(facts.sealed && facts.pages > 50);
	assert_int_equal(facts.bare, 0);
	assert_int_equal(facts.differences, 0);
}

static void a_damaged_page_is_named_with_its_table(void **state)
{
	(void)state;
	poke(file, 20 * PAGE + 3000, 4); /* a letter of a text: nothing that SQLite could miss */
	assert_true(proved(false).differences == 1);
	assert_non_null(strstr(told[0], "page 21 of t "));
}

static void what_the_log_has_anew_does_not_count_in_the_file(void **state)
{
	struct db *db = open_file(DB_WRITE);
	(void)state;
	run(db, ROWS_OF("400", "y"));
	poke(file, 20 * PAGE + 3000, 4);
	assert_int_equal(proved(false).differences, 0);
	run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(proved(false).differences, 0);
	sqlite_driver.close(db);
}

static void a_damaged_frame_of_the_log_is_named(void **state)
{
	struct db *db = open_file(DB_WRITE);
	(void)state;
	run(db, ROWS_OF("400", "y"));
	poke(log_file, 32 + 4 * (24 + PAGE) + 1000, 4);
	assert_true(proved(false).differences > 0); /* or why it cannot be opened any more */
	sqlite_driver.close(db);
}

static void a_cut_file_is_told(void **state)
{
	(void)state;
	assert_int_equal(truncate(file, 10 * PAGE), 0);
	assert_true(proved(false).differences > 0);
	assert_non_null(strstr(told[0], "behind page 10"));
}

static void a_log_that_another_program_brought_in_is_no_damage(void **state)
{
	struct db *db = open_file(DB_WRITE);
	(void)state;
	run(db, ROWS_OF("600", "y"));
	sqlite_driver.close(db);
	foreign("PRAGMA wal_checkpoint(TRUNCATE)");
	const struct file_facts facts = proved(false);
	assert_int_equal(facts.differences, 0);
	assert_true(facts.bare > 0);
}

static void what_another_program_wrote_is_told_and_can_be_accepted(void **state)
{
	(void)state;
	foreign("UPDATE t SET text = text || 'z' WHERE id < 20");
	assert_true(proved(false).differences > 0);
	assert_true(proved(true).accepted > 0);
	assert_int_equal(count, 0);
	assert_int_equal(proved(false).differences, 0);
}

static void a_file_made_without_our_layer_has_no_checksums_and_its_copy_has(void **state)
{
	char copy[128];
	(void)state;
	snprintf(file, sizeof file, "%s/b.db", folder);
	foreign("PRAGMA journal_mode=WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL);" ROWS_OF("400", "x"));
	assert_true(!proved(false).sealed && !count);
	snprintf(copy, sizeof copy, "%s/c.db", folder);
	struct db *db = open_file(DB_READ);
	assert_int_equal(sqlite_driver.copy_to(db, copy), ST_OK);
	sqlite_driver.close(db);
	snprintf(file, sizeof file, "%s", copy);
	const struct file_facts facts = proved(false);
	assert_true(facts.sealed && !facts.bare && !count);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(every_bit_of_a_page_and_its_number_count),
		FACT(two_bits_of_one_lane_do_not_undo_each_other),
		FACT(pages_of_any_size_can_be_sealed),
		FILE_FACT(a_new_file_is_sealed_page_by_page),
		FILE_FACT(a_damaged_page_is_named_with_its_table),
		FILE_FACT(what_the_log_has_anew_does_not_count_in_the_file),
		FILE_FACT(a_damaged_frame_of_the_log_is_named),
		FILE_FACT(a_cut_file_is_told),
		FILE_FACT(a_log_that_another_program_brought_in_is_no_damage),
		FILE_FACT(what_another_program_wrote_is_told_and_can_be_accepted),
		FILE_FACT(a_file_made_without_our_layer_has_no_checksums_and_its_copy_has),
	};
	if (arena_open(&arena, 16 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
