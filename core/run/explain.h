/*
 * What a query runs with, or would run with: its plan (core/run/explain_plan.h), then a line for
 * each choice and each fact; behind # what decided it: an option and who set it, or a fact about
 * the query or the machine.
 *
 *   == Physical Plan ==
 *   WriteToContinuousDataSource kafka
 *   +- Filter (length(value) > 8)
 *      +- ContinuousScan[key, value] kafka
 *
 *   source kafka: KafkaSource[Subscribe[in]], 4 partitions
 *   lanes: 1   # lanes not set: one for each lane CPU; the source has 4 partitions
 *
 * Before the start nothing is connected, so what only a broker can tell is left open.
 */
#ifndef LT_RUN_EXPLAIN_H
#define LT_RUN_EXPLAIN_H

#include "core/run/assembly.h"

enum lt_explain_form {
    LT_EXPLAIN_SIMPLE,    /* the physical plan */
    LT_EXPLAIN_EXTENDED,  /* the optimised logical plan in front */
    LT_EXPLAIN_COST,      /* the same, with sizes */
    LT_EXPLAIN_FORMATTED, /* the physical plan with numbers and paragraphs */
};

struct lt_explain_options {
    enum lt_explain_form form;
    bool hides_sinks; /* a query is meant, not what it is written to */
};

/* The assembly of a run, or one that has been bound and placed. on: the thread that owns it. */
void lt_explain_assembly(const struct lt_assembly *assembly, struct lt_text_buffer *out);

/* A query that has not been started; the error that its start would give, as far as it can be known
 * without connecting. on: any. */
int lt_explain_spec(const struct lt_query_spec *spec, const struct lt_explain_options *options,
                    struct lt_text_buffer *out, struct lt_error *error) LT_MUST_USE;

#endif
