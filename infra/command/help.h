/* What the operator's command says of itself; all of it comes from the declarations. */
#ifndef COMMAND_HELP_H
#define COMMAND_HELP_H

#include <stdio.h>

#include "command.h"

/** Which help is asked for. */
struct help {
	const struct command *commands; /* all, ended by a row without a name */
	const char *program;            /* as it was called: its examples run where that did */
};

/** Every command in a line, and the first steps. */
void help_all(const struct help *help);

/** The commands of a group, as `tenant`. */
void help_group(const struct help *help, const char *group);

/** One command with its options. */
void help_command(const struct help *help, const struct command *command);

/** Is it the first of the rows that have this name? */
bool command_is_first(const struct command *commands, const struct command *command);

#endif
