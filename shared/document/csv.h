/* CSV (RFC 4180): one cell after another, safe to open in a spreadsheet. */
#ifndef DOCUMENT_CSV_H
#define DOCUMENT_CSV_H

#include <stdbool.h>

#include "base/text.h"

/** Add a cell; NULL is empty. A text that a spreadsheet would run as a formula (it begins with
 *  = + - @ or a tab) is led by an apostrophe; `number` says that it is none. */
void csv_cell(struct text *text, const char *value, bool number);

/** End the row. */
void csv_end(struct text *text);

#endif
