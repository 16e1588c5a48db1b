/*
 * ORDER BY: the rows of a batch in order, at its end. Only for the results of complete mode, which
 * are whole in every batch; nothing is kept from batch to batch.
 */
#ifndef LT_OPS_STATEFUL_SORT_H
#define LT_OPS_STATEFUL_SORT_H

#include "core/base/error.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"

/* Sorts by `orders`, then in the order in which the rows came. All of it must outlive the operator.
 * on: control. */
struct lt_operator *lt_sort_create(const struct lt_plan_order *orders, uint32_t count,
                                   const struct lt_type *schema);

#endif
