/* Facts of shapes: what is read, what is kept, and that each has its table's columns. */
#include "facts.h"

#include <stdio.h>

#include "billing/customer.h"
#include "billing/product.h"
#include "billing/tax.h"
#include "billing/tax_number.h"

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

/* ---- a shape of every type ---- */

struct item { const char *word; int64_t count; };
struct thing { const char *text, *lines, *email, *price, *words, *items, *custom; int64_t number, id; };

static const struct param word[] = { { "", P_TEXT, REQUIRED, "a word", 1, 5 }, { 0 } };
static const struct param item_shape[] = {
	{ "word", P_TEXT, REQUIRED, "a word", 1, 5, AT(struct item, word) },
	{ "count", P_INT, OPTIONAL, "how many", 0, 9, AT(struct item, count) },
	{ 0 },
};
static const struct param thing_shape[] = {
	{ "id", P_ID, GIVEN, "its number", AT(struct thing, id) },
	{ "text", P_TEXT, REQUIRED, "some text", 1, 5, AT(struct thing, text), .searched = true },
	{ "lines", P_LINES, OPTIONAL, "some lines", 0, 9, AT(struct thing, lines), .searched = true },
	{ "email", P_EMAIL, OPTIONAL, "an address", AT(struct thing, email) },
	{ "price", P_DECIMAL, OPTIONAL, "a price", 0, 100, .digits = 2, AT(struct thing, price) },
	{ "words", P_LIST, OPTIONAL, "words", 0, 3, .of = word, AT(struct thing, words) },
	{ "items", P_LIST, OPTIONAL, "items", 1, 2, .of = item_shape, AT(struct thing, items) },
	{ "custom", P_CUSTOM, OPTIONAL, "whatever", 0, 3, AT(struct thing, custom) },
	{ "number", P_INT, OPTIONAL, "a number", -5, 5, AT(struct thing, number) },
	{ 0 },
};

static enum st read_as(struct thing *thing, const char *text, enum shape_how how)
{
	const struct json *json;
	faults = (struct faults){ .arena = arena };
	assert_int_equal(json_parse(&json, &faults, arena, text, strlen(text)), ST_OK);
	return shape_read(thing, thing_shape, json, how, "beside", &faults, arena);
}

static struct thing made(const char *text)
{
	struct thing thing;
	shape_clear(&thing, thing_shape);
	if (read_as(&thing, text, MAKING))
		fail_msg("%s: %s %s", text, faults.item[0].pointer, faults.item[0].detail);
	return thing;
}

static const char *written(const struct thing *thing)
{
	struct text t = text_new(arena, 1 << 16);
	struct jwriter w = jw_new(&t);
	shape_write(&w, NULL, thing_shape, thing);
	return t.bytes;
}

/* ---- facts ---- */

static void what_is_absent_is_null(void **state)
{
	(void)state;
	const struct thing thing = made("{\"text\":\"a\",\"lines\":null,\"beside\":1}");
	assert_string_equal(written(&thing), "{\"id\":null,\"text\":\"a\",\"lines\":null,\"email\":null,\"price\":null,"
	                                     "\"words\":[],\"items\":[],\"custom\":{},\"number\":null}");
}

static void each_value_is_kept_in_one_form(void **state)
{
	(void)state;
	const struct thing thing = made("{\"text\":\"e\\u0301\",\"price\":\"1.50\",\"number\":\"-5\",\"words\":[\"b\","
		"\"a\"],"
	                                "\"items\":[{\"count\":\"3\",\"word\":\"w\"},{\"word\":\"x\"}],"
		"\"custom\":{\"a\\\"\":1.50}}");
	assert_string_equal(written(&thing), "{\"id\":null,\"text\":\"\xc3\xa9\",\"lines\":null,\"email\":null,"
		"\"price\":1.5,"
	                                     "\"words\":[\"b\",\"a\"],\"items\":[{\"word\":\"w\",\"count\":3},"
	                                     "{\"word\":\"x\",\"count\":null}],\"custom\":{\"a\\\"\":1.50},\"number\":-5}");
}

static void each_fault_is_told_at_its_place(void **state)
{
	static const struct { const char *json, *pointers; } cases[] = {
		{ "{}", "/text " },
		{ "{\"text\":\"\"}", "/text " },
		{ "{\"text\":\"123456\"}", "/text " },
		{ "{\"text\":\"a\",\"id\":1}", "/id " },
		{ "{\"text\":\"a\",\"no/t~\":1}", "/no~1t~0 " },
		{ "{\"text\":\"a\\nb\",\"lines\":\"a\\nb\"}", "/text " },
		{ "{\"text\":\"a\",\"email\":\"a@b@c\",\"price\":\"1.001\",\"number\":6}", "/email /price /number " },
		{ "{\"text\":\"a\",\"price\":101}", "/price " },
		{ "{\"text\":\"a\",\"price\":\"-0.01\"}", "/price " },
		{ "{\"text\":\"a\",\"words\":[\"a\",\"b\",\"a\"]}", "/words/2 " },
		{ "{\"text\":\"a\",\"words\":[\"123456\",\"a\"]}", "/words/0 " },
		{ "{\"text\":\"a\",\"words\":[\"a\",\"b\",\"c\",\"d\"]}", "/words " },
		{ "{\"text\":\"a\",\"items\":[]}", "/items " },
		{ "{\"text\":\"a\",\"items\":[{}]}", "/items/0/word " },
		{ "{\"text\":\"a\",\"items\":[{\"word\":\"a\",\"count\":10,"
			"\"x\":1},3]}", "/items/0/count /items/0/x /items/1 " },
		{ "{\"text\":\"a\",\"custom\":{\"a\":{}}}", "/custom/a " },
		{ "{\"text\":\"a\",\"custom\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1}}", "/custom " },
		{ "[]", " " },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct thing thing;
		char told[512] = "";
		shape_clear(&thing, thing_shape);
		assert_int_equal(read_as(&thing, cases[i].json, MAKING), ST_INVALID);
		for (unsigned k = 0; k < faults.count; k++)
			snprintf(told + strlen(told), sizeof told - strlen(told), "%s ", faults.item[k].pointer);
		assert_string_equal(told, cases[i].pointers);
	}
}

static void a_patch_clears_keeps_and_merges(void **state)
{
	(void)state;
	struct thing thing = made("{\"text\":\"a\",\"lines\":\"l\",\"words\":[\"x\"],\"custom\":{\"a\":1,\"b\":2},"
		"\"number\":1}");
	assert_int_equal(read_as(&thing, "{\"lines\":null,\"custom\":{\"a\":null,\"c\":true},\"number\":null}",
		PATCHING), ST_OK);
	assert_string_equal(written(&thing), "{\"id\":null,\"text\":\"a\",\"lines\":null,\"email\":null,\"price\":null,"
	                                     "\"words\":[\"x\"],\"items\":[],\"custom\":{\"b\":2,\"c\":true},"
		"\"number\":null}");
	assert_int_equal(read_as(&thing, "{\"text\":null}", PATCHING), ST_INVALID);
	assert_string_equal(faults.item[0].pointer, "/text");
}

static void a_list_is_read_again(void **state)
{
	struct item items[2];
	unsigned count;
	(void)state;
	const struct thing thing = made("{\"text\":\"a\",\"items\":[{\"word\":\"w\",\"count\":3},{\"word\":\"x\"}]}");
	const struct param *row = shape_find(thing_shape, "items");
	assert_int_equal(shape_items(items, &count, row, thing.items, arena), ST_OK);
	assert_int_equal(count, 2);
	assert_string_equal(items[0].word, "w");
	assert_int_equal(items[0].count, 3);
	assert_true(items[1].count == ABSENT);
	assert_int_equal(shape_items(items, &count, row, "[{]", arena), ST_STORE);
	assert_int_equal(shape_items(items, &count, row, "[{\"word\":5}]", arena), ST_STORE);
}

static void what_is_searched_has_neither_case_nor_accents(void **state)
{
	(void)state;
	const struct thing thing = made("{\"text\":\"\xc3\x89t\xc3\xa9\",\"lines\":\"GRO\xe1\xba\x9e\"}");
	assert_string_equal(shape_search(thing_shape, &thing, arena), "ete\ngross");
}

/* ---- cells ---- */

static struct column column_of(const char *name)
{
	struct column column;
	if (!column_find(&column, thing_shape, name))
		fail_msg("%s", name);
	return column;
}

static enum st set_cell(struct thing *thing, const char *name, const char *cell)
{
	const struct column column = column_of(name);
	faults = (struct faults){ .arena = arena };
	return columns_read(thing, &column, &cell, 1, &faults, arena);
}

static void a_cell_is_read_as_it_is_written(void **state)
{
	static const struct { const char *name, *cell, *written; } cases[] = {
		{ "text", "abc", NULL }, { "text", "", NULL }, { "lines", "a\nb", NULL }, { "lines", "a\r\nb\rc", "a\nb\nc" },
		{ "price", "1.50", "1.5" }, { "number", "-5", NULL }, { "number", "", NULL }, { "words", "a;b", NULL },
		{ "words", " a ; b ;", "a;b" }, { "words", "[\"a;b\",\"c\"]", NULL }, { "words", "[\"a\",\"b\"]", "a;b" },
		{ "words", "[\" a\"]", NULL }, { "words", "[\"[x\"]", NULL }, { "words", "[]", "" },
		{ "items", "[{\"word\":\"w\"}]", "[{\"word\":\"w\",\"count\":null}]" },
		{ "custom", "{\"a\":1.50}", NULL }, { "custom", "{}", NULL }, { "id", "7", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct thing thing;
		char room[INSTANT_ROOM];
		shape_clear(&thing, thing_shape);
		assert_int_equal(set_cell(&thing, cases[i].name, cases[i].cell), ST_OK);
		const char *now = shape_cell(shape_find(thing_shape, cases[i].name), &thing, arena, room);
		assert_string_equal(now ? now : "", cases[i].written ? cases[i].written : cases[i].cell);
	}
}

static void a_bad_cell_is_told_at_its_member(void **state)
{
	static const struct { const char *name, *cell, *pointer; } cases[] = {
		{ "text", "123456", "/text" }, { "text", "a\nb", "/text" }, { "email", "a", "/email" },
		{ "number", "6", "/number" },
		{ "number", "1.0", "/number" }, { "price", "1,5", "/price" }, { "words", "a;a", "/words/1" },
		{ "words", "a;b;c;d", "/words" }, { "words", "[1]", "/words/0" }, { "words", "[", "/words" },
		{ "items", "x", "/items" }, { "items", "{}", "/items" }, { "items", "[{\"count\":1}]", "/items/0/word" },
		{ "custom", "[]", "/custom" }, { "custom", "{\"a\":{}}", "/custom/a" },
	};
	struct thing thing;
	struct column column;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		shape_clear(&thing, thing_shape);
		assert_int_equal(set_cell(&thing, cases[i].name, cases[i].cell), ST_INVALID);
		assert_string_equal(faults.item[0].pointer, cases[i].pointer);
	}
	assert_false(column_find(&column, thing_shape, "word"));
	assert_false(column_find(&column, thing_shape, ""));
}

static void changes_are_what_differs(void **state)
{
	struct text t = text_new(arena, 1 << 16);
	struct jwriter w = jw_new(&t);
	(void)state;
	const struct thing was = made("{\"text\":\"a\",\"lines\":\"l\",\"number\":1}"), is = made("{\"text\":\"b\","
		"\"number\":1}");
	shape_write_changes(&w, NULL, thing_shape, &is, &was);
	assert_string_equal(t.bytes, "{\"text\":\"b\",\"lines\":null}");
}

/* ---- numbers of taxes ---- */

static void tax_numbers_have_their_schemes_form(void **state)
{
	static const struct { const char *scheme, *value; bool good; } cases[] = {
		{ "vat", "DE136695976", true }, { "vat", "XI12", true }, { "vat", "ATU12345678", true },
		{ "vat", "DE1", false },
		{ "vat", "D136695976", false }, { "vat", "de136695976", false }, { "vat", "DE1234567890123", false },
		{ "gstin", "27AAPFU0939F1ZV", true }, { "gstin", "27AAPFU0939F1ZX", false },
		{ "gstin", "27AAPFU0939F1Z", false },
		{ "gstin", "29AAGCB7383J1Z4", true }, { "ein", "12-3456789", true }, { "other", "x", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct tax_number number = { cases[i].scheme, cases[i].value };
		faults = (struct faults){ .arena = arena };
		tax_number_check(&number, "/tax_numbers/0", &faults);
		if (cases[i].good != !faults.count)
			fail_msg("%s %s", cases[i].scheme, cases[i].value);
		if (faults.count)
			assert_string_equal(faults.item[1].pointer, "/tax_numbers/0/value");
	}
}

/* ---- tables ---- */

static void each_shape_has_its_tables_columns(void **state)
{
	static const struct resource *const all[] = { &customers, &products, &taxes };
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		char names[2048] = "";
		for (const struct param *p = all[i]->shape; p->name; p++)
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s%s", *names ? ", " : "",
			         p == all[i]->shape ? all[i]->one : p->name, p == all[i]->shape ? "_id" : "");
		assert_string_equal(names, all[i]->table->columns);
		assert_true(shape_size(all[i]->shape) <= all[i]->size);
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(what_is_absent_is_null),
		FACT(each_value_is_kept_in_one_form),
		FACT(each_fault_is_told_at_its_place),
		FACT(a_patch_clears_keeps_and_merges),
		FACT(a_list_is_read_again),
		FACT(what_is_searched_has_neither_case_nor_accents),
		FACT(a_cell_is_read_as_it_is_written),
		FACT(a_bad_cell_is_told_at_its_member),
		FACT(changes_are_what_differs),
		FACT(tax_numbers_have_their_schemes_form),
		FACT(each_shape_has_its_tables_columns),
	};
	return cmocka_run_group_tests(facts, open_arena, close_arena);
}
