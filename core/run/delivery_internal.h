/*
 * What the files of a delivery share: the rows' way is in delivery.c, that of epochs in
 * delivery_epochs.c.
 *
 * on: the stage's thread.
 */
#ifndef LT_RUN_DELIVERY_INTERNAL_H
#define LT_RUN_DELIVERY_INTERNAL_H

#include "core/run/delivery.h"

/* NULL: there is no such sink. */
static inline struct lt_branch *lt_delivery_dead_letters(struct lt_delivery *delivery)
{
    return delivery->has_dead_letters ? &delivery->branches[delivery->branch_count] : NULL;
}

/* The branch's writer is broken; the user has to know which of the sinks that is. */
void lt_delivery_report_broken(struct lt_branch *branch);

/* Asks the writer about its epochs, and reports what has come of them. The work done. */
uint32_t lt_delivery_step_epochs(struct lt_branch *branch);

#endif
