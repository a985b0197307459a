/* pennymeter calc KIND: the rating core as a filter of JSON Lines. */
#ifndef COMMAND_CALC_H
#define COMMAND_CALC_H

#include "kind.h"

/** Read cases from standard input, a JSON object a line, and answer each with a line on standard
 *  output: {"id":…,"expect":…} or {"id":…,"error":"field …: cause"}. Answers are written when the
 *  input has to be waited for, so it serves a pipe as well as a file.
 *  Returns: 0; 1 if a line was refused. */
int calc_filter(calc_kind *kind);

#endif
