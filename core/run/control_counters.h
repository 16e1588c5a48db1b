/*
 * What the control agent counts of a query: epochs, and what became of the records in them.
 *
 * on: the control thread.
 */
#ifndef LT_RUN_CONTROL_COUNTERS_H
#define LT_RUN_CONTROL_COUNTERS_H

#include "core/base/counters.h"
#include "core/run/batch_lanes.h"

struct lt_control_counters {
    struct lt_shared_u64 *epochs_done, *last_done_wall_us;
    struct lt_shared_u64 *committed_read, *committed_filtered, *committed_dead;
    struct lt_counter_text *state;
};

void lt_control_counters_add(struct lt_control_counters *of, struct lt_counters *counters);
/* An epoch is committed. The lanes wrote their numbers before their reports of it. */
void lt_control_counters_done(struct lt_control_counters *of, const struct lt_batch_lanes *lanes,
                              uint64_t epoch, int64_t wall_us);

#endif
