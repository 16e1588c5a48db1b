/*
 * What reading documents (JSON, CSV) costs an operator: told before it runs (lt_operator_cost), and
 * counted while it does. Counters: "<prefix>documents", "<prefix>fields_parsed" and
 * "<prefix>texts_copied", brought up to date when the rows at hand are through; only of operators
 * that read any.
 *
 * on: the operator's thread; init: control.
 */
#ifndef LT_OPS_READ_METER_H
#define LT_OPS_READ_METER_H

#include "core/flow/operator.h"
#include "ops/expr/program.h"

struct lt_read_meter {
    const struct lt_program *program; /* NULL: it reads nothing */
    struct lt_shared_u64 *documents, *fields_parsed, *texts_copied;
};

/* True when the program reads documents at all: then on_batch_end is worth calling. */
bool lt_read_meter_is_needed(const struct lt_program *program);
void lt_read_meter_init(struct lt_read_meter *meter, const struct lt_program *program,
                        const struct lt_operator_env *env);
void lt_read_meter_update(const struct lt_read_meter *meter);

#endif
