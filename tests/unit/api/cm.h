/* cmocka and what it wants included before it. */
#ifndef FUS_TEST_API_CM_H
#define FUS_TEST_API_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
