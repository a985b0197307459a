/* What check, backup and restore share: who is told of a difference. */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include "meter/proof.h"
#include "store/care.h"

/** Say a difference, and write it into the open array of the answer. In: context  a struct run */
void check_tell(void *context, const char *text);

/** A copy_proof's prove(). In: context  a struct run */
enum st check_copy(unsigned *differences, struct store *copy, void *context) MUST_USE;

#endif
