/*
 * The kernels of arithmetic_time.c: one for each operation and, where there are two of a kind, one
 * for + (or *) and the next for - (or /).
 *
 * on: any; the signatures are constant.
 */
#ifndef LT_OPS_EXPR_ARITHMETIC_TIME_KERNELS_H
#define LT_OPS_EXPR_ARITHMETIC_TIME_KERNELS_H

#include "ops/expr/functions.h"

enum lt_time_operation {
    LT_TIME_DATE_PLUS_COUNT, /* a date and a number of days */
    LT_TIME_DATE_MINUS_COUNT,
    LT_TIME_DATE_PLUS_DAYS, /* a date and an interval of whole days */
    LT_TIME_DATE_MINUS_DAYS,
    LT_TIME_DATE_PLUS_MONTHS,
    LT_TIME_DATE_MINUS_MONTHS,
    LT_TIME_DATE_PLUS_CALENDAR,
    LT_TIME_DATE_MINUS_CALENDAR,
    LT_TIME_PLUS_MONTHS, /* a timestamp, local or not, and ... */
    LT_TIME_MINUS_MONTHS,
    LT_TIME_PLUS_DAY_TIME,
    LT_TIME_MINUS_DAY_TIME,
    LT_TIME_PLUS_CALENDAR,
    LT_TIME_MINUS_CALENDAR,
    LT_TIME_MONTHS_PLUS, /* two intervals */
    LT_TIME_MONTHS_MINUS,
    LT_TIME_DAY_TIME_PLUS,
    LT_TIME_DAY_TIME_MINUS,
    LT_TIME_CALENDAR_PLUS,
    LT_TIME_CALENDAR_MINUS,
    LT_TIME_MONTHS_TIMES, /* an interval and a bigint, double or decimal */
    LT_TIME_MONTHS_OVER,
    LT_TIME_DAY_TIME_TIMES,
    LT_TIME_DAY_TIME_OVER,
    LT_TIME_CALENDAR_TIMES, /* a double */
    LT_TIME_CALENDAR_OVER,
    LT_TIME_DIFFERENCE,      /* of two timestamps */
    LT_TIME_DATE_DIFFERENCE, /* of two dates */
    LT_TIME_HOW_OFTEN,       /* an interval goes into another */
    LT_TIME_KEEP,
    LT_TIME_NEGATIVE,
    LT_TIME_CALENDAR_NEGATIVE,
    LT_TIME_ABSOLUTE,
    LT_TIME_SIGN,
};

/* A signature with the operation's kernel. */
const struct lt_signature *lt_time_signature(enum lt_time_operation operation);

#endif
