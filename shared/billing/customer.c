/* What a customer is. */
#include "billing/customer.h"

#include "billing/customer.sql.h"
#include "billing/party.h"
#include "billing/tax.h"
#include "billing/tax_number.h"

const struct param customer_shape[] = {
	RECORD_MEMBERS,
	{ "name", P_TEXT, REQUIRED, "the customer's name", 1, 200, AT(struct customer, name), .searched = true },
	{ "code", P_TEXT, OPTIONAL, "your own number for it", 1, 64, AT(struct customer, code), .searched = true },
	{ "email", P_EMAIL, OPTIONAL, "where mails go", AT(struct customer, email), .searched = true },
	{ "phone", P_TEXT, OPTIONAL, "as one dials it", 0, 40, AT(struct customer, phone) },
	{ "legal_id", P_TEXT, OPTIONAL, "number in a register of companies", 0, 64, AT(struct customer, legal_id) },
	{ "contacts", P_LIST, OPTIONAL, "people there", 0, 20, .of = contact_shape, AT(struct customer, contacts) },
	{ "addresses", P_LIST, OPTIONAL, "where it is", 0, 10, .of = address_shape, AT(struct customer, addresses),
	  .spread = SPREAD_FIRST },
	{ "tax_numbers", P_LIST, OPTIONAL, "by which its taxes go", 0, 5, .of = tax_number_shape,
	  AT(struct customer, tax_numbers), .check = tax_number_check, .spread = SPREAD_CHOICES },
	{ "currency", P_CURRENCY, OPTIONAL, "ISO 4217, of its documents", AT(struct customer, currency) },
	{ "locale", P_CHOICE, OPTIONAL, "of its documents", .choices = LOCALES, AT(struct customer, locale) },
	{ "terms_days", P_INT, OPTIONAL, "until an invoice is due", 0, 365, AT(struct customer, terms_days) },
	{ "prices", P_CHOICE, OPTIONAL, "of what tax?", .choices = "exclusive inclusive", AT(struct customer, prices) },
	{ "taxes", P_LIST, OPTIONAL, "of lines that name none", 0, TAXES_CAP, .of = tax_id, AT(struct customer, taxes) },
	{ "buyer_reference", P_TEXT, OPTIONAL, "its invoices bear it", 0, 200, AT(struct customer, buyer_reference) },
	{ "notes", P_LINES, OPTIONAL, "for yourself", 0, 2000, AT(struct customer, notes) },
	ARCHIVED_MEMBER(struct customer),
	{ 0 },
};

const struct param customer_query[] = {
	{ "tag", P_TEXT, OPTIONAL, "those with a tag", 1, 160 },
	{ "country", P_TEXT, OPTIONAL, "those with an address there", 2, 2 },
	{ "archived", P_BOOL, OPTIONAL, "those put away, or the others; all if absent" },
	{ 0 },
};

static enum st check(struct work *work, void *object, const void *before)
{
	const struct customer *now = object, *was = before;
	return taxes_check(work, now->taxes, was ? was->taxes : NULL);
}

const struct resource customers = {
	"customers", "customer", customer_shape, sizeof(struct customer), &table_customers,
	{ { "tag", "" }, { "country", "\"country\":" }, { "archived", NULL } }, .check = check,
};
