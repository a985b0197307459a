/* What a tax is. */
#include "billing/tax.h"

#include "billing/tax.sql.h"

#include <stdio.h>
#include <string.h>

const struct param tax_id[] = { { "", P_ID, REQUIRED, "id of a tax" }, { 0 } };
const struct param tax_shape[] = {
	RECORD_MEMBERS,
	{ "name", P_TEXT, REQUIRED, "as documents show it: VAT", 1, 60, AT(struct tax, name), .searched = true },
	{ "rate", P_DECIMAL, REQUIRED, "percent", 0, 100, .digits = 6, AT(struct tax, rate) },
	{ "category", P_CHOICE, REQUIRED,
	  "of EN 16931: S standard, Z zero, E exempt, AE reverse charge, K within the EU, G export, O none",
	  .choices = "S Z E AE K G O", AT(struct tax, category) },
	{ "reason", P_TEXT, OPTIONAL, "why nothing is taxed; needed but for S and Z", 0, 200, AT(struct tax, reason) },
	ARCHIVED_MEMBER(struct tax),
	{ 0 },
};
const struct param tax_query[] = {
	{ "tag", P_TEXT, OPTIONAL, "those with a tag", 1, 160 },
	{ "archived", P_BOOL, OPTIONAL, "those put away, or the others; all if absent" },
	{ 0 },
};

/* ---- the rules of a tax ---- */

static enum st tax_is_used(bool *used, struct work *work, int64_t id)
{
	char first[32], middle[32], last[32], only[32];
	struct rows r = { 0 };
	snprintf(first, sizeof first, "[%lld,%%", (long long)id);
	snprintf(middle, sizeof middle, "%%,%lld,%%", (long long)id);
	snprintf(last, sizeof last, "%%,%lld]", (long long)id);
	snprintf(only, sizeof only, "[%lld]", (long long)id);
	enum st st = ROWS(work->store, &r, SQL_TAX_USED, INT(work->account->tenant_id), TEXT(first), TEXT(middle),
	                  TEXT(last), TEXT(only));
	if (!st)
		st = rows_next(&r);
	*used = !st;
	rows_end(&r);
	return st == ST_DONE ? ST_OK : st;
}

static enum st check_fixed(struct work *work, const struct tax *tax, const struct tax *was)
{
	bool used = false;
	if (!was || (!strcmp(tax->rate, was->rate) && !strcmp(tax->category, was->category)))
		return ST_OK;
	enum st st = tax_is_used(&used, work, tax->record.id);
	return st ? st : used ? ST_CONFLICT : ST_OK;
}

static enum st check(struct work *work, void *object, const void *before)
{
	const struct tax *tax = object;
	const bool standard = !strcmp(tax->category, "S"), taxed = strcmp(tax->rate, "0");
	enum st st = ST_OK;
	if (standard != taxed)
		st = fault_add(work->faults, "/rate", standard ? "must be greater than 0 in the category S"
		               : "must be 0 in the category %s", tax->category);
	if (!standard && strcmp(tax->category, "Z") && (!tax->reason || !*tax->reason))
		st = fault_add(work->faults, "/reason", "is required in the category %s", tax->category);
	return st ? st : check_fixed(work, tax, before);
}

const struct resource taxes = {
	"taxes", "tax", tax_shape, sizeof(struct tax), &table_taxes, { { "tag", "" }, { "archived", NULL } },
		.check = check, .used = tax_is_used,
};

/* ---- those who name taxes ---- */

static const struct param list = { "taxes", P_LIST, OPTIONAL, "", 0, TAXES_CAP, .of = tax_id };

static bool is_among(int64_t id, const int64_t *ids, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static enum st check_one(struct work *work, int64_t id, unsigned place, bool may_be_archived)
{
	char pointer[32];
	void *tax;
	enum st st = resource_find(&tax, &taxes, work->store, work->account->tenant_id, id, work->arena);
	snprintf(pointer, sizeof pointer, "/taxes/%u", place);
	if (st == ST_NOT_FOUND)
		return fault_add(work->faults, pointer, "there is no tax %lld", (long long)id);
	if (!st && ((struct tax *)tax)->archived == 1 && !may_be_archived)
		return fault_add(work->faults, pointer, "the tax %lld is archived", (long long)id);
	return st;
}

enum st taxes_check(struct work *work, const char *now, const char *before)
{
	int64_t ids[TAXES_CAP], were[TAXES_CAP];
	unsigned count, were_count = 0;
	enum st st = shape_items(ids, &count, &list, now, work->arena), worst = ST_OK;
	if (!st)
		st = shape_items(were, &were_count, &list, before, work->arena);
	for (unsigned i = 0; i < count && (!st || st == ST_INVALID); i++) {
		st = check_one(work, ids[i], i, is_among(ids[i], were, were_count));
		worst = st ? st : worst;
	}
	return worst ? worst : st;
}
