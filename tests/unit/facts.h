/* What every unit test includes: cmocka in the order it wants, and a row a fact. */
#ifndef TESTS_FACTS_H
#define TESTS_FACTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FACT(text, function) { text, function, NULL, NULL, NULL }
#define RUN_FACTS(list) cmocka_run_group_tests(list, NULL, NULL)

#endif
