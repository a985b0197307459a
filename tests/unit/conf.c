/* Facts of the configuration: what its file may be, and what its lines may hold. */
#include "facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "folder.h"

static char folder[64], path[96];
static struct arena *arena;
static struct faults faults;

static int fresh(void **state)
{
	(void)state;
	arena_reset(arena);
	faults = (struct faults){ .arena = arena };
	if (folder_made(folder, "conf"))
		return 1;
	snprintf(path, sizeof path, "%s/pennymeter.conf", folder);
	return setenv("PENNYMETER_DATA", folder, 1);
}

static int removed(void **state)
{
	(void)state;
	return folder_removed(folder);
}

static void put(const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	assert_int_equal(close(fd), 0);
}

static const char *store_of(void)
{
	struct conf conf;
	assert_int_equal(conf_load(&conf, &faults, arena), ST_OK);
	return conf.text[CONF_STORE];
}

static void refuses(const char *pointer, const char *detail)
{
	struct conf conf;
	assert_int_equal(conf_load(&conf, &faults, arena), ST_INVALID);
	assert_int_equal(faults.count, 1);
	if (!strstr(faults.item[0].pointer, pointer) || !strstr(faults.item[0].detail, detail))
		fail_msg("%s: %s", faults.item[0].pointer, faults.item[0].detail);
}

/* "store = xxx…" with a line of so many bytes, and one behind it. */
static char *with_line(size_t length, const char *behind)
{
	char *text = arena_take(arena, length + strlen(behind) + 2);
	assert_non_null(text);
	memset(text, 'x', length);
	memcpy(text, "store = ", 8);
	text[length] = '\n';
	memcpy(text + length + 1, behind, strlen(behind) + 1);
	return text;
}

static void a_missing_file_means_the_defaults(void **state)
{
	(void)state;
	assert_string_equal(store_of(), "pennymeter.db");
}

static void a_line_is_taken_whole_up_to_its_cap(void **state)
{
	(void)state;
	static const size_t lengths[] = { 1022, 1023, 1024, 4095, CONF_LINE_CAP };
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		const char *text = with_line(lengths[i], "late_days = 3\n");
		put(text, strlen(text));
		assert_int_equal(strlen(store_of()), lengths[i] - 8);
	}
}

static void a_longer_line_is_refused_by_its_number(void **state)
{
	(void)state;
	const char *text = with_line(CONF_LINE_CAP + 1, "late_days = 3\n");
	put(text, strlen(text));
	refuses("pennymeter.conf:1", "longer than 8192 bytes");
}

static void the_last_line_needs_no_end_and_blanks_do_not_count(void **state)
{
	(void)state;
	static const char text[] = "# a = b\r\n\r\n\t store\t=  a#b 'c' \"d\"  \r";
	put(text, sizeof text - 1);
	assert_string_equal(store_of(), "a#b 'c' \"d\"");
}

static void a_nul_byte_is_refused_by_its_line(void **state)
{
	(void)state;
	static const char text[] = "late_days = 3\nstore = a\0b\n";
	put(text, sizeof text - 1);
	refuses("pennymeter.conf:2", "NUL byte");
}

static void a_line_without_a_value_is_refused(void **state)
{
	(void)state;
	put("late_days = 3\nstore\n", 20);
	refuses("pennymeter.conf:2", "want KEY = VALUE");
}

static void a_file_over_its_cap_is_refused(void **state)
{
	(void)state;
	put("#", 1);
	assert_int_equal(truncate(path, CONF_FILE_CAP + 1), 0);
	refuses("/pennymeter.conf", "larger than 262144 bytes");
}

static void what_is_no_file_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	refuses("/pennymeter.conf", "not a file of text");
	unlink(path);
	faults.count = 0;
	assert_int_equal(mkdir(path, 0700), 0);
	refuses("/pennymeter.conf", "not a file of text");
}

static void another_file_is_read_in_its_place(void **state)
{
	(void)state;
	struct conf conf;
	put("store = other\n", 14);
	char *new = arena_format(arena, "%s.new", path);
	assert_int_equal(rename(path, new), 0);
	assert_string_equal(store_of(), "pennymeter.db");
	assert_int_equal(conf_load_from(&conf, &faults, arena, new), ST_OK);
	assert_string_equal(conf.text[CONF_STORE], "other");
}

#define CONF_FACT(function) cmocka_unit_test_setup_teardown(function, fresh, removed)

int main(void)
{
	const struct CMUnitTest facts[] = {
		CONF_FACT(a_missing_file_means_the_defaults),
		CONF_FACT(a_line_is_taken_whole_up_to_its_cap),
		CONF_FACT(a_longer_line_is_refused_by_its_number),
		CONF_FACT(the_last_line_needs_no_end_and_blanks_do_not_count),
		CONF_FACT(a_nul_byte_is_refused_by_its_line),
		CONF_FACT(a_line_without_a_value_is_refused),
		CONF_FACT(a_file_over_its_cap_is_refused),
		CONF_FACT(what_is_no_file_is_refused_at_once),
		CONF_FACT(another_file_is_read_in_its_place),
	};
	if (arena_open(&arena, 4 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
