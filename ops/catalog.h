/*
 * What the runners see of ops: analysis of a plan node, and the operators a lane makes from it. A
 * runner knows plan nodes and the operator contract; it knows no expression and no operator by
 * name.
 *
 * - lt_ops_analyse(): once per node, inputs first; texts become trees, `schema` is filled.
 * - lt_ops_optimise(): once per run of analysed nodes.
 * - lt_ops_create(): once per lane and node; the operator, or none where a node needs none.
 *
 * READ and WRITE belong to io: analysing WRITE only passes the schema on, READ is refused here.
 */
#ifndef LT_OPS_CATALOG_H
#define LT_OPS_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/data/type.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"
#include "core/flow/plan_tree.h"

enum lt_ops_mode {
    LT_OPS_CONTINUOUS,  /* what is not stateless is refused with Spark's text */
    LT_OPS_MICRO_BATCH, /* stateful operators too, where the node says what they do */
};

/* Analyses one node whose inputs are analysed already. FILTER, PROJECT: parses expression_texts
 * into `expressions` where these are NULL (a text of a PROJECT may list several columns: "key,
 * upper(value) AS value", "* EXCEPT (headers)"), resolves names and types, and replaces
 * `expressions` by the final columns. Fills node->schema. Everything made lives in `arena`, which
 * must outlive the node's operators. on: control. */
int lt_ops_analyse(struct lt_plan_node *node, enum lt_ops_mode mode, struct lt_arena *arena,
                   struct lt_error *error) LT_MUST_USE;

/* Rewrites `nodes`, a run in which each node is the only reader of the one before it, in the order
 * rows pass them; the first reads `input`. Returns how many are left. Changed nodes are copies in
 * the arena; the schema that comes out stays (ops/optimise.c). on: control. */
uint32_t lt_ops_optimise(struct lt_plan_node **nodes, uint32_t count, struct lt_plan_node *input,
                         struct lt_arena *arena);
/* Lets a PROJECT compute only the columns whose bits are set in `needed`; in its place stands a
 * copy then. Other kinds of nodes stay as they are. on: control. */
void lt_ops_prune(struct lt_plan_node **node, const uint64_t *needed, struct lt_arena *arena);

/* The operator of an analysed node for one lane, open not yet called; NULL in `out` where nothing
 * is to be done with a record (UNION, WRITE). The caller owns it and calls its close().
 * on: control. */
int lt_ops_create(const struct lt_plan_node *node, struct lt_operator **out,
                  struct lt_error *error) LT_MUST_USE;

/* Micro-batches: a stateful node (AGGREGATE, JOIN, DEDUPLICATE, SORT, LIMIT) stands on both sides
 * of an exchange. In each lane, in front of it, may be an operator that makes less of the rows;
 * behind it is lt_ops_create's, one for each instance. */

/* How rows get from the lanes to the instances of a stateful node. */
struct lt_ops_exchange {
    const struct lt_type *schema; /* of the rows that pass */
    const uint32_t *columns;      /* of it: rows that are equal in them go to one instance, by
                                     lt_row_bytes_write_key of these columns, in this order, and
                                     lt_state_group_of */
    uint32_t column_count;        /* 0: all rows go to the one instance that there is */
};
/* `side` is 0, or 1 for the right input of a JOIN. Memory of the arena. on: control. */
int lt_ops_exchange(const struct lt_plan_node *node, uint32_t side, struct lt_arena *arena,
                    struct lt_ops_exchange *out, struct lt_error *error) LT_MUST_USE;
/* The operator in front of the exchange, as lt_ops_create; NULL in `out`: rows pass as they are.
 * on: control. */
int lt_ops_create_partial(const struct lt_plan_node *node, struct lt_operator **out,
                          struct lt_error *error) LT_MUST_USE;

/* Sets the bits of the input columns that the node reads (`used` has room for the input's columns
 * and is not cleared). A FILTER reads what its predicate names; what it passes on is the next
 * node's business. on: any. */
void lt_ops_columns_used(const struct lt_plan_node *node, uint64_t *used);

/* An analysed node as Spark shows it, over `input`: one line, or several for generators. on:
 * control. */
struct lt_plan_tree *lt_ops_tree(const struct lt_plan_node *node, struct lt_plan_tree *input,
                                 struct lt_arena *arena);

/* The function table, for tools: help, completion, reference pages. on: any. */
struct lt_ops_function {
    const char *name;
    const char *aliases; /* "char_length, len"; "" if none */
    const char *usage;   /* "substring(str, pos[, count])" */
    const char *help;    /* one or more sentences */
    const char *example; /* an expression that can be evaluated as it stands */
    const char *result;  /* and what it gives, as text; NULL for what depends on the clock */
    const char *group;   /* "string", "math", ... */
    bool deterministic;
};
size_t lt_ops_function_count(void);
struct lt_ops_function lt_ops_function_at(size_t index);
/* By name or alias, in any case; false: there is none. */
bool lt_ops_function_find(const char *name, struct lt_ops_function *out);
/* The name that may have been meant; NULL: none is near. */
const char *lt_ops_function_nearest(const char *name);

#endif
