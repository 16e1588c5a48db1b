/*
 * What a query contains beside projections, filters and unions, and what Spark says about it: first
 * conflicts with the output mode, then what no stream may contain, then operators with state
 * behind others that give late rows, then what Spark finds when it plans a batch, and at last what
 * the mode that the query is for does not run: continuous processing none of it, micro-batches what
 * there are nodes for (lower.h).
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_REFUSE_H
#define LT_OPS_SQL_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/flow/expression.h"
#include "core/data/type.h"
#include "core/flow/plan.h"

/* Operators by the names of Spark's plan nodes. */
struct lt_sql_use {
    const char *name; /* "Join", "Aggregate", "Sort", ... */
    const char *kind; /* of a join: "LeftOuter"; of a window function: the function's text */
    const char *column, *specification; /* of a window function: what it gives, and over what */
    const char *text; /* where it stands */
    uint32_t begin, end;
    uint32_t first; /* the uses from here up to it are what it stands over */
    /* Of an aggregation: of distinct values, by session windows, by a column that has a watermark.
     */
    bool is_distinct, is_session, has_event_time;
    bool has_time_key; /* of a deduplication: one of its columns has a watermark */
    bool is_grouping_sets; /* an Expand for these */
    bool is_global_session; /* by session windows and nothing else */
    bool is_keyless;        /* a join of streams without an equality between them */
    bool is_made; /* there is a node for it that the micro-batch mode runs (lower.h), */
    bool is_of_whole_result; /* and that in complete mode alone */
    /* Of a join or a set operation: which sides are streams, and for a join whether its condition
     * compares a column that has a watermark (then has_event_time is set too). */
    bool is_left_stream, is_right_stream;
};

enum { LT_SQL_USES_MAX = 64, LT_SQL_WATERMARKS_MAX = 16 };

/* Why a query does not run. */
struct lt_sql_refusal {
    const char *node; /* that continuous processing does not support; NULL: not refused for it */
    /* Its trigger says continuous; micro-batches may run it. Else no mode does, for the output mode
     * or for what it is. */
    bool is_for_trigger;
};

/* What a query uses: innermost first, as plans are walked. */
struct lt_sql_uses {
    struct lt_sql_use items[LT_SQL_USES_MAX];
    uint32_t count;
    struct lt_sql_use whole; /* the query itself, for what is said of it as a whole */
    struct lt_sql_use spare; /* what is beyond LT_SQL_USES_MAX changes nothing about the verdict */
    const char *watermarks[LT_SQL_WATERMARKS_MAX]; /* names of columns */
    uint32_t watermark_count;
    uint32_t first; /* where those of the query, or join, begin that is being analysed */
    bool is_static; /* all that the query reads ends */
    struct lt_sql_refusal refusal;
};

/* Notes an operator; what it returns can be told more. */
struct lt_sql_use *lt_sql_use(struct lt_sql_uses *uses, const char *name, const char *text,
                              uint32_t begin, uint32_t end);
/* Does a column that has a watermark stand in the tree? */
bool lt_sql_has_event_time(const struct lt_sql_uses *uses, const struct lt_expression *node);

/* Adds what is said of a stream that was built before, as if it stood here. */
void lt_sql_use_all(struct lt_sql_uses *uses, const struct lt_sql_uses *built);

/* Those from `begin` up to `end` belong to a table that ends: what is said of streams is not said
 * of them, but no mode runs them either. */
void lt_sql_use_static(struct lt_sql_uses *uses, uint32_t begin, uint32_t end);

/* Has one of the columns a watermark? */
bool lt_sql_has_watermarked(const struct lt_sql_uses *uses, const struct lt_type *schema);

/* 0 when nothing was used, or, where the query may run in micro-batches, nothing that they cannot
 * run; else Spark's error for the first that it refuses, and in uses->refusal what is to be told of
 * it. */
int lt_sql_refuse(struct lt_sql_uses *uses, enum lt_output_mode mode, bool may_batch,
                  struct lt_error *error) LT_MUST_USE;

#endif
