/*
 * Plans as people read them: a tree with a line for each operator, as Spark draws it, and the same
 * with numbers and a paragraph for each (EXPLAIN FORMATTED).
 *
 *   Project [value, (value * 2) AS d]          Project (3)
 *   +- Filter ((value % 2) = 0)                +- Filter (2)
 *      +- ContinuousScan[value] rate              +- ContinuousScan (1)
 *
 * Who knows a kind of plan makes such a tree of it: ops/sql of what was parsed and analysed, ops of
 * a node, core/run of what runs.
 *
 * on: control. Trees and their texts live in the arena they were made in.
 */
#ifndef LT_FLOW_PLAN_TREE_H
#define LT_FLOW_PLAN_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/text_buffer.h"
#include "core/data/type.h"

struct lt_plan_tree {
    const char *name;             /* "Project" */
    const char *details;          /* what stands behind it: " [a, b]"; "" */
    const char *paragraph;        /* formatted: lines of its own, "Condition : (a > 1)\n"; "" */
    const struct lt_type *schema; /* what comes out; NULL: not told */
    bool is_streaming;            /* it has no end: all above it have none either */
    bool has_no_mark;             /* its stream is not marked (a View) */
    struct lt_plan_tree *beside;  /* beside the inputs: the queries of a WITH, or NULL */
    struct lt_plan_tree *next;    /* of those */
    struct lt_plan_tree **inputs;
    uint32_t input_count;
};

/* An operator over `input`; NULL: over nothing. Takes over its schema, and that it is a stream. */
struct lt_plan_tree *lt_plan_tree_over(struct lt_arena *arena, const char *name,
                                       const char *details, struct lt_plan_tree *input);
/* One over several; the list is copied. */
struct lt_plan_tree *lt_plan_tree_over_all(struct lt_arena *arena, const char *name,
                                           const char *details, struct lt_plan_tree *const *inputs,
                                           uint32_t count);

enum lt_plan_tree_style {
    LT_PLAN_TREE_PLAIN,
    LT_PLAN_TREE_MARKED, /* with ~ in front of what is a stream */
    LT_PLAN_TREE_COST,   /* with what is known of sizes behind it */
};
void lt_plan_tree_draw(const struct lt_plan_tree *tree, enum lt_plan_tree_style style,
                       struct lt_arena *arena, struct lt_text_buffer *out);
void lt_plan_tree_draw_formatted(const struct lt_plan_tree *tree, struct lt_arena *arena,
                                 struct lt_text_buffer *out);

/* "[a, b]": the names of the fields. */
const char *lt_plan_columns(const struct lt_type *schema, struct lt_arena *arena);

#endif
