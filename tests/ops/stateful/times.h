/* What the tests of stateful operators share: the day that their rows are of. */
#ifndef LT_TESTS_OPS_STATEFUL_TIMES_H
#define LT_TESTS_OPS_STATEFUL_TIMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Milliseconds of a time on 2025-03-09, UTC. */
static inline int64_t at(int hour, int minute, int second)
{
    return (1741478400LL + hour * 3600 + minute * 60 + second) * 1000;
}

#endif
