/*
 * LIMIT: of the rows of each batch the first ones (complete mode), or the first ones that the query
 * ever gave (append mode: how many there were is its state). One instance has all the rows.
 */
#ifndef LT_OPS_STATEFUL_LIMIT_H
#define LT_OPS_STATEFUL_LIMIT_H

#include "core/base/error.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"

/* `plan` NULL: for each batch. All of it must outlive the operator. on: control. */
struct lt_operator *lt_limit_create(const struct lt_plan_stateful *plan, int64_t limit,
                                    const struct lt_type *schema);

#endif
