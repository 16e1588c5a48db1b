/*
 * What the functions of dates and times share: groups, refusals, and casts of arguments that the
 * letters of a signature cannot say.
 *
 * on: control; kernels on the program's thread.
 */
#ifndef LT_OPS_EXPR_FUNCTIONS_DATETIME_H
#define LT_OPS_EXPR_FUNCTIONS_DATETIME_H

#include "core/text/datetime.h"
#include "ops/expr/analyser.h"
#include "ops/expr/functions.h"

/* DATETIME_OVERFLOW; NULL in a try_ call. */
static inline enum lt_kernel lt_datetime_overflow(struct lt_machine *machine,
                                                  const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "DATETIME_OVERFLOW", "22008",
                            "the result of \"%s\" does not fit into its type", call->name);
}

/* A cast of an argument to what Spark assigns it to: any number to another, text to anything. */
static inline int lt_datetime_cast_field(struct lt_analyser *analyser, struct lt_expression *call,
                                         uint32_t index, const struct lt_type *wanted)
{
    const struct lt_type *type = call->arguments[index]->type;
    bool is_number = lt_type_is_number(type) || type->kind == LT_TYPE_DECIMAL;
    bool is_assigned = is_number && wanted->kind != LT_TYPE_STRING;
    if (!is_assigned && !lt_coerce_is_implicit(&analyser->coerce, type, wanted))
        return lt_analyser_unexpected(analyser, call, index, lt_analyser_shown(analyser, wanted));
    return lt_analyser_cast(analyser, &call->arguments[index], wanted);
}

#endif
