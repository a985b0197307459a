/* What a product is. */
#include "billing/product.h"

#include "billing/product.sql.h"
#include "billing/tax.h"

/* Of UN/ECE Recommendations 20 and 21. */
#define UNITS \
	"C62 H87 XBX XCT XPX XRO XBG SET PR DZN MIL MTR INH FOT MTK FTK MTQ LTR KGM GRM TNE LBR HUR DAY MON KWH E34"

const struct param product_shape[] = {
	RECORD_MEMBERS,
	{ "name", P_TEXT, REQUIRED, "as documents show it", 1, 200, AT(struct product, name), .searched = true },
	{ "sku", P_TEXT, OPTIONAL, "your own number for it; no two have the same", 1, 64, AT(struct product, sku),
	  .searched = true },
	{ "description", P_LINES, OPTIONAL, "what stands below the name", 0, 2000, AT(struct product, description) },
	{ "unit", P_CHOICE, OPTIONAL, "what is counted, by UN/ECE; C62, one, if absent", .choices = UNITS,
	  AT(struct product, unit) },
	{ "currency", P_CURRENCY, OPTIONAL, "ISO 4217, of the price", AT(struct product, currency) },
	{ "unit_price", P_DECIMAL, OPTIONAL, "of one unit, where no price list says otherwise", 0, 1000000000000000,
	  .digits = 12,
	  AT(struct product, unit_price) },
	{ "taxes", P_LIST, OPTIONAL, "ids of taxes", 0, TAXES_CAP, .of = tax_id, AT(struct product, taxes) },
	ARCHIVED_MEMBER(struct product),
	{ 0 },
};
const struct param product_query[] = {
	{ "tag", P_TEXT, OPTIONAL, "those with a tag", 1, 160 },
	{ "archived", P_BOOL, OPTIONAL, "those put away, or the others; all if absent" },
	{ 0 },
};

static enum st check(struct work *work, void *object, const void *before)
{
	const struct product *p = object, *was = before;
	return taxes_check(work, p->taxes, was ? was->taxes : NULL);
}

const struct resource products = {
	"products", "product", product_shape, sizeof(struct product), &table_products,
		{ { "tag", "" }, { "archived", NULL } }, .check = check,
};
