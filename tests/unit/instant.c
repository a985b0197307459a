/* Instants: RFC 3339 in and out, and the calendar behind it. */
#include "exact.h"

static void reads_and_prints_rfc_3339(void **state)
{
	(void)state;
	assert_instant(at("1970-01-01T00:00:00Z"), "1970-01-01T00:00:00Z");
	assert_instant(at("2026-01-15T16:45:00+05:30"), "2026-01-15T11:15:00Z");
	assert_instant(at("2026-01-15T16:45:00-08:00"), "2026-01-16T00:45:00Z");
	assert_instant(at("2024-02-14T23:59:59.999999Z"), "2024-02-14T23:59:59.999999Z");
	assert_instant(at("2024-02-14T23:59:59.500000000Z"), "2024-02-14T23:59:59.5Z");
	assert_instant(at("2026-01-15T16:45:00.123456789Z"), "2026-01-15T16:45:00.123456Z");
	assert_instant(at("2025-12-31T23:59:59.9999999Z"), "2025-12-31T23:59:59.999999Z"); /* rounded it would be next year's */
	assert_instant(at("1969-12-31T23:59:59.9999999999999999999999999Z"), "1969-12-31T23:59:59.999999Z");
	assert_instant(at("2024-01-01T00:00:00.0000001Z"), "2024-01-01T00:00:00Z");
	assert_instant(at("2024-01-01T00:00:00.1z"), "2024-01-01T00:00:00.1Z");
	assert_instant(at("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
	assert_instant(at("9999-12-31T23:59:59.999999Z"), "9999-12-31T23:59:59.999999Z");
	assert_instant(at("1969-12-31T23:59:59.999999Z"), "1969-12-31T23:59:59.999999Z");
}

static void refuses_what_is_no_instant(void **state)
{
	static const char *const bad[] = {
		"", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z",
		"2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00",
		"2024-01-01 00:00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.000000x", "2024-01-01T00:00:00.1234567", "2024-01-01T00:00:00,1Z", "2024-01-01T00:00:00+5:30", "2024-1-1T00:00:00Z",
		"2024-01-01T00:00:00Zx", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "24-01-01T00:00:00Z",
	};
	instant value;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(instant_read(&value, bad[i], strlen(bad[i])), ST_INVALID);
	assert_int_equal(instant_read_date(&value, "2024-02-29", 10), ST_OK);
	assert_int_equal(instant_read_date(&value, "2023-02-29", 10), ST_INVALID);
	assert_int_equal(instant_read_date(&value, "2024-02-29T00:00:00Z", 20), ST_INVALID);
}

static void every_day_of_ten_thousand_years_has_one_date(void **state)
{
	struct civil before = civil_from_days(INSTANT_FIRST / DAY - 1);
	(void)state;
	for (int64_t day = INSTANT_FIRST / DAY; day < INSTANT_END / DAY; day++) {
		struct civil date = civil_from_days(day);
		assert_int_equal(civil_to_days(date), day);
		if (date.day == 1)
			assert_int_equal(before.day, month_days(before.year, before.month));
		else
			assert_int_equal(before.day + 1, date.day);
		before = date;
	}
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(reads_and_prints_rfc_3339), FACT(refuses_what_is_no_instant), FACT(every_day_of_ten_thousand_years_has_one_date),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
