/* Addresses and contacts. */
#include "billing/party.h"

#define MAIL_KINDS "quote invoice reminder statement"

static const struct param mail_kind[] = { { "", P_CHOICE, REQUIRED, "a kind of mail", .choices = MAIL_KINDS }, { 0 } };

const struct param contact_shape[] = {
	{ "name", P_TEXT, REQUIRED, "who", 1, 200, AT(struct contact, name) },
	{ "email", P_EMAIL, OPTIONAL, "where mails to the contact go", AT(struct contact, email) },
	{ "phone", P_TEXT, OPTIONAL, "as one dials it", 0, 40, AT(struct contact, phone) },
	{ "receives", P_LIST, OPTIONAL, "which mails", 0, 4, .of = mail_kind, AT(struct contact, receives) },
	{ 0 },
};

const struct param address_shape[] = {
	{ "kind", P_CHOICE, OPTIONAL, "what for", .choices = "billing shipping", AT(struct address, kind) },
	{ "line1", P_TEXT, REQUIRED, "street and number", 1, 200, AT(struct address, line1) },
	{ "line2", P_TEXT, OPTIONAL, "whatever stands below", 0, 200, AT(struct address, line2) },
	{ "city", P_TEXT, OPTIONAL, "town", 0, 100, AT(struct address, city) },
	{ "region", P_TEXT, OPTIONAL, "state or province", 0, 100, AT(struct address, region) },
	{ "postcode", P_TEXT, OPTIONAL, "ZIP", 0, 20, AT(struct address, postcode) },
	{ "country", P_COUNTRY, REQUIRED, "ISO 3166-1, two letters", AT(struct address, country) },
	{ 0 },
};
