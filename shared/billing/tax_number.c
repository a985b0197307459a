/* Tax numbers by their forms. */
#include "billing/tax_number.h"

#include <string.h>

const struct param tax_number_shape[] = {
	{ "scheme", P_CHOICE, REQUIRED, "whose number it is", .choices = "vat gstin ein other",
	  AT(struct tax_number, scheme) },
	{ "value", P_TEXT, REQUIRED, "the number, without spaces", 1, 30, AT(struct tax_number, value) },
	{ 0 },
};

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* 9 a digit, A a letter, X either, others themselves. */
static bool has_form(const char *text, const char *form)
{
	for (; *form; form++, text++) {
		const bool digit = *text >= '0' && *text <= '9', letter = *text >= 'A' && *text <= 'Z';
		if (*form == '9' ? !digit : *form == 'A' ? !letter : *form == 'X' ? !digit && !letter : *text != *form)
			return false;
	}
	return !*text;
}

static bool is_vat(const char *value)
{
	const size_t size = strlen(value);
	return size >= 4 && size <= 14 && strspn(value, alphabet + 10) >= 2 && strspn(value, alphabet) == size;
}

/* Luhn's sum in base 36: https://en.wikipedia.org/wiki/Luhn_mod_N_algorithm */
static bool is_gstin(const char *value)
{
	unsigned sum = 0;
	if (!has_form(value, "99AAAAA9999AXZX"))
		return false;
	for (unsigned i = 0; i < 14; i++) {
		const unsigned product = (unsigned)(strchr(alphabet, value[i]) - alphabet) * (i % 2 + 1);
		sum += product / 36 + product % 36;
	}
	return value[14] == alphabet[(36 - sum % 36) % 36];
}

static bool is_anything(const char *value)
{
	return *value;
}

static const struct scheme {
	const char *name;
	bool (*fits)(const char *value);
	const char *form;
} schemes[] = {
	{ "vat", is_vat, "two letters of a country and 2 to 12 letters or digits, like DE136695976" },
	{ "gstin", is_gstin, "15 characters, the last of which is its check digit, like 27AAPFU0939F1ZV" },
	{ "ein", is_anything, "" },
	{ "other", is_anything, "" },
};

void tax_number_check(const void *item, const char *pointer, struct faults *faults)
{
	const struct tax_number *n = item;
	char value[200] = "";
	stpncpy(stpncpy(value, pointer, sizeof value - 8), "/value", 7);
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (!strcmp(n->scheme, schemes[i].name) && !schemes[i].fits(n->value)) {
			fault_add(faults, pointer, "is no number of the scheme %s", n->scheme);
			fault_add(faults, value, "must be %s", schemes[i].form);
		}
}
