/* Facts of flat bytes: they come back as they were added, and from bytes that are cut off or changed nothing is read
 * past their end. */
#include "facts.h"

#include "base/flat.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	return arena_open(&arena, 1 << 20);
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static struct text filled(void)
{
	struct text t = text_new(arena, 4096);
	flat_add_int(&t, INT64_MIN);
	flat_add_text(&t, "Kisten\n");
	flat_add_text(&t, NULL);
	flat_add_text(&t, "");
	flat_add_int(&t, 7);
	return t;
}

static struct flat_reader reader_of(const char *bytes, size_t size)
{
	return (struct flat_reader){ bytes, bytes + size };
}

static void what_was_added_comes_back(void **state)
{
	(void)state;
	const struct text t = filled();
	struct flat_reader r = reader_of(t.bytes, t.size);
	assert_true(flat_int(&r) == INT64_MIN);
	assert_string_equal(flat_text(&r), "Kisten\n");
	assert_null(flat_text(&r));
	assert_string_equal(flat_text(&r), "");
	assert_true(flat_int(&r) == 7);
	assert_false(r.failed);
	assert_ptr_equal(r.at, r.end);
	assert_true(flat_int(&r) == 0);
	assert_true(r.failed);
}

static void cut_off_anywhere_it_fails(void **state)
{
	(void)state;
	const struct text t = filled();
	for (size_t size = 0; size < t.size; size++) {
		char *piece = test_malloc(size + 1); /* whoever reads past its end is seen */
		memcpy(piece, t.bytes, size);
		struct flat_reader r = reader_of(piece, size);
		flat_int(&r), flat_text(&r), flat_text(&r), flat_text(&r), flat_int(&r);
		assert_true(r.failed);
		test_free(piece);
	}
}

static void a_text_of_another_size_is_none(void **state)
{
	(void)state;
	for (int64_t size = -1; size < 100; size++) {
		struct text t = text_new(arena, 4096);
		flat_add_int(&t, size);
		text_add(&t, "abc\0def", 8);
		struct flat_reader r = reader_of(t.bytes, t.size);
		const char *text = flat_text(&r);
		assert_true(r.failed == (size != 0 && size != 4));
		assert_true((text != NULL) == (size == 4));
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(what_was_added_comes_back), FACT(cut_off_anywhere_it_fails), FACT(a_text_of_another_size_is_none),
	};
	return cmocka_run_group_tests_name("flat bytes", facts, open_arena, close_arena);
}
