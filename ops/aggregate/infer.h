/*
 * Analysis of calls that several groups of aggregates share: what they take, and what they give.
 *
 * on: control.
 */
#ifndef LT_OPS_AGGREGATE_INFER_H
#define LT_OPS_AGGREGATE_INFER_H

#include "ops/expr/analyser.h"

/* Sets signature 0, type and nullable. Returns LT_OK. */
int lt_aggregate_finish(struct lt_expression *call, const struct lt_type *type, bool is_nullable);
/* An argument whose type a JSON path leaves open, or that is NULL without a type, becomes `to`. */
int lt_aggregate_decide(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                        enum lt_type_kind to);
/* The argument becomes a literal of that type: a constant, and not NULL. */
int lt_aggregate_constant(struct lt_analyser *analyser, struct lt_expression *call, uint32_t index,
                          const struct lt_type *type);
/* Percentages: a constant, or an array of constants, from 0 to 1, as doubles. */
int lt_aggregate_percentages(struct lt_analyser *analyser, struct lt_expression *call,
                             uint32_t index);
/* "the first parameter requires the ... type": `words` is Spark's list. */
int lt_aggregate_refuse_input(struct lt_analyser *analyser, const struct lt_expression *call,
                              uint32_t index, const char *words);

#endif
