/*
 * Lateral column aliases: a name in a select list that no column has may be that of an item further
 * left, `price * 2 AS twice, twice + 1`. What the alias stands for is put in its place. Where that
 * would be another value each time (rand()), rows (explode(a) AS x), or a tree beyond all measure,
 * the item has to be computed by a step of its own, and analysis says so.
 *
 * on: control.
 */
#ifndef LT_OPS_EXPR_LATERAL_H
#define LT_OPS_EXPR_LATERAL_H

#include "ops/expr/analyser.h"
#include "ops/expr/substitute.h"

/* In a copy that is analysed for its types alone, the position of a column that is such a name. */
enum { LT_LATERAL_INDEX = -2 };

struct lt_lateral {
    struct lt_expr_columns items; /* further left, analysed */
    int32_t needed;               /* the item that must be computed by a step before; -1: none */
};

/* Resolves a COLUMN that the schema has not. LT_INFER_LETTERS: no item has the name. */
int lt_analyser_lateral(struct lt_analyser *analyser, struct lt_expression *node);

/* Of a FIELD that is analysed: unless its base is what an item further left computes, of which it
 * is but a part, the base is read for it alone (use.h). */
void lt_lateral_field(struct lt_expression *field);

/* The arguments of struct(...), before they are analysed: one that may be such a name is put under
 * an alias, so that its field keeps the name. */
void lt_analyser_keep_names(struct lt_analyser *analyser, struct lt_expression *call);

#endif
