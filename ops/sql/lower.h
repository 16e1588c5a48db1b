/*
 * From what a query says to the nodes of micro-batches: GROUP BY, DISTINCT and HAVING become
 * AGGREGATE, a join becomes JOIN, ORDER BY and LIMIT become SORT and LIMIT.
 *
 *     [FILTER] -> PROJECT keys, inputs, filters -> AGGREGATE -> [FILTER having] -> PROJECT items
 *     PROJECT left, keys \
 *                         JOIN -> PROJECT columns
 *     PROJECT right, keys /
 *
 * So stateful operators know columns and no expressions, but for a join's condition.
 *
 * Lowering comes after analysis has found nothing wrong with names and types, and starts anew from
 * the trees as they were parsed (lt_sql_keep_select), since analysis changes them. It says in the
 * query's uses (refuse.h) what it has made, and by which event time; what is not made stays a node
 * that no mode runs, and is refused. Which output mode the query is for does not matter yet: that
 * is the refusals' business, and the plan's (lt_plan_number).
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_LOWER_H
#define LT_OPS_SQL_LOWER_H

#include "ops/sql/analysis.h"
#include "ops/sql/syntax.h"

/* A copy of the select's expressions, in the arena. */
struct lt_sql_select lt_sql_keep_select(struct lt_sql_analysis *analysis,
                                        const struct lt_sql_select *select);

/* A grouped select as it was parsed, and what it reads: to make it once more, with items that ORDER
 * BY alone names. */
struct lt_sql_grouped {
    struct lt_sql_select select;
    const char *text;
    struct lt_sql_output input;
};

/* Puts the nodes of a grouped select over `input` into out->node, whose columns stay what they are.
 * `kept` is the select as it was parsed. */
int lt_sql_lower_group(struct lt_sql_analysis *analysis, const struct lt_sql_select *kept,
                       const char *text, const struct lt_sql_output *input,
                       struct lt_sql_output *out) LT_MUST_USE;
/* One row of each that are alike: DISTINCT, and UNION without ALL. `use` is what it is told as. */
int lt_sql_lower_distinct(struct lt_sql_analysis *analysis, struct lt_sql_use *use,
                          struct lt_expr_place place, struct lt_sql_output *out) LT_MUST_USE;
/* As in Spark, a filter that does not look at the event time goes before the watermark under it, so
 * that rows it leaves out do not move that: what comes in the place of `filter`, which is
 * analysed. */
struct lt_plan_node *lt_sql_sink_filter(struct lt_sql_analysis *analysis,
                                        struct lt_plan_node *filter);
/* ORDER BY of what groups give: by columns that come out, by items of the select list as they are
 * written, by what is computed of columns that come out, or else by what could stand in the select
 * list. Of anything else nothing is made. */
int lt_sql_lower_sort(struct lt_sql_analysis *analysis, const struct lt_parser_items *items,
                      const char *text, struct lt_sql_use *use,
                      struct lt_sql_output *out) LT_MUST_USE;
/* So many rows over the query's life; in complete mode, of what groups give, of each result. */
void lt_sql_lower_limit(struct lt_sql_analysis *analysis, int64_t limit, struct lt_sql_use *use,
                        struct lt_sql_output *out);
/* The node without what is hidden of its columns, which state would keep for nothing. */
int lt_sql_project_visible(struct lt_sql_analysis *analysis,
                           struct lt_plan_node **node) LT_MUST_USE;
/* An AGGREGATE of these columns over `input`; `stateful` is copied. */
struct lt_plan_node *lt_sql_aggregate_node(struct lt_sql_analysis *analysis,
                                           struct lt_plan_node *input,
                                           const struct lt_plan_stateful *stateful,
                                           const struct lt_type *schema);
/* The one event time among columns of a node; -1: none. Several are refused as Spark does. */
int lt_sql_event_column(struct lt_sql_analysis *analysis, const struct lt_plan_node *node,
                        const uint32_t *columns, uint32_t count, struct lt_expr_place place,
                        int32_t *out) LT_MUST_USE;

/* session_window(time, gap): the window as one row would make it, [time, time + gap), as a tree
 * that is not analysed, and the condition that a row must meet to have one. */
int lt_sql_session_window(struct lt_sql_analysis *analysis, const struct lt_expression *call,
                          const char *text, const struct lt_type *schema,
                          struct lt_expression **window, struct lt_expression **condition)
    LT_MUST_USE;

#endif
