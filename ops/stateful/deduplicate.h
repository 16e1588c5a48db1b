/*
 * dropDuplicates and dropDuplicatesWithinWatermark: of the rows with equal keys the first one
 * passes.
 *
 *                       dropDuplicates                     within the watermark
 *   late rows           dropped, if there is a watermark   dropped
 *   an entry is final   at the event time, if that is      at the event time of the first row +
 *                       among the keys; else never         the delay; NULL counts as 0
 *   the entry's value   nothing                            that time
 *
 * What is final is removed at the end of the batch; no row comes of it.
 */
#ifndef LT_OPS_STATEFUL_DEDUPLICATE_H
#define LT_OPS_STATEFUL_DEDUPLICATE_H

#include "core/base/error.h"
#include "core/flow/operator.h"
#include "core/flow/plan.h"

/* All of it must outlive the operator. on: control. */
struct lt_operator *lt_deduplicate_create(const struct lt_plan_stateful *plan,
                                          const struct lt_type *schema);

#endif
