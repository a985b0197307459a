/* The configuration that a move leads to: written beside the old one and proved before anything goes. */
#ifndef COMMAND_MOVE_CONF_H
#define COMMAND_MOVE_CONF_H

#include "command.h"

/** Where the new one lies until the switch. */
enum st move_conf_new(const char **new, struct run *run) MUST_USE;

/** Write it, with `to` as its store and all else as it stands, sync it, and open the store by exactly that file.
 *  In: whole  everything was copied there, and must be found
 *  Returns: ST_OK; ST_INVALID, ST_IO with a fault where it cannot be written, read, used or renamed later. */
enum st move_conf_write(struct run *run, const char *to, bool whole) MUST_USE;

/** Does it name this address? Returns: ST_OK; ST_NOT_FOUND: there is none; ST_CONFLICT: it names another; ST_INVALID. */
enum st move_conf_names(struct run *run, const char *to) MUST_USE;

/** Rename it into its place. */
enum st move_conf_switch(struct run *run) MUST_USE;

void move_conf_remove(struct run *run);

#endif
