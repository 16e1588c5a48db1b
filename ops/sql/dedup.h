/*
 * dropDuplicates: Spark's SQL has no words for it. A program says it to the builder, and a job by
 * the options dropDuplicates and dropDuplicatesWithinWatermark of a table that it reads.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_DEDUP_H
#define LT_OPS_SQL_DEDUP_H

#include "core/flow/plan.h"
#include "ops/sql/refuse.h"

/* The keys of a side by the names of its columns ("id, ts"; NULL or "*": all). In the arena. */
int lt_sql_find_keys(const struct lt_type *schema, const char *columns, struct lt_arena *arena,
                     struct lt_plan_side *side, struct lt_error *error) LT_MUST_USE;
/* A DEDUPLICATE over `input` by columns with these names ("id, ts"; NULL or "*": all). In the
 * arena. As in Spark dropDuplicates takes no maps, and dropDuplicatesWithinWatermark does. */
int lt_sql_dedup_node(struct lt_plan_node *input, const char *columns, bool within_watermark,
                      struct lt_arena *arena, struct lt_plan_node **out,
                      struct lt_error *error) LT_MUST_USE;
/* Why sets are not made of rows with such a column, which is or has a map. In the arena. */
const char *lt_sql_map_refusal(const struct lt_field *field, struct lt_arena *arena);
/* Notes the node in what a query uses; the place is where it is said. */
void lt_sql_use_dedup(struct lt_sql_uses *uses, const struct lt_plan_node *node, const char *text,
                      uint32_t begin, uint32_t end);

#endif
