/* What every unit test includes: cmocka in the order it wants, and a row a fact. */
#ifndef UNIT_FACTS_H
#define UNIT_FACTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A test is named as the fact that it proves. */
#define FACT(fact) cmocka_unit_test(fact)

#endif
