/* A function's declaration as JSON: what --describe prints and openapi.json is made of. */
#ifndef WIRE_DESCRIBE_H
#define WIRE_DESCRIBE_H

#include "wire/fn.h"

/** Write the declaration of one function as an object. */
void describe_function(struct jwriter *w, const struct fn_entry *entry);

#endif
