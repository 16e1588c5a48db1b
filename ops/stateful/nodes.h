/*
 * Plan nodes to stateful operators: what ops/catalog.h tells of AGGREGATE, JOIN, DEDUPLICATE, SORT
 * and LIMIT.
 *
 * on: control.
 */
#ifndef LT_OPS_STATEFUL_NODES_H
#define LT_OPS_STATEFUL_NODES_H

#include "ops/catalog.h"

/* Can the node run? It has been told what it does: `stateful`; SORT its order, LIMIT its rows. */
bool lt_stateful_is_complete(const struct lt_plan_node *node);
/* What comes out of a node whose inputs have their schemas. In the arena, or an input's. */
const struct lt_type *lt_stateful_schema(const struct lt_plan_node *node, struct lt_arena *arena);
/* The operator behind the exchange. */
int lt_stateful_create(const struct lt_plan_node *node, struct lt_operator **out,
                       struct lt_error *error) LT_MUST_USE;
/* The one in front of it, or NULL. */
int lt_stateful_create_partial(const struct lt_plan_node *node, struct lt_operator **out,
                               struct lt_error *error) LT_MUST_USE;
void lt_stateful_exchange(const struct lt_plan_node *node, uint32_t side, struct lt_arena *arena,
                          struct lt_ops_exchange *out);
/* Sets the bits of the columns of its one input that the node reads. */
void lt_stateful_columns_used(const struct lt_plan_node *node, uint64_t *used);

#endif
