/* The command line, read by what the commands declare. */
#ifndef COMMAND_ARGUMENTS_H
#define COMMAND_ARGUMENTS_H

#include "command.h"

/** What was asked for beside a command of its own. */
struct asked {
	bool help, version;
	const char *group; /* whose help, where no command of it is named */
};

/** Read the command line into `run`: command, options, words. Nothing is run.
 *  Returns: ST_OK: run->command is set unless `asked` says enough; ST_INVALID with a fault that names the word or option.
 *  In: commands  ended by a row without a name */
enum st arguments_read(struct run *run, struct asked *asked, const struct command *commands, int argc, char **argv) MUST_USE;

#endif
