/* What a customer is. */
#include "billing/customer.h"

#include "billing/customer.sql.h"
#include "billing/tax.h"
#include "billing/tax_number.h"

struct contact { const char *name, *email, *phone, *receives; };
struct address { const char *kind, *line1, *line2, *city, *region, *postcode, *country; };

static const struct param mail_kind[] = { { "", P_CHOICE, REQUIRED, "a kind of mail", .choices = "quote invoice reminder statement" }, { 0 } };
static const struct param contact_shape[] = {
	{ "name", P_TEXT, REQUIRED, "who", 1, 200, AT(struct contact, name) },
	{ "email", P_EMAIL, OPTIONAL, "where mails to the contact go", AT(struct contact, email) },
	{ "phone", P_TEXT, OPTIONAL, "as one dials it", 0, 40, AT(struct contact, phone) },
	{ "receives", P_LIST, OPTIONAL, "which mails", 0, 4, .of = mail_kind, AT(struct contact, receives) },
	{ 0 },
};
static const struct param address_shape[] = {
	{ "kind", P_CHOICE, OPTIONAL, "what for", .choices = "billing shipping", AT(struct address, kind) },
	{ "line1", P_TEXT, REQUIRED, "street and number", 1, 200, AT(struct address, line1) },
	{ "line2", P_TEXT, OPTIONAL, "whatever stands below", 0, 200, AT(struct address, line2) },
	{ "city", P_TEXT, OPTIONAL, "town", 0, 100, AT(struct address, city) },
	{ "region", P_TEXT, OPTIONAL, "state or province", 0, 100, AT(struct address, region) },
	{ "postcode", P_TEXT, OPTIONAL, "ZIP", 0, 20, AT(struct address, postcode) },
	{ "country", P_COUNTRY, REQUIRED, "ISO 3166-1, two letters", AT(struct address, country) },
	{ 0 },
};
const struct param customer_shape[] = {
	RECORD_MEMBERS,
	{ "name", P_TEXT, REQUIRED, "the customer's name", 1, 200, AT(struct customer, name), .searched = true },
	{ "code", P_TEXT, OPTIONAL, "your own number for it; no two have the same", 1, 64, AT(struct customer, code), .searched = true },
	{ "email", P_EMAIL, OPTIONAL, "where mails go if no contact takes them", AT(struct customer, email), .searched = true },
	{ "phone", P_TEXT, OPTIONAL, "as one dials it", 0, 40, AT(struct customer, phone) },
	{ "legal_id", P_TEXT, OPTIONAL, "number in a register of companies", 0, 64, AT(struct customer, legal_id) },
	{ "contacts", P_LIST, OPTIONAL, "people there", 0, 20, .of = contact_shape, AT(struct customer, contacts) },
	{ "addresses", P_LIST, OPTIONAL, "where it is", 0, 10, .of = address_shape, AT(struct customer, addresses) },
	{ "tax_numbers", P_LIST, OPTIONAL, "by which its taxes go", 0, 5, .of = tax_number_shape, AT(struct customer, tax_numbers),
	  .check = tax_number_check },
	{ "currency", P_CURRENCY, OPTIONAL, "ISO 4217, of its documents; the tenant's if absent", AT(struct customer, currency) },
	{ "locale", P_CHOICE, OPTIONAL, "language and forms of its documents", .choices = LOCALES, AT(struct customer, locale) },
	{ "terms_days", P_INT, OPTIONAL, "days from issue until an invoice is due", 0, 365, AT(struct customer, terms_days) },
	{ "prices", P_CHOICE, OPTIONAL, "whether its prices hold the tax", .choices = "exclusive inclusive", AT(struct customer, prices) },
	{ "taxes", P_LIST, OPTIONAL, "of lines that name none: ids of taxes", 0, TAXES_CAP, .of = tax_id, AT(struct customer, taxes) },
	{ "buyer_reference", P_TEXT, OPTIONAL, "what its invoices are to bear, as a Leitweg-ID", 0, 200, AT(struct customer, buyer_reference) },
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
	const struct customer *c = object, *was = before;
	return taxes_check(work, c->taxes, was ? was->taxes : NULL);
}

const struct resource customers = {
	"customers", "customer", customer_shape, sizeof(struct customer), &table_customers,
	{ { "tag", "" }, { "country", "\"country\":" }, { "archived", NULL } }, .check = check,
};
