/* CSV. */
#include "document/csv.h"

#include <string.h>

#include "base/utf8.h"

/* Would a spreadsheet run it, or take the apostrophes before it for a guard? */
static bool is_formula(const char *value)
{
	value += strspn(value, "'");
	return *value && strchr("=+-@\t\r", *value);
}

/* ---- writing ---- */

void csv_cell(struct text *t, const char *value, bool number)
{
	if (t->size && t->bytes[t->size - 1] != '\n')
		text_addc(t, ',');
	if (!value || !*value) {
		text_adds(t, t->size && t->bytes[t->size - 1] == ',' ? "" : "\"\"");
		return;
	}
	const char *guard = !number && is_formula(value) ? "'" : "";
	if (!strpbrk(value, ",\"\r\n") && !*guard) {
		text_adds(t, value);
		return;
	}
	text_addc(t, '"');
	text_adds(t, guard);
	for (; *value; value++)
		text_add(t, *value == '"' ? "\"\"" : value, *value == '"' ? 2 : 1);
	text_addc(t, '"');
}

void csv_end(struct text *t)
{
	text_adds(t, "\r\n");
}

/* ---- reading ---- */

static bool ends_row(const struct csv *csv)
{
	return csv->at == csv->end || *csv->at == '\r' || *csv->at == '\n';
}

/* Spreadsheets take ; where , stands in numbers. */
static char separator_of(const char *text)
{
	const char *found = text + strcspn(text, ",;\t\r\n");
	return *found == ';' || *found == '\t' ? *found : ',';
}

enum st csv_open(struct csv *csv, const char *bytes, size_t size, struct faults *faults)
{
	const size_t mark = size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	if (strlen(bytes) != size)
		return fault_add(faults, "", "the character U+0000 stands at byte %zu", strlen(bytes) + 1);
	if (!utf8_valid(bytes))
		return fault_add(faults, "", "must be UTF-8: save it as \"CSV UTF-8\"");
	*csv = (struct csv){ bytes + mark, bytes + size, separator_of(bytes + mark), 0 };
	csv->row--; /* so that the first is 0 */
	return ST_OK;
}

/* A cell's text, without the quotes that are doubled. */
static const char *plain_text(const char *from, size_t size, bool quoted, struct arena *arena)
{
	char *text = arena_take_raw(arena, size + 1), *to = text;
	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		*to++ = from[i];
		i += quoted && from[i] == '"';
	}
	*to = '\0';
	return *text == '\'' && is_formula(text) ? text + 1 : text;
}

/* Where the quoted cell ends that begins at `from`; NULL: nowhere. */
static const char *closing_quote(const char *from, const char *end)
{
	const char *quote;
	while ((quote = memchr(from, '"', (size_t)(end - from))) && quote + 1 < end && quote[1] == '"')
		from = quote + 2;
	return quote;
}

static enum st read_cell(struct csv *csv, struct csv_cells *cells, struct faults *faults, struct arena *arena)
{
	const bool quoted = csv->at < csv->end && *csv->at == '"';
	const char *from = csv->at + quoted, *stop = quoted ? closing_quote(from, csv->end) : from;
	if (!stop)
		return fault_add(faults, "", "row %u begins a quoted cell that does not end", csv->row);
	while (!quoted && stop < csv->end && *stop != csv->separator && *stop != '\r' && *stop != '\n')
		stop++;
	csv->at = stop + quoted;
	if (!ends_row(csv) && *csv->at != csv->separator)
		return fault_add(faults, "", "row %u has text behind the quotes of its cell %u", csv->row, cells->count + 1);
	const size_t size = (size_t)(stop - from);
	const unsigned i = cells->count++;
	cells->blank = !i && !quoted && !size && ends_row(csv);
	if (i >= CSV_CELLS)
		return ST_OK;
	cells->text[i] = size > CSV_CELL_CAP ? NULL : plain_text(from, size, quoted, arena);
	return cells->text[i] || size > CSV_CELL_CAP ? ST_OK : ST_MEMORY;
}

enum st csv_row(struct csv *csv, struct csv_cells *cells, struct faults *faults, struct arena *arena)
{
	cells->count = 0;
	if (csv->at == csv->end)
		return ST_DONE;
	csv->row++;
	enum st st = read_cell(csv, cells, faults, arena);
	while (!st && !ends_row(csv)) {
		csv->at++;
		st = read_cell(csv, cells, faults, arena);
	}
	if (!st && csv->at < csv->end)
		csv->at += *csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n' ? 2 : 1;
	return st;
}
