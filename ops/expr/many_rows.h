/*
 * Functions of many rows that nothing evaluates: those of windows, and a few aggregates (the others
 * stand in the function table, ops/aggregate). One row each: the name, how many arguments, what
 * kind it is, and by which rule its type follows from that of its argument. Where an expression of
 * one row is wanted they are refused as Spark refuses them, and statements are analysed with their
 * types (ops/sql/aggregate.h).
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_MANY_ROWS_H
#define LT_OPS_EXPR_MANY_ROWS_H

#include "ops/expr/analyser.h"

enum lt_many_rows_kind {
    LT_MANY_ROWS_AGGREGATE,
    LT_MANY_ROWS_RANKING,     /* of a window that is ordered */
    LT_MANY_ROWS_WINDOW,      /* of any window */
    LT_MANY_ROWS_TIME_WINDOW, /* no function, but made by an operator all the same */
};

enum lt_many_rows_type {
    LT_GIVES_BIGINT,
    LT_GIVES_DOUBLE,
    LT_GIVES_BINARY,
    LT_GIVES_SAME,   /* the type of its argument */
    LT_GIVES_LIST,   /* an array of that */
    LT_GIVES_WINDOW, /* of the time: start and end */
};

struct lt_many_rows {
    const char *name;
    uint8_t fewest, most; /* arguments; `most` UINT8_MAX: no bound */
    uint8_t kind, gives;
};

/* By name, as calls bear it; NULL: it is none of these. */
const struct lt_many_rows *lt_many_rows_find(const char *name);
/* WRONG_NUM_ARGS for a call with more or fewer arguments. */
int lt_many_rows_check_count(const struct lt_many_rows *function, const struct lt_expression *call,
                             struct lt_expr_place place, struct lt_arena *arena,
                             struct lt_error *error) LT_MUST_USE;
/* Refuses a call of such a function; LT_INFER_LETTERS when the name is none of theirs. */
int lt_refuse_many_rows(struct lt_analyser *analyser, const struct lt_expression *call);

#endif
