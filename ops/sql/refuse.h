/*
 * What a query contains that no mode of this version runs, and what Spark says about it: first
 * conflicts with the output mode, then what no stream may contain, then what continuous processing
 * does not.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_REFUSE_H
#define LT_OPS_SQL_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/flow/expression.h"
#include "core/flow/plan.h"

/* Operators by the names of Spark's plan nodes. */
struct lt_sql_use {
    const char *name; /* "Join", "Aggregate", "Sort", ... */
    const char *kind; /* of a join: "LeftOuter"; of an aggregate of distinct values: "distinct" */
    const char *text; /* where it stands */
    uint32_t begin, end;
};

enum { LT_SQL_USES_MAX = 64 };

/* Innermost first, as plans are walked. */
struct lt_sql_uses {
    struct lt_sql_use items[LT_SQL_USES_MAX];
    uint32_t count;
    bool has_watermark;
};

/* Notes an operator; more than LT_SQL_USES_MAX change nothing about the verdict. */
void lt_sql_use(struct lt_sql_uses *uses, const char *name, const char *kind, const char *text,
                uint32_t begin, uint32_t end);

/* 0 when nothing was used; else Spark's error for the first that it refuses. */
int lt_sql_refuse(const struct lt_sql_uses *uses, enum lt_output_mode mode,
                  struct lt_error *error) LT_MUST_USE;

/* Is it the name of an aggregate function of Spark's? */
bool lt_sql_is_aggregate(const char *name);
/* The first call of an aggregate function, or of a window function, in a tree; NULL: none. */
const struct lt_expression *lt_sql_find_aggregate(const struct lt_expression *node);
const struct lt_expression *lt_sql_find_window(const struct lt_expression *node);
/* Is any aggregate in the tree one of distinct values? */
bool lt_sql_has_distinct(const struct lt_expression *node);

#endif
