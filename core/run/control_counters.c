#include "core/run/control_counters.h"

void lt_control_counters_add(struct lt_control_counters *of, struct lt_counters *counters)
{
    of->epochs_done = lt_counters_add(counters, LT_COUNTER_SUM, "query.epochs_done", "epochs",
                                      "epochs committed since the query was started");
    of->last_done_wall_us =
        lt_counters_add(counters, LT_COUNTER_GAUGE, "query.last_epoch_done", "us",
                        "when the last epoch was committed, since the Unix epoch");
    of->committed_read =
        lt_counters_add(counters, LT_COUNTER_SUM, "query.committed.read", "records",
                        "read, and in epochs that are committed");
    of->committed_filtered =
        lt_counters_add(counters, LT_COUNTER_SUM, "query.committed.filtered", "records",
                        "of those, left out by filters");
    of->committed_dead =
        lt_counters_add(counters, LT_COUNTER_SUM, "query.committed.dead_letters", "records",
                        "of those, dead-lettered");
    of->state = lt_counters_add_text(counters, "query.state", "what the query awaits");
}

static void count_lane(struct lt_control_counters *of, const struct lt_lane *lane, uint32_t at)
{
    for (uint32_t k = 0; k < lane->stage_count; k++)
        lt_counter_add(of->committed_filtered, lane->stages[k].left_out_of[at]);
    lt_counter_add(of->committed_read, lane->intake.read_of[at]);
}

void lt_control_counters_done(struct lt_control_counters *of, const struct lt_batch_lanes *lanes,
                              uint64_t epoch, int64_t wall_us)
{
    uint32_t at = (uint32_t)(epoch % LT_WRITER_EPOCHS);
    for (uint32_t i = 0; i < lanes->lane_count; i++)
        count_lane(of, lanes->lanes[i], at);
    for (uint32_t i = 0; i < lt_batch_lanes_delivery_count(lanes); i++)
        lt_counter_add(of->committed_dead, lt_batch_lanes_delivery(lanes, i)->dead_of[at]);
    lt_counter_add(of->epochs_done, 1);
    lt_counter_set(of->last_done_wall_us, (uint64_t)wall_us);
}
