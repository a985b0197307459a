/* Exact numbers: what is read, refused, printed and rounded. */
#include "exact.h"

static enum st read_18(const char *text)
{
	wide value;
	return decimal_read(&value, text, strlen(text), 18);
}

static void reads_the_grammar_of_json_numbers(void **state)
{
	(void)state;
	assert_decimal(number("-1.50", 2), 2, "-1.5");
	assert_decimal(number("2e3", 0), 0, "2000");
	assert_decimal(number("125e-2", 2), 2, "1.25");
	assert_decimal(number("0.000000000000000001", 18), 18, "0.000000000000000001");
	assert_decimal(number("-0", 6), 6, "0");
	assert_decimal(number("0e99999999999", 6), 6, "0");
	assert_decimal(number("1.5000000000000000000000000", 1), 1, "1.5");
}

static void refuses_what_is_no_decimal(void **state)
{
	static const char *const bad[] = { "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", " 1", "1 ", "1,5", "NaN", "Infinity", "1_000", "--1" };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_18(bad[i]), ST_INVALID);
}

static void refuses_the_first_digit_too_many(void **state)
{
	(void)state;
	assert_int_equal(read_18("0.0000000000000000001"), ST_INVALID);
	assert_int_equal(read_18("1e-19"), ST_INVALID);
	assert_int_equal(read_18("10e-19"), ST_OK);
}

static void refuses_the_first_value_too_large(void **state)
{
	qty value;
	(void)state;
	assert_int_equal(read_18("170141183460469231731.687303715884105727"), ST_OK);
	assert_int_equal(read_18("-170141183460469231731.687303715884105727"), ST_OK);
	assert_int_equal(read_18("170141183460469231731.687303715884105728"), ST_RANGE);
	assert_int_equal(read_18("1e400"), ST_RANGE);
	assert_int_equal(read_18("1e99999999999999999999"), ST_RANGE);
	assert_int_equal(qty_read(&value, "9223372036854.775807", 20), ST_OK);
	assert_int_equal(qty_read(&value, "9223372036854.775808", 20), ST_RANGE);
}

static void prints_what_reads_as_the_same_number(void **state)
{
	static const unsigned places[] = { 0, 2, 3, QTY_DIGITS, PRICE_DIGITS, EXACT_DIGITS, 30 };
	static const int beside[] = { -1, 0, 1, 5, 1000000 };
	(void)state;
	for (size_t p = 0; p < sizeof places / sizeof *places; p++)
		for (unsigned exponent = 0; exponent < 38; exponent++)
			for (size_t b = 0; b < sizeof beside / sizeof *beside; b++) {
				char out[DECIMAL_ROOM];
				wide power, read;
				assert_int_equal(power_of_ten(&power, exponent), ST_OK);
				const wide value = (exponent % 2 ? -power : power) + beside[b];
				const size_t size = decimal_print(out, value, places[p], 0);
				assert_int_equal(size, strlen(out));
				assert_int_equal(decimal_read(&read, out, size, places[p]), ST_OK);
				assert_true(read == value);
				assert_false(strchr(out, '.') && out[size - 1] == '0');
			}
}

static void prints_at_least_the_digits_asked_for(void **state)
{
	char out[DECIMAL_ROOM];
	static const struct { int64_t value; unsigned digits; const char *text; } rows[] = { /* as money is printed */
		{ 1234, 2, "12.34" }, { -5, 2, "-0.05" }, { 100, 2, "1.00" }, { 1234, 0, "1234" }, { 0, 3, "0.000" },
		{ INT64_MIN, 2, "-92233720368547758.08" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(decimal_print(out, rows[i].value, rows[i].digits, rows[i].digits), strlen(rows[i].text));
		assert_string_equal(out, rows[i].text);
	}
	assert_string_equal(qty_print(out, 12500000), "12.5");
	assert_int_equal(decimal_print(out, 1500, 3, 2), 4);
	assert_string_equal(out, "1.50");
}

/* Each row: value in tenths, and the whole number by half_away, half_even, up, down. */
static void rounds_each_mode_by_its_rule(void **state)
{
	static const int rows[][5] = {
		{ 0, 0, 0, 0, 0 },     { 4, 0, 0, 1, 0 },      { 5, 1, 0, 1, 0 },      { 6, 1, 1, 1, 0 },
		{ 15, 2, 2, 2, 1 },    { 25, 3, 2, 3, 2 },     { 10, 1, 1, 1, 1 },     { -4, 0, 0, 0, -1 },
		{ -5, -1, 0, 0, -1 },  { -15, -2, -2, -1, -2 }, { -25, -3, -2, -2, -3 }, { -26, -3, -3, -2, -3 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int how = 0; how < ROUND__MAX; how++)
			assert_true(divide_round(rows[i][0], 10, (enum rounding)how) == rows[i][how + 1]);
}

static void rounds_near_the_largest_divisor_without_overflow(void **state)
{
	const wide most = (wide)(~(unsigned __int128)0 >> 1);
	(void)state;
	assert_true(divide_round(most - 1, most, ROUND_HALF_AWAY) == 1);
	assert_true(divide_round(most / 2, most, ROUND_HALF_AWAY) == 0);
	assert_true(divide_round(most / 2 + 1, most, ROUND_HALF_AWAY) == 1);
	assert_true(divide_round(-most, most, ROUND_DOWN) == -1);
}

static void rounds_once_to_the_minor_unit(void **state)
{
	minor out;
	(void)state;
	assert_int_equal(minor_round(&out, number("10.275", 18), currency_find("USD"), ROUND_HALF_AWAY), ST_OK);
	assert_int_equal(out, 1028);
	assert_int_equal(minor_round(&out, number("10.2749999", 18), currency_find("USD"), ROUND_HALF_AWAY), ST_OK);
	assert_int_equal(out, 1027);
	assert_int_equal(minor_round(&out, number("0.12345", 18), currency_find("CLF"), ROUND_HALF_EVEN), ST_OK);
	assert_int_equal(out, 1234);
	assert_int_equal(minor_round(&out, number("92233720368547758.075", 18), currency_find("USD"), ROUND_HALF_AWAY), ST_RANGE);
}

static void knows_the_digits_of_iso_4217(void **state)
{
	static const struct currency known[] = { { "USD", 2 }, { "JPY", 0 }, { "KRW", 0 }, { "VND", 0 }, { "CLP", 0 },
		{ "ISK", 0 }, { "XAF", 0 }, { "KWD", 3 }, { "TND", 3 }, { "BHD", 3 }, { "CLF", 4 }, { "UYW", 4 }, { "AED", 2 }, { "ZWG", 2 } };
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_int_equal(currency_find(known[i].code)->digits, known[i].digits);
	assert_null(currency_find("usd"));
	assert_null(currency_find("XXX"));
	assert_null(currency_find(""));
	assert_null(currency_find("USDX"));
}

static void multiplies_exactly_or_refuses(void **state)
{
	exact out;
	(void)state;
	assert_int_equal(exact_multiply(&out, quantity("0.000001"), number("0.000000000001", 12)), ST_OK);
	assert_decimal(out, 18, "0.000000000000000001");
	assert_int_equal(exact_multiply(&out, INT64_MAX, number("18446744.073709551618", 12)), ST_OK);
	assert_int_equal(exact_multiply(&out, INT64_MAX, number("18446744.073709551619", 12)), ST_RANGE);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(reads_the_grammar_of_json_numbers), FACT(refuses_what_is_no_decimal), FACT(refuses_the_first_digit_too_many),
		FACT(refuses_the_first_value_too_large), FACT(prints_at_least_the_digits_asked_for), FACT(prints_what_reads_as_the_same_number), FACT(rounds_each_mode_by_its_rule),
		FACT(rounds_near_the_largest_divisor_without_overflow), FACT(rounds_once_to_the_minor_unit),
		FACT(knows_the_digits_of_iso_4217), FACT(multiplies_exactly_or_refuses),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
