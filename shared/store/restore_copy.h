/* What restore.c and restore_tenant.c share. */
#ifndef STORE_RESTORE_COPY_H
#define STORE_RESTORE_COPY_H

#include "store/restore.h"

/** Make a proved private copy of `file` beside the database, with the schema of today.
 *  Returns: ST_OK; ST_INVALID with a fault. Out: copy  RESTORE_NAME bytes; to be removed also after a failure, if it is not "" */
enum st restore_copy(char *copy, const char *where, const char *file, const struct copy_proof *proof, struct faults *faults) MUST_USE;

/** A free name beside the database for what is there now. Out: kept  RESTORE_NAME bytes */
void restore_name_kept(char *kept, const char *where);

/** The texts of restore_texts. */
enum restore_text { RESTORE_LOST, RESTORE_CAME, RESTORE_TENANT, RESTORE_PLANS, RESTORE_METRICS, RESTORE_STRANGER, RESTORE_TOKENS, RESTORE_REVOKE };

/** With the other database attached: start one of them, of a tenant or of all (0). As store_rows_text(). */
enum st restore_ask(struct store *store, struct rows *rows, enum restore_text text, int64_t tenant) MUST_USE;

/** With the other database attached: what of the tokens here it does not have so. In: tenant  0: all. Returns: ST_OK; ST_STORE. */
enum st restore_count_tokens(struct restored *restored, struct store *store, int64_t tenant) MUST_USE;

/** With the other database attached: what came from it, and what is here alone. In: tenant  0: all. Returns: ST_OK; ST_STORE. */
enum st restore_compare(struct restored *restored, struct store *store, int64_t tenant) MUST_USE;

#endif
