/*
 * Errors that show their place: the message, then the line of the expression, then carets under the
 * part that is meant. Long lines are shown in a window around the place.
 *
 *     cannot resolve column "valu"; hint: did you mean "value"?
 *       length(valu) > 8
 *              ^^^^
 *
 * on: control. Pure.
 */
#ifndef LT_OPS_EXPR_DIAGNOSE_H
#define LT_OPS_EXPR_DIAGNOSE_H

#include <stdint.h>

#include "core/base/error.h"

/* A part of a text, in bytes. */
struct lt_expr_place {
    const char *text; /* NULL: no place is shown */
    uint32_t begin, end;
};

/* Where a place begins: its line from 1, the character in it from 0, as Spark counts them. */
void lt_expr_count_place(struct lt_expr_place place, unsigned *line, unsigned *position);

/* Sets code, condition, SQLSTATE, place and the text, which shows the place. Returns `code`. */
int lt_expr_error(struct lt_error *error, int code, const char *condition, const char *sqlstate,
                  struct lt_expr_place place, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
