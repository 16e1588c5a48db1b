/*
 * What the end of a run waits for: its oldest open epoch, or the open batch, and what that lacks.
 *
 * on: the control thread; whoever asked for the end is handed a copy.
 */
#ifndef LT_RUN_CONTROL_WAIT_H
#define LT_RUN_CONTROL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/epoch/coordinator.h"
#include "core/run/batch_control.h"

struct lt_control_wait {
    bool has_epoch; /* false: no epoch is open */
    uint64_t epoch;
    enum lt_epoch_step step;
    uint32_t missing; /* reports of that step */
};

/* Of the one that is not NULL. */
void lt_control_wait_find(const struct lt_coordinator *coordinator,
                          const struct lt_batch_control *batches, struct lt_control_wait *out);
bool lt_control_wait_is_same(const struct lt_control_wait *a, const struct lt_control_wait *b);

#endif
