/* Facts of CSV: what is written is read again, rows are what RFC 4180 says, and what is none is refused. */
#include "facts.h"

#include <stdio.h>

#include "document/csv.h"

static struct arena *arena;
static struct faults faults;

static int open_arena(void **state)
{
	(void)state;
	return arena_open(&arena, 8 << 20);
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

/* Rows parted by |, cells by a slash; what is wrong behind a !. */
static const char *read_as(const char *bytes, size_t size)
{
	struct text t = text_new(arena, 1 << 20);
	struct csv_cells cells;
	struct csv csv;
	faults = (struct faults){ .arena = arena };
	enum st st = csv_open(&csv, bytes, size, &faults);
	text_adds(&t, "");
	while (!st && !(st = csv_row(&csv, &cells, &faults, arena))) {
		text_adds(&t, csv.row ? "|" : "");
		for (unsigned i = 0; i < cells.count && i < CSV_CELLS; i++)
			text_addf(&t, "%s%s", i ? "/" : "", cells.text[i] ? cells.text[i] : "(long)");
		text_adds(&t, cells.blank ? "(blank)" : "");
	}
	if (st != ST_DONE)
		text_addf(&t, "!%s", faults.item[0].detail);
	return t.bytes;
}

static void rows_are_read(void **state)
{
	static const struct { const char *csv, *rows; } cases[] = {
		{ "", "" }, { "\xef\xbb\xbf", "" }, { "a", "a" }, { "a\n", "a" }, { "a\r\nb\r\n", "a|b" }, { "a\rb\r", "a|b" },
		{ "a,b\r\n,\r\n", "a/b|/" }, { "a,b,", "a/b/" }, { ",", "/" }, { "\"\"\n", "" }, { "\n", "(blank)" },
		{ "a\n\n\nb", "a|(blank)|(blank)|b" }, { "\"a\"\"b\",\"c,d\"\n\"e\r\nf\"", "a\"b/c,d|e\r\nf" },
		{ "a;b,c\nd;e", "a/b,c|d/e" }, { "a\tb\nc\td", "a/b|c/d" }, { "a,b;c\n", "a/b;c" },
		{ "a\"b,c\n", "a\"b/c" }, { " \"a\"\n", " \"a\"" }, { "'=1,''=1,'s,',''\n", "=1/'=1/'s/'/''" },
		{ "'+,'-,'@,'\t,\"'\r\"\n", "+/-/@/\t/\r" },
		{ "\"a", "!row 0 begins a quoted cell that does not end" },
		{ "a\n\"b\"\"\n", "a!row 1 begins a quoted cell that does not end" },
		{ "a\n\"b\"c\n", "a!row 1 has text behind the quotes of its cell 1" },
		{ "a\xff", "!must be UTF-8: save it as \"CSV UTF-8\"" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(read_as(cases[i].csv, strlen(cases[i].csv)), cases[i].rows);
	assert_string_equal(read_as("a\0b", 3), "!the character U+0000 stands at byte 2");
}

static void what_is_written_is_read(void **state)
{
	static const char *const pieces[] = {
		"'", "=", "+", "\"", ",", "\r", "\n", ";", "\t", "a", "\xc3\xbc", " ", "@", "-",
	};
	unsigned seed = 7;
	(void)state;
	for (unsigned n = 0; n < 2000; n++) {
		char cells[3][64] = { "", "", "" };
		struct text t = text_new(arena, 1 << 12);
		struct csv_cells read;
		struct csv csv;
		for (unsigned i = 0; i < 9; i++, seed = seed * 1103515245u + 12345u)
			strcat(cells[i % 3], pieces[(seed >> 16) % 14]);
		text_adds(&t, "x,y,z\r\n");
		for (unsigned i = 0; i < 3; i++)
			csv_cell(&t, cells[i], false);
		csv_end(&t);
		assert_int_equal(csv_open(&csv, t.bytes, t.size, &faults), ST_OK);
		assert_int_equal(csv_row(&csv, &read, &faults, arena), ST_OK);
		assert_int_equal(csv_row(&csv, &read, &faults, arena), ST_OK);
		assert_int_equal(read.count, 3);
		for (unsigned i = 0; i < 3; i++)
			assert_string_equal(read.text[i], cells[i]);
		assert_int_equal(csv_row(&csv, &read, &faults, arena), ST_DONE);
		arena_reset(arena);
	}
}

static void no_cell_begins_a_formula(void **state)
{
	static const char *const values[] = { "=1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''=1" };
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct text t = text_new(arena, 1 << 12);
		csv_cell(&t, values[i], false);
		assert_int_equal(t.bytes[0], '"');
		assert_int_equal(t.bytes[1], '\'');
		assert_string_equal(t.bytes + 2 + strlen(values[i]), "\"");
	}
	struct text t = text_new(arena, 1 << 12);
	csv_cell(&t, "-1.5", true);
	assert_string_equal(t.bytes, "-1.5");
}

static void what_is_too_large_is_told_and_not_kept(void **state)
{
	(void)state;
	const size_t size = CSV_CELL_CAP + 4;
	char *csv = arena_take(arena, size + 1);
	memset(csv, 'x', size);
	memcpy(csv, "a,", 2);
	assert_string_equal(read_as(csv, size), "a/(long)");
	csv[size - 2] = '\0';
	assert_string_equal(strrchr(read_as(csv, size - 2), '/') + CSV_CELL_CAP, "x");
	memset(csv, ',', 200);
	csv[200] = '\0';
	struct csv_cells cells;
	struct csv many;
	assert_int_equal(csv_open(&many, csv, 200, &faults), ST_OK);
	assert_int_equal(csv_row(&many, &cells, &faults, arena), ST_OK);
	assert_int_equal(cells.count, 201);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(rows_are_read),
		FACT(what_is_written_is_read),
		FACT(no_cell_begins_a_formula),
		FACT(what_is_too_large_is_told_and_not_kept),
	};
	return cmocka_run_group_tests(facts, open_arena, close_arena);
}
