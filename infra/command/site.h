/* The site that serves a data folder, as far as a command beside it can know. */
#ifndef COMMAND_SITE_H
#define COMMAND_SITE_H

#include "command.h"

/** Where its pages are: as `make run` says while it serves; else a text in which the host's name is left to the operator. */
const char *site_address(struct run *run);

/** What is known of the web server, and what is to be looked at with a browser.
 *  Returns: whether nothing speaks against it.
 *  Out: detail  for a person */
bool site_judge(const char **detail, struct run *run);

#endif
