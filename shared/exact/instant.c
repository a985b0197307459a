/* Instants: the proleptic Gregorian calendar and RFC 3339, in integers. */
#include "exact/instant.h"

#include <stdbool.h>

int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* ---- the calendar ----
 *
 * Years are counted from 1 March, so that the leap day is the last of a year and a
 * month's start is a linear function of its number: (153 m + 2) / 5 days after 1 March.
 * An era is 400 years of 146,097 days. 719,468 days lie between 0000-03-01 and 1970-01-01. */

enum { ERA_DAYS = 146097, EPOCH_DAYS = 719468 };

int64_t civil_to_days(struct civil date)
{
	bool before_march = date.month <= 2;
	int64_t year = (int64_t)date.year - before_march;
	int64_t era = floor_div(year, 400);
	int64_t of_era = year - era * 400;
	int64_t month = (int64_t)date.month + (before_march ? 9 : -3);
	int64_t day = (153 * month + 2) / 5 + (int64_t)date.day - 1;
	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + day - EPOCH_DAYS;
}

struct civil civil_from_days(int64_t days)
{
	int64_t era = floor_div(days + EPOCH_DAYS, ERA_DAYS);
	int64_t day = days + EPOCH_DAYS - era * ERA_DAYS; /* of the era */
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= year * 365 + year / 4 - year / 100; /* of the year from 1 March */
	int64_t month = (5 * day + 2) / 153;
	bool after_december = month >= 10;
	return (struct civil){
		.year = (int)(era * 400 + year + after_december),
		.month = (unsigned)(month + (after_december ? -9 : 3)),
		.day = (unsigned)(day - (153 * month + 2) / 5 + 1),
	};
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned month_days(int year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* ---- reading ---- */

struct scan {
	const char *at, *end;
	bool failed;
};

/* Exactly `width` digits. */
static int scan_number(struct scan *s, unsigned width)
{
	int value = 0;
	for (; width; width--, s->at++) {
		if (s->at == s->end || *s->at < '0' || *s->at > '9') {
			s->failed = true;
			return 0;
		}
		value = value * 10 + (*s->at - '0');
	}
	return value;
}

static bool scan_maybe(struct scan *s, char c)
{
	if (s->failed || s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static void scan_char(struct scan *s, char c)
{
	if (!scan_maybe(s, c))
		s->failed = true;
}

static int64_t scan_date(struct scan *s)
{
	int year = scan_number(s, 4);
	scan_char(s, '-');
	int month = scan_number(s, 2);
	scan_char(s, '-');
	int day = scan_number(s, 2);
	if (s->failed || year < 1 || month < 1 || month > 12 || day < 1 || day > (int)month_days(year, (unsigned)month)) {
		s->failed = true;
		return 0;
	}
	return civil_to_days((struct civil){ year, (unsigned)month, (unsigned)day });
}

static int scan_clock(struct scan *s) /* minutes */
{
	int hour = scan_number(s, 2);
	scan_char(s, ':');
	int minute = scan_number(s, 2);
	if (hour > 23 || minute > 59)
		s->failed = true;
	return hour * 60 + minute;
}

/* Any number of digits behind a point. Those past the sixth are cut, never rounded: that could enter the next period. */
static instant scan_fraction(struct scan *s)
{
	instant value = 0, place = SECOND / 10;
	if (!scan_maybe(s, '.'))
		return 0;
	do {
		value += scan_number(s, 1) * place;
		place /= 10;
	} while (!s->failed && s->at < s->end && *s->at >= '0' && *s->at <= '9');
	return value;
}

static instant scan_offset(struct scan *s)
{
	if (scan_maybe(s, 'Z') || scan_maybe(s, 'z'))
		return 0;
	bool west = scan_maybe(s, '-');
	if (!west)
		scan_char(s, '+');
	instant offset = scan_clock(s) * MINUTE;
	return west ? -offset : offset;
}

enum st instant_read(instant *value, const char *text, size_t size)
{
	struct scan s = { text, text + size, false };
	instant read = scan_date(&s) * DAY;
	if (!scan_maybe(&s, 'T'))
		scan_char(&s, 't');
	read += scan_clock(&s) * MINUTE;
	scan_char(&s, ':');
	int second = scan_number(&s, 2);
	if (second > 59)
		s.failed = true;
	read += second * SECOND + scan_fraction(&s);
	read -= scan_offset(&s);
	if (s.failed || s.at != s.end || !instant_fits(read))
		return ST_INVALID;
	*value = read;
	return ST_OK;
}

enum st instant_read_date(instant *value, const char *text, size_t size)
{
	struct scan s = { text, text + size, false };
	instant read = scan_date(&s) * DAY;
	if (s.failed || s.at != s.end)
		return ST_INVALID;
	*value = read;
	return ST_OK;
}

bool instant_fits(instant value)
{
	return value >= INSTANT_FIRST && value < INSTANT_END;
}

/* ---- printing ---- */

/* Two digits behind a character. Returns the place behind. */
static char *print_pair(char *out, char before, unsigned value)
{
	out[0] = before;
	out[1] = (char)('0' + value / 10);
	out[2] = (char)('0' + value % 10);
	return out + 3;
}

static char *print_date(char *out, instant value)
{
	const struct civil date = civil_from_days(floor_div(value, DAY));
	const unsigned year = (unsigned)date.year, century = year / 100;
	out[0] = (char)('0' + century / 10);
	out = print_pair(out + 1, (char)('0' + century % 10), year % 100);
	out = print_pair(out, '-', date.month);
	return print_pair(out, '-', date.day);
}

const char *instant_print_date(char *out, instant value)
{
	*print_date(out, value) = '\0';
	return out;
}

const char *instant_print(char *out, instant value)
{
	instant of_day = value - floor_div(value, DAY) * DAY;
	char *at = print_date(out, value);
	const unsigned second = (unsigned)(of_day / SECOND);
	at = print_pair(at, 'T', second / 3600);
	at = print_pair(at, ':', second / 60 % 60);
	at = print_pair(at, ':', second % 60);
	instant fraction = of_day % SECOND;
	if (fraction)
		*at++ = '.';
	for (instant place = SECOND / 10; fraction; place /= 10) {
		*at++ = (char)('0' + fraction / place);
		fraction %= place;
	}
	*at++ = 'Z';
	*at = '\0';
	return out;
}
