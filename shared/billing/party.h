/* What is said of a company: where it is, and whom one talks to there. */
#ifndef BILLING_PARTY_H
#define BILLING_PARTY_H

#include "shape/shape.h"

#define LOCALES "en-US de-DE en-IN ja-JP"

struct address {
	const char *kind, *line1, *line2, *city, *region, *postcode, *country;
};

struct contact {
	const char *name, *email, *phone, *receives; /* a list of kinds of mail */
};

extern const struct param address_shape[], contact_shape[];

#endif
