/*
 * What EXPLAIN tells of operators with state: their place in the physical plan, under Spark's
 * names, with the exchange in front of them; and, below the plan, the store, the partitions, when
 * state is let go, and the watermarks.
 *
 *   StateStoreSave [window, k], [count(1)], append, operator 0, 2 partitions
 *   +- StateStoreRestore [window, k], [count(1)]
 *      +- Exchange hashpartitioning(window, k), 2
 *         +- HashAggregate [window, k], [count(1)], partial
 *
 * on: control.
 */
#ifndef LT_RUN_EXPLAIN_STATE_H
#define LT_RUN_EXPLAIN_STATE_H

#include "core/base/text_buffer.h"
#include "core/flow/plan_tree.h"
#include "core/run/assembly.h"

/* The node over its inputs, `sides` of them; a SORT or LIMIT too. In the arena. */
struct lt_plan_tree *lt_explain_state_tree(const struct lt_plan_node *node,
                                           struct lt_plan_tree *const *inputs, uint32_t sides,
                                           uint32_t partitions, struct lt_arena *arena);
/* The lines; none where no operator has state. */
void lt_explain_state(const struct lt_assembly *assembly, struct lt_text_buffer *out);

#endif
