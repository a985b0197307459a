/* CSV (RFC 4180): written so that a spreadsheet may open it, and read as spreadsheets write it. */
#ifndef DOCUMENT_CSV_H
#define DOCUMENT_CSV_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/text.h"

/* ---- writing ---- */

/** Add a cell; NULL is empty. A text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a
 *  carriage return, or with apostrophes and one of these) is led by one more apostrophe; `number` says that it is
 *  none. */
void csv_cell(struct text *text, const char *value, bool number);

/** End the row. */
void csv_end(struct text *text);

/* ---- reading ---- */

enum { CSV_CELLS = 64, CSV_CELL_CAP = 64 << 10 };

/** A text that is read row by row. */
struct csv {
	const char *at, *end;
	char separator; /* , or what the first row has in its place: ; or a tab */
	unsigned row;   /* the number of the one read last: the first is 0 */
};

struct csv_cells {
	unsigned count; /* as they are, also where they are more than there is room for */
	bool blank;     /* a line with nothing in it */
	const char *text[CSV_CELLS]; /* NULL: one of more than CSV_CELL_CAP bytes */
};

/** Begin to read. A byte-order mark is passed over.
 *  Returns: ST_OK; ST_INVALID with a fault: it is no UTF-8, or holds U+0000.
 *  In: bytes  `size` of them, and a NUL behind; they must live as long */
enum st csv_open(struct csv *csv, const char *bytes, size_t size, struct faults *faults) MUST_USE;

/** Read the next row: lines end in CR LF, or in one of them. The apostrophe that csv_cell() adds is taken away.
 *  Returns: ST_OK; ST_DONE behind the last; ST_INVALID with a fault: a quoted cell does not end, or something stands
 *  behind its end, so that nobody can tell what is a row; ST_MEMORY.
 *  Out: cells  of the arena */
enum st csv_row(struct csv *csv, struct csv_cells *cells, struct faults *faults, struct arena *arena) MUST_USE;

#endif
