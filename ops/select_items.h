/*
 * Analysis of a projection: its texts become expressions, stars columns, and names that only items
 * further left have (lateral.h) what those stand for. An item that must be computed first becomes a
 * projection of its own, set between the node and its input.
 *
 * on: control.
 */
#ifndef LT_OPS_SELECT_ITEMS_H
#define LT_OPS_SELECT_ITEMS_H

#include "core/flow/plan.h"

/* Fills the expressions and the schema of a PROJECT whose input has its schema. */
int lt_ops_analyse_project(struct lt_plan_node *node, struct lt_arena *arena,
                           struct lt_error *error);

#endif
