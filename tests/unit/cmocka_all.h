/* cmocka wants these four before it. */
#ifndef FUS_TESTS_CMOCKA_ALL_H
#define FUS_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
