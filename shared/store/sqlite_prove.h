/* A proof of SQLite's file, page by page: between sqlite.c and sqlite_prove.c only. */
#ifndef STORE_SQLITE_PROVE_H
#define STORE_SQLITE_PROVE_H

#include "store/driver.h"

struct sqlite3;

/** As driver.h says of prove(). In: lite  in a read transaction, if it could begin one */
enum st sqlite_prove(struct sqlite3 *lite, const struct witness *witness, struct file_facts *facts) MUST_USE;

#endif
