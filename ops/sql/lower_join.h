/*
 * A join of two streams as a node: equal keys, what else must hold, and by which times rows are
 * late and can find no partner any more.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_LOWER_JOIN_H
#define LT_OPS_SQL_LOWER_JOIN_H

#include "ops/sql/analysis.h"

/* Where a column of what the join gives comes from. */
struct lt_sql_origin {
    uint32_t side, column;
    int32_t other; /* of the right side: the column that is merged with it by USING; -1: none */
};

struct lt_sql_join {
    const char *kind; /* Spark's name of it */
    struct lt_plan_node *nodes[2];
    struct lt_expression *condition;     /* over the columns of both sides; or NULL */
    const struct lt_sql_origin *origins; /* of the columns of the schema */
    const struct lt_type *schema;
    const char *text;
    struct lt_expr_place place;
};

/* The condition is analysed. Puts the join into *out, whose columns are join->schema's, and tells
 * `use` of it; *out stays what it is where no node can be made, which `use` says too. */
int lt_sql_lower_join(struct lt_sql_analysis *analysis, const struct lt_sql_join *join,
                      struct lt_sql_use *use, struct lt_plan_node **out) LT_MUST_USE;

#endif
