#include "core/run/control_wait.h"

static void find_epoch(const struct lt_coordinator *coordinator, struct lt_control_wait *out)
{
    struct lt_coordinator_status status;
    lt_coordinator_status(coordinator, &status);
    if (status.open_count > 0)
        *out = (struct lt_control_wait){.has_epoch = true,
                                        .epoch = (uint64_t)(status.last_done + 1),
                                        .step = status.oldest_step,
                                        .missing = status.oldest_missing};
}

static void find_batch(const struct lt_batch_control *batches, struct lt_control_wait *out)
{
    struct lt_batches_status status;
    lt_batches_status(lt_batch_control_batches(batches), &status);
    if (status.step != LT_BATCH_IDLE)
        *out = (struct lt_control_wait){.has_epoch = true,
                                        .epoch = status.epoch,
                                        .step = lt_batch_step_awaits(status.step),
                                        .missing = status.missing};
}

void lt_control_wait_find(const struct lt_coordinator *coordinator,
                          const struct lt_batch_control *batches, struct lt_control_wait *out)
{
    *out = (struct lt_control_wait){.has_epoch = false};
    if (batches != NULL)
        find_batch(batches, out);
    else
        find_epoch(coordinator, out);
}

bool lt_control_wait_is_same(const struct lt_control_wait *a, const struct lt_control_wait *b)
{
    return a->has_epoch == b->has_epoch && a->epoch == b->epoch && a->step == b->step &&
           a->missing == b->missing;
}
