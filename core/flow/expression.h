/*
 * Expression trees, as plain data: what the parser makes, the analyser completes and the compiler
 * reads (ops/expr). Here because the plan holds them; nothing here knows functions or evaluates
 * anything.
 *
 * Before analysis `type` is NULL and columns are names. After analysis every node has its type,
 * columns have indices, calls have the id of their function and the signature that was chosen, and
 * implicit casts stand in the tree as CAST nodes.
 *
 * Nodes live in an arena. Depth is at most LT_LIMIT_EXPRESSION_DEPTH.
 */
#ifndef LT_FLOW_EXPRESSION_H
#define LT_FLOW_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/type.h"
#include "core/data/value.h"

enum lt_expression_kind {
    LT_EXPR_LITERAL,   /* value, is_null */
    LT_EXPR_COLUMN,    /* name (as written), parts a.b.c; index after analysis */
    LT_EXPR_CALL,      /* name, arguments; operators are calls of "+", "and", "<=>", ... */
    LT_EXPR_CAST,      /* arguments[0] to target; is_try */
    LT_EXPR_CASE,      /* arguments: when, then, when, then, ..., [else if count is odd] */
    LT_EXPR_FIELD,     /* arguments[0].name: a field of a struct; index after analysis */
    LT_EXPR_JSON_PATH, /* arguments[0]:path on JSON text; name is the path ("price", "a.b[0]") */
    LT_EXPR_LAMBDA,    /* arguments[1], [2], ... are its parameters, arguments[0] its body */
    LT_EXPR_VARIABLE,  /* a parameter of a lambda, and what reads it; index: which one */
    LT_EXPR_ALIAS,     /* arguments[0] AS name; AS (name, ...): the other names are the texts of
                          the literals arguments[1], [2], ... */
    LT_EXPR_STAR,      /* * or name.*; of the latter arguments[0] is what name.* is taken of; all
                          others: EXCEPT columns */
};

struct lt_signature; /* ops/expr: how one function takes and gives these types */

struct lt_expression {
    enum lt_expression_kind kind;
    uint32_t begin, end; /* bytes of the text it was parsed from: for carets */
    const char *text;    /* that text, where it is not the one of the node above; else NULL */
    const char *name;    /* of a CAST that INSERT makes: the column whose value it gives */
    struct lt_expression **arguments;
    uint32_t argument_count;
    const struct lt_type *type; /* after analysis; of LITERAL and CAST target from the start */
    bool nullable;              /* after analysis */
    bool is_null;               /* LITERAL */
    bool is_try;                /* CAST; CALL: NULL in place of a fault of its arguments too */
    bool is_legacy;             /* CAST: by the legacy rules, whatever those of the session are */
    bool is_call;               /* CALL, CAST: written as name(...), as INT('5') and negative(a) */
    bool is_name_list;          /* ALIAS: its names stood in brackets */
    bool is_replaced;           /* CALL: no constant to Spark's analysis (ops/expr/replaced.h) */
    bool is_hidden;             /* COLUMN: passed on by a step, and hidden as it was (type.h) */
    bool is_failing;            /* after folding: a constant that fails, under no condition */
    uint32_t alone; /* CALL that reads documents: not 0 where a field is taken of it at once, for
                       which it is read alone; of an array's elements, 1 + the field (use.h) */
    int32_t index;  /* COLUMN, FIELD: position; CALL: the function's row in the table; VARIABLE: its
                       number in the expression; -1 before */
    union lt_value value;                 /* LITERAL */
    const struct lt_signature *signature; /* CALL: after analysis */
    /* Not NULL: this node stands in several places of the tree (nullif, BETWEEN), and is evaluated
     * once for all of them, also where it draws by chance. Which node it is: copies keep it. */
    const struct lt_expression *once;
};

#endif
