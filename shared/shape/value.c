/* Values: what a text must be like to stand for a member of some type. */
#include "shape/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/normal.h"
#include "base/utf8.h"
#include "exact/money.h"

enum { EMAIL_CAP = 254, LOCAL_CAP = 64, LABEL_CAP = 63 };

/* ---- texts ---- */

/* C0, DEL and C1, which is C2 80 to C2 9F in UTF-8. */
bool value_has_control(const char *text, bool lines)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if ((*p < 0x20 && !(lines && *p == '\n')) || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return true;
	return false;
}

static enum st take_text(const struct reading *r, const struct param *row, const char *text, void *object)
{
	const size_t least = row->min ? (size_t)row->min : row->presence == REQUIRED;
	const size_t most = row->max ? (size_t)row->max : 255;
	const char *kept = text_nfc(text, r->arena);
	if (!kept)
		return ST_MEMORY;
	const size_t size = utf8_count(kept);
	if (size < least || size > most)
		return fault_add(r->faults, r->pointer, "must have %zu to %zu characters, not %zu", least, most, size);
	if (value_has_control(kept, row->type == P_LINES))
		return fault_add(r->faults, r->pointer, "must not hold control characters%s",
		                 row->type == P_LINES ? " but line feeds" : "");
	*shape_text(row, object) = kept;
	return ST_OK;
}

static bool is_local_part(const char *text, size_t size)
{
	static const char other[] = "!#$%&'*+-/=?^_`{|}~.";
	for (size_t i = 0; i < size; i++) {
		const bool letter = (text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z';
		const bool digit = text[i] >= '0' && text[i] <= '9';
		if (!letter && !digit && !strchr(other, text[i]))
			return false;
		if (text[i] == '.' && (!i || i == size - 1 || text[i - 1] == '.'))
			return false;
	}
	return size && size <= LOCAL_CAP;
}

static bool is_domain(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	for (;;) {
		const size_t size = strspn(text, letters);
		if (!size || size > LABEL_CAP || *text == '-' || text[size - 1] == '-')
			return false;
		text += size;
		if (!*text)
			return true;
		if (*text++ != '.')
			return false;
	}
}

static enum st take_email(const struct reading *r, const struct param *row, const char *text, void *object)
{
	const char *at = strchr(text, '@');
	if (!at || strlen(text) > EMAIL_CAP || !is_local_part(text, (size_t)(at - text)) || !is_domain(at + 1))
		return fault_add(r->faults, r->pointer, "must be one e-mail address of ASCII characters, like ada@example.org");
	*shape_text(row, object) = text;
	return ST_OK;
}

static bool is_listed(const char *list, const char *word)
{
	const size_t size = strlen(word);
	for (const char *p = list; size; p += strspn(p, " ")) {
		const size_t n = strcspn(p, " ");
		if (!n)
			return false;
		if (n == size && !memcmp(p, word, n))
			return true;
		p += n;
	}
	return false;
}

static enum st take_choice(const struct reading *r, const struct param *row, const char *text, void *object)
{
	if (!is_listed(row->choices, text))
		return fault_add(r->faults, r->pointer, "must be one of: %s", row->choices);
	*shape_text(row, object) = text;
	return ST_OK;
}

static enum st take_currency(const struct reading *r, const struct param *row, const char *text, void *object)
{
	const struct currency *currency = currency_find(text);
	if (!currency)
		return fault_add(r->faults, r->pointer, "must be an ISO 4217 code like USD");
	*shape_text(row, object) = currency->code;
	return ST_OK;
}

/* ISO 3166-1, as of 2024. */
static const char countries[] =
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
	"BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
	"FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
	"IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
	"ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
	"PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
	"TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

static enum st take_country(const struct reading *r, const struct param *row, const char *text, void *object)
{
	if (!is_listed(countries, text))
		return fault_add(r->faults, r->pointer, "must be an ISO 3166-1 code of two letters like DE");
	*shape_text(row, object) = text;
	return ST_OK;
}

/* ---- numbers ---- */

static enum st take_int(const struct reading *r, const struct param *row, const char *text, void *object)
{
	const int64_t least = row->type == P_ID ? 1 : row->min, most = row->type == P_ID ? ID_MAX : row->max;
	const size_t digits = strspn(text + (*text == '-'), "0123456789");
	char *end;
	const long long n = strtoll(text, &end, 10);
	if (!digits || digits > 18 || *end || n < least || n > most)
		return fault_add(r->faults, r->pointer, "must be a whole number from %lld to %lld", (long long)least,
		                 (long long)most);
	*shape_number(row, object) = n;
	return ST_OK;
}

static enum st take_decimal(const struct reading *r, const struct param *row, const char *text, void *object)
{
	char printed[DECIMAL_ROOM];
	wide value, scale;
	enum st st = power_of_ten(&scale, row->digits);
	if (!st)
		st = decimal_read(&value, text, strlen(text), row->digits);
	if (st == ST_INVALID)
		return fault_add(r->faults, r->pointer, "must be a decimal with at most %u digits after the point",
		                 row->digits);
	if (st || value < row->min * scale || value > row->max * scale)
		return fault_add(r->faults, r->pointer, "must be from %lld to %lld", (long long)row->min, (long long)row->max);
	*shape_text(row, object) = arena_copy(r->arena, printed, decimal_print(printed, value, row->digits, 0));
	return *shape_text(row, object) ? ST_OK : ST_MEMORY;
}

/* ---- by type ---- */

static const struct kind {
	const char *words;
	bool number; /* a JSON number may stand for it, beside a string */
	enum st (*take)(const struct reading *, const struct param *, const char *, void *);
} kinds[P__MAX] = {
	[P_TEXT] = { "text", false, take_text },         [P_LINES] = { "text", false, take_text },
	[P_EMAIL] = { "text", false, take_email },       [P_CHOICE] = { "text", false, take_choice },
	[P_CURRENCY] = { "text", false, take_currency }, [P_COUNTRY] = { "text", false, take_country },
	[P_ID] = { "an id", true, take_int },            [P_INT] = { "a whole number", true, take_int },
	[P_DECIMAL] = { "a decimal", true, take_decimal },
	[P_LIST] = { "a list" },                         [P_CUSTOM] = { "an object" },
};

enum st value_take(const struct reading *r, const struct param *row, const char *text, void *object)
{
	return kinds[row->type].take(r, row, text, object);
}

enum st value_read(const struct reading *r, const struct param *row, const struct json *json, enum shape_how how,
                   void *object)
{
	const enum json_kind kind = json_kind(json);
	if (row->type == P_LIST && kind == JSON_ARRAY)
		return list_read(r, row, json, object);
	if (row->type == P_CUSTOM && kind == JSON_OBJECT)
		return custom_read(r, row, json, how, object);
	if (kinds[row->type].take && (kind == JSON_STRING || (kind == JSON_NUMBER && kinds[row->type].number)))
		return value_take(r, row, json_text(json), object);
	return fault_add(r->faults, r->pointer, "must be %s, not %s", kinds[row->type].words, json_kind_name(json));
}
