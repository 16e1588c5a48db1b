/*
 * The analyser's own state, shared by its files: analyse.c (nodes), resolve.c (calls) and fold.c.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_ANALYSER_H
#define LT_OPS_EXPR_ANALYSER_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/flow/expression.h"

struct lt_analyser {
    const char *text;
    const struct lt_type *schema; /* NULL: no columns */
    struct lt_arena *arena;
    struct lt_error *error;
};

/* Sets the error with the node's place. Returns `code`. */
int lt_analyser_fail(struct lt_analyser *analyser, int code, const struct lt_expression *node,
                     const char *condition, const char *sqlstate, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* A type for a message: "BIGINT". */
const char *lt_analyser_shown(struct lt_analyser *analyser, const struct lt_type *type);

/* Resolves a CALL whose arguments are analysed. */
int lt_resolve_call(struct lt_analyser *analyser, struct lt_expression *call);
/* Replaces constant parts by their values; what fails stays, and fails when it is reached. */
void lt_fold(struct lt_expression **node, const char *text, struct lt_arena *arena);

#endif
