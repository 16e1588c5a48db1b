/*
 * What a query runs with, or would run with, a line for each choice; behind # what decided it: an
 * option and who set it, or a fact about the machine.
 *
 *   source kafka: KafkaSource[Subscribe[in]], 4 partitions
 *   lanes: 1   # lanes not set: one for each lane CPU; the source has 4 partitions
 *
 * Before the start nothing is connected, so what only a broker can tell is left open.
 */
#ifndef LT_RUN_EXPLAIN_H
#define LT_RUN_EXPLAIN_H

#include "core/run/assembly.h"

/* The assembly of a run, or one that has been bound and placed. on: the thread that owns it. */
void lt_explain_assembly(const struct lt_assembly *assembly, struct lt_text_buffer *out);

/* A query that has not been started; the error that its start would give, as far as it can be known
 * without connecting. on: any. */
int lt_explain_spec(const struct lt_query_spec *spec, struct lt_text_buffer *out,
                    struct lt_error *error) LT_MUST_USE;

#endif
