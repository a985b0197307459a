/* Facts of the strict JSON reader and the exact writer. */
#include "facts.h"

#include <stdio.h>

#include "base/json.h"

static struct arena *arena;

static enum st parse(const struct json **root, struct faults *faults, const char *text, size_t size)
{
	*faults = (struct faults){ .arena = arena };
	return json_parse(root, faults, arena, text, size);
}

static void refuses(const char *text, size_t size, const char *pointer, const char *part)
{
	const struct json *root;
	struct faults f;
	assert_int_equal(parse(&root, &f, text, size), ST_INVALID);
	assert_int_equal(f.count, 1);
	assert_string_equal(f.item[0].pointer, pointer);
	if (!strstr(f.item[0].detail, part))
		fail_msg("\"%s\" does not say \"%s\"", f.item[0].detail, part);
}

#define REFUSES(text, pointer, part) refuses(text, sizeof(text) - 1, pointer, part)

static void refuses_what_is_no_json(void **state)
{
	(void)state;
	REFUSES("", "", "empty");
	REFUSES("{", "", "not valid JSON");
	REFUSES("{\"a\":1,}", "", "not valid JSON");
	REFUSES("[1 2]", "", "not valid JSON");
	REFUSES("nul", "", "not valid JSON");
	REFUSES("NaN", "", "not valid JSON");
	REFUSES("{} {}", "", "not valid JSON near byte 4");
	REFUSES("{\"a\":1}x", "", "not valid JSON near byte 8");
	REFUSES("{1:2}", "", "a name must be a string");
	REFUSES("// x\n1", "", "not valid JSON");
	REFUSES("\"abc", "", "a string does not end");
}

static void refuses_numbers_outside_the_grammar(void **state)
{
	(void)state;
	REFUSES("01", "", "malformed number");
	REFUSES("1.", "", "malformed number");
	REFUSES("-", "", "malformed number");
	REFUSES("1e", "", "malformed number");
	REFUSES("1.2.3", "", "malformed number");
	REFUSES("--1", "", "malformed number");
	REFUSES("+1", "", "not valid JSON");
	REFUSES("0x10", "", "not valid JSON");
}

static void refuses_bad_text(void **state)
{
	(void)state;
	REFUSES("\"\xff\"", "", "bad UTF-8");
	REFUSES("\"\xc0\xaf\"", "", "bad UTF-8");
	REFUSES("\"\xed\xa0\x80\"", "", "bad UTF-8");
	REFUSES("\"\xf4\x90\x80\x80\"", "", "bad UTF-8");
	REFUSES("\"\xe2\x82\"", "", "bad UTF-8");
	REFUSES("\"a\nb\"", "", "control character");
	REFUSES("\"a\0b\"", "", "control character");
	REFUSES("\"\\u0000\"", "", "U+0000");
	REFUSES("\"\\ud800\"", "", "not valid JSON");
	REFUSES("\"\\x\"", "", "not valid JSON");
	REFUSES("\xef\xbb\xbf{}", "", "unexpected character");
	REFUSES("{}\0", "", "unexpected character");
	REFUSES("[\v1]", "", "unexpected character");
}

static void names_the_place_of_a_duplicate(void **state)
{
	(void)state;
	REFUSES("{\"a\":1,\"a\":2}", "/a", "twice");
	REFUSES("{\"a\":[0,{\"b/c\":1,\"~\":2,\"b/c\":3}]}", "/a/1/b~1c", "twice");
	REFUSES("{\"a\":1,\"\\u0061\":2}", "/a", "twice");
}

static void tells_names_apart_by_case(void **state)
{
	const struct json *root;
	struct faults f;
	(void)state;
	assert_int_equal(parse(&root, &f, "{\"Amount\":1,\"amount\":2}", 23), ST_OK);
	assert_string_equal(json_text(json_get(root, "amount")), "2");
	assert_null(json_get(root, "AMOUNT"));
}

static void refuses_more_than_32_levels(void **state)
{
	char text[100];
	const struct json *root;
	struct faults f;
	(void)state;
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	assert_int_equal(parse(&root, &f, text + 1, 64), ST_OK);
	refuses(text, 66, "", "32 levels");
}

/* An object of so many members, a1 to aN, in `text`. */
static size_t object_of(char *text, size_t room, unsigned members)
{
	size_t size = 0;
	for (unsigned i = 1; i <= members; i++)
		size += (size_t)snprintf(text + size, room - size, "%s\"a%u\":%u", i == 1 ? "{" : ",", i, i);
	return size + (size_t)snprintf(text + size, room - size, "}");
}

static void takes_256_members_and_no_more(void **state)
{
	char text[8192];
	const struct json *root;
	struct faults f;
	(void)state;
	assert_int_equal(parse(&root, &f, text, object_of(text, sizeof text, 256)), ST_OK);
	assert_string_equal(json_text(json_get(root, "a256")), "256");
	refuses(text, object_of(text, sizeof text, 257), "", "256 members");
}

/* Numbers, `items` of them, in an array. */
static size_t array_of(char *text, unsigned items)
{
	text[0] = '[';
	for (unsigned i = 0; i < items; i++)
		memcpy(text + 1 + (size_t)i * 2, "1,", 2);
	text[(size_t)items * 2] = ']';
	return (size_t)items * 2 + 1;
}

static void takes_10000_items_and_no_more(void **state)
{
	static char text[20010];
	const struct json *root;
	struct faults f;
	(void)state;
	assert_int_equal(parse(&root, &f, text, array_of(text, 10000)), ST_OK);
	assert_int_equal(json_count(root), 10000);
	refuses(text, array_of(text, 10001), "", "10,000 items");
}

static void keeps_the_digits_of_numbers(void **state)
{
	static const char *const numbers[] = { "0", "-0", "9007199254740993", "12345678901234567890", "1.10", "1e400", "-2.5E-3" };
	const struct json *root;
	struct faults f;
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		assert_int_equal(parse(&root, &f, numbers[i], strlen(numbers[i])), ST_OK);
		assert_int_equal(json_kind(root), JSON_NUMBER);
		assert_string_equal(json_text(root), numbers[i]);
	}
	assert_int_equal(parse(&root, &f, "\"12\"", 4), ST_OK);
	assert_int_equal(json_kind(root), JSON_STRING);
}

/* A value written `times` times as the items of one array. */
static struct text rewritten(const char *text, unsigned times)
{
	const struct json *root;
	struct faults f;
	assert_int_equal(parse(&root, &f, text, strlen(text)), ST_OK);
	struct text out = text_new(arena, 1000);
	struct jwriter w = jw_new(&out);
	jw_array(&w, NULL);
	for (unsigned i = 0; i < times; i++)
		jw_value(&w, NULL, root);
	jw_end(&w);
	return out;
}

static void writes_back_what_it_read(void **state)
{
	(void)state;
	assert_string_equal(rewritten("{\"a\":[1.10,true,false,null,\"\\\"\\\\\\u0007\xc3\xa9\"],\"b\":{},\"c\":[],\"d\":9007199254740993}", 1).bytes,
	                    "[{\"a\":[1.10,true,false,null,\"\\\"\\\\\\u0007\xc3\xa9\"],\"b\":{},\"c\":[],\"d\":9007199254740993}]");
}

/* The slow and plain way, byte by byte. */
static void escape_plainly(char *out, const char *s)
{
	*out++ = '"';
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			out += sprintf(out, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			out += sprintf(out, "\\u%04x", *s);
		else
			*out++ = *s;
	}
	strcpy(out, "\"");
}

static void escapes_what_must_be_wherever_it_stands(void **state)
{
	static const char specials[] = { '"', '\\', 0x01, 0x1f, ' ', '!', '#', '[', ']', 0x7f, (char)0x80, (char)0xa2, (char)0xff };
	char string[40], expected[200];
	(void)state;
	for (size_t size = 0; size < sizeof string; size++)
		for (size_t at = 0; at < size; at++)
			for (size_t k = 0; k < sizeof specials; k++) {
				struct text out = text_new(arena, 1000);
				struct jwriter w = jw_new(&out);
				memset(string, 'x', size);
				string[size] = '\0';
				string[at] = specials[k];
				jw_string(&w, NULL, string);
				escape_plainly(expected, string);
				assert_string_equal(out.bytes, expected);
				arena_reset(arena);
			}
}

static void writes_the_names_of_others_with_escapes_and_commas(void **state)
{
	(void)state;
	assert_string_equal(rewritten("{\"a\\\"b\":{\"\\u0001\":1,\"\":[{},{\"x\":null}]},\"c\":[[],\"d\"]}", 2).bytes,
	                    "[{\"a\\\"b\":{\"\\u0001\":1,\"\":[{},{\"x\":null}]},\"c\":[[],\"d\"]},"
	                    "{\"a\\\"b\":{\"\\u0001\":1,\"\":[{},{\"x\":null}]},\"c\":[[],\"d\"]}]");
}

static void a_text_never_grows_past_its_cap(void **state)
{
	struct text t = text_new(arena, 10);
	(void)state;
	text_adds(&t, "123456789");
	text_adds(&t, "ab");
	assert_true(t.failed);
	assert_string_equal(t.bytes, "123456789");
	text_adds(&t, "c");
	assert_int_equal(t.size, 9);
}

static void an_arena_never_gives_more_than_its_cap(void **state)
{
	struct arena *small;
	(void)state;
	assert_int_equal(arena_open(&small, 1000), ST_OK);
	assert_non_null(arena_take(small, 600));
	assert_null(arena_take(small, 600));
	assert_null(arena_take(small, SIZE_MAX));
	arena_reset(small);
	assert_non_null(arena_take(small, 600));
	arena_close(small);
}

/* The items of a text, each by its own arena; ends with what ended them. */
static enum st walk(const char *text, size_t size, unsigned *count, struct faults *faults)
{
	struct json_items items;
	const struct json *item;
	struct arena *room;
	*count = 0;
	*faults = (struct faults){ .arena = arena };
	assert_int_equal(arena_open(&room, 1 << 20), ST_OK);
	enum st st = json_items_open(&items, faults, text, size);
	while (!st || st == ST_TOO_LARGE) {
		arena_reset(room);
		st = json_items_next(&item, &items, room);
		*count += !st;
	}
	arena_close(room);
	return st;
}

static void reads_an_array_item_by_item_as_it_reads_the_whole(void **state)
{
	static const char *const texts[] = {
		"[]", " [ ] ", "[1]", "[1,2 , 3]", "[\"a,b]\",\"\\\"]\",{\"a\":[1,{\"b\":\"]\"}]}]", "[[],[[]],{}]", "[null,true,-1.5e3,\"\"]",
		"[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1] 2", "[1,,2]", "[{]", "[}]", "[{\"a\":1],2}]", "[\"a]", "[\"\\", "[tru]", "[01]",
		"[{\"a\":1,\"a\":2}]", "[\"\x01\"]", "[\"\xff\"]", "[\"\\u0000\"]", "[1]\n,", "[\"\\ud800\"]",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const struct json *root = NULL;
		struct faults whole, parts;
		unsigned count;
		const enum st st = parse(&root, &whole, texts[i], strlen(texts[i]));
		const enum st by_item = walk(texts[i], strlen(texts[i]), &count, &parts);
		if (by_item != (st ? st : ST_DONE) || (!st && count != json_count(root)) || parts.count != whole.count)
			fail_msg("%s: %d and %d, %u items", texts[i], (int)st, (int)by_item, count);
	}
}

static void an_array_of_any_length_needs_the_memory_of_one_item(void **state)
{
	enum { ITEMS = 200000 };
	static char text[ITEMS * 8 + 2] = "[";
	struct faults f;
	unsigned count;
	(void)state;
	for (size_t i = 0; i < ITEMS; i++)
		memcpy(text + 1 + i * 8, "[1,1,1],", 8);
	text[ITEMS * 8] = ']';
	assert_int_equal(walk(text, ITEMS * 8 + 1, &count, &f), ST_DONE);
	assert_int_equal(count, ITEMS);
}

static void passes_an_item_that_is_too_large_and_reads_the_next(void **state)
{
	static char text[JSON_ITEM_CAP + 100];
	struct faults f;
	unsigned count;
	(void)state;
	memset(text, ' ', sizeof text);
	memcpy(text, "[1,[", 4);
	memcpy(text + sizeof text - 6, "],2,3]", 6);
	assert_int_equal(walk(text, sizeof text, &count, &f), ST_DONE);
	assert_int_equal(count, 3);
}

static void an_array_is_as_deep_item_by_item(void **state)
{
	char text[80];
	struct faults f;
	unsigned count;
	(void)state;
	for (size_t depth = 30; depth <= 34; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(walk(text, 2 * depth, &count, &f), depth > JSON_DEPTH_CAP ? ST_INVALID : ST_DONE);
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(refuses_what_is_no_json),
		FACT(refuses_numbers_outside_the_grammar),
		FACT(refuses_bad_text),
		FACT(names_the_place_of_a_duplicate),
		FACT(tells_names_apart_by_case),
		FACT(refuses_more_than_32_levels),
		FACT(takes_256_members_and_no_more),
		FACT(takes_10000_items_and_no_more),
		FACT(reads_an_array_item_by_item_as_it_reads_the_whole),
		FACT(an_array_of_any_length_needs_the_memory_of_one_item),
		FACT(passes_an_item_that_is_too_large_and_reads_the_next),
		FACT(an_array_is_as_deep_item_by_item),
		FACT(keeps_the_digits_of_numbers),
		FACT(writes_back_what_it_read),
		FACT(escapes_what_must_be_wherever_it_stands),
		FACT(writes_the_names_of_others_with_escapes_and_commas),
		FACT(a_text_never_grows_past_its_cap),
		FACT(an_arena_never_gives_more_than_its_cap),
	};
	if (arena_open(&arena, 16 << 20))
		return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	arena_close(arena);
	return failed;
}
