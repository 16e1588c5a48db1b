/*
 * One aggregate over rows that are written beside it, from text to result, for tests:
 *
 *     "sum(a) FILTER (WHERE a > 1) FROM VALUES (1), (2) AS t(a)"
 *
 * The rows are expressions, brought to common types as those of an array are. "FROM RANGE 1000"
 * has the rows 0, 1, ... of one BIGINT column, id.
 */
#ifndef LT_TESTS_SUPPORT_AGGREGATION_H
#define LT_TESTS_SUPPORT_AGGREGATION_H

#include "core/base/text_buffer.h"
#include "ops/aggregate/aggregate.h"
#include "ops/aggregate/calls.h"
#include "ops/expr/session.h"

struct lt_program; /* ops/expr/program.h */

struct aggregation {
    struct lt_arena *arena;
    const struct lt_session *session;
    const struct lt_type *schema; /* of the rows as they are written */
    const struct lt_array *rows;  /* NULL: 0, 1, ... */
    const char *name;             /* of the result's column */
    struct lt_aggregate_call call;
    const struct lt_type *input_schema;
    struct lt_plan_aggregate plan;
    struct lt_row_pool *from, *pool; /* of rows, and of what the aggregate gets and gives */
    struct lt_program *program;      /* makes the inputs; NULL: there are none */
    struct lt_row *out;
    struct lt_aggregates *aggregates;
    struct lt_scratch memory;
    uint32_t count;
    struct lt_error error;
};

/* Parses, analyses and binds; the code, and a->error. Close it in any case. */
int aggregation_open(struct aggregation *a, const char *text, const struct lt_session *session);
void aggregation_close(struct aggregation *a);

/* A state with no row, in memory that lives until aggregation_close(). */
void *aggregation_state(struct aggregation *a);
/* Rows [first, end) into the state. False: a fault, whose condition is a->error's. */
bool aggregation_add(struct aggregation *a, void *state, uint32_t first, uint32_t end);
bool aggregation_merge(struct aggregation *a, void *state, const void *other);
/* A state made of the bytes of another. */
void *aggregation_reread(struct aggregation *a, const void *state);
/* What it gives: JSON as to_json has it, "NULL", or a fault's condition. */
void aggregation_result(struct aggregation *a, const void *state, struct lt_text_buffer *out);

#endif
