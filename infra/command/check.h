/* What check, backup and restore share: the answer's differences, and who is told of one. */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include "command.h"
#include "meter/proof.h"
#include "store/care.h"

/** Say a difference, and write it into the open array of the answer. In: context  a struct run */
void check_tell(void *context, const char *text);

/** Begin an answer whose first member is the array of differences. Returns: ST_OK; ST_INVALID: --tenant is no number.
 *  Out: tenant  0: all */
enum st check_begin(int64_t *tenant, struct run *r) MUST_USE;

/** Begin the answer anew, where no difference was found and it is another. */
void check_begin_answer(struct run *r);

/** A copy_proof's prove(). In: context  a struct run */
enum st check_copy(unsigned *differences, struct store *copy, void *context) MUST_USE;

#endif
