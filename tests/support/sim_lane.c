/*
 * Lanes of a simulated life: readers that count, writers of the three kinds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "tests/support/sim_life.h"

void sim_lane_init(struct sim_life *life, uint32_t index)
{
    struct sim_lane *lane = &life->lanes[index];
    *lane = (struct sim_lane){.index = index};
    memcpy(lane->positions, life->start, sizeof lane->positions);
    for (uint32_t p = index; p < life->world->partition_count; p += life->lane_count)
        lane->partitions[lane->partition_count++] = p;
    for (uint32_t i = 0; i < life->world->sink_count; i++) {
        struct sim_writer *writer = &lane->writers[i];
        memcpy(writer->written_to, life->start, sizeof writer->written_to);
        memcpy(writer->delivered_to, life->start, sizeof writer->delivered_to);
        memcpy(writer->batch_from, life->start, sizeof writer->batch_from);
    }
}

void sim_lane_read(struct sim_life *life, struct sim_lane *lane)
{
    if (lane->partition_count == 0)
        return;
    uint32_t p = lane->partitions[sim_draw(life->world, lane->partition_count)];
    lane->positions[p] += 1 + sim_draw(life->world, 3);
    for (uint32_t i = 0; i < life->world->sink_count; i++)
        lane->writers[i].written_to[p] = lane->positions[p];
}

/* Everything written since the last marker, as one output of an exactly-once sink. */
static uint32_t close_batch(struct sim_life *life, const struct sim_lane *lane, uint32_t sink,
                            uint64_t epoch)
{
    struct sim_writer *writer = &life->lanes[lane->index].writers[sink];
    struct sim_batch batch = {0};
    for (uint32_t i = 0; i < lane->partition_count; i++) {
        uint32_t p = lane->partitions[i];
        batch.from[p] = writer->batch_from[p];
        batch.to[p] = writer->batch_from[p] = writer->written_to[p];
    }
    return sim_output_begin(life->world, sink, epoch, lane->index, &batch);
}

static void prepare(struct sim_life *life, struct sim_lane *lane, uint32_t sink, uint64_t epoch)
{
    struct sim_writer *writer = &lane->writers[sink];
    lt_assert(writer->mark_count < LT_LIMIT_EPOCHS_IN_FLIGHT);
    struct sim_mark *mark = &writer->marks[writer->mark_count++];
    *mark = (struct sim_mark){.epoch = epoch};
    memcpy(mark->to, writer->written_to, sizeof mark->to);
    if (!sim_shows_at_once(life->world->sinks[sink].kind))
        mark->output = close_batch(life, lane, sink, epoch);
}

void sim_lane_mark(struct sim_life *life, struct sim_lane *lane)
{
    if (lane->inject_count == 0)
        return;
    uint64_t epoch = lane->injects[0];
    memmove(lane->injects, lane->injects + 1, --lane->inject_count * sizeof lane->injects[0]);
    struct lt_position positions[SIM_PARTITIONS];
    for (uint32_t i = 0; i < lane->partition_count; i++) {
        uint32_t p = lane->partitions[i];
        positions[i] = (struct lt_position){.offset = lane->positions[p]};
        sim_world_note_position(life->world, epoch, p, lane->positions[p]);
    }
    for (uint32_t i = 0; i < life->world->sink_count; i++)
        prepare(life, lane, i, epoch);
    lt_coordinator_position(life->coordinator, lane->index, epoch, lane->partitions, positions,
                            lane->partition_count);
}

static struct sim_mark *find_mark(struct sim_writer *writer, uint64_t epoch)
{
    for (uint32_t i = 0; i < writer->mark_count; i++)
        if (writer->marks[i].epoch == epoch)
            return &writer->marks[i];
    return NULL;
}

void sim_lane_commit(struct sim_life *life, struct sim_lane *lane)
{
    if (lane->commit_count == 0)
        return;
    uint64_t epoch = lane->commits[0];
    uint32_t sink = lane->commit_sink;
    struct sim_writer *writer = &lane->writers[sink];
    struct sim_mark *mark = find_mark(writer, epoch);
    if (mark == NULL || mark != &writer->marks[0]) {
        sim_fault(life->world, "sink %u: epoch %" PRIu64 " is to be committed out of order", sink,
                  epoch);
        return;
    }
    struct sim_sink *output_sink = &life->world->sinks[sink];
    if (output_sink->kind == SIM_TRANSACTIONAL)
        sim_output_show(life->world, sink, &output_sink->outputs[mark->output]);
    memmove(mark, mark + 1, --writer->mark_count * sizeof *mark);
    lane->commit_sink = (sink + 1) % life->world->sink_count;
    if (lane->commit_sink == 0)
        memmove(lane->commits, lane->commits + 1, --lane->commit_count * sizeof lane->commits[0]);
    lt_coordinator_committed(life->coordinator, lane->index, sink, epoch);
}

/* Delivers the next record of a partition of a writer that shows at once; false if there is none.
 */
static bool deliver(struct sim_life *life, struct sim_lane *lane, uint32_t sink, uint32_t p)
{
    struct sim_writer *writer = &lane->writers[sink];
    if (writer->delivered_to[p] == writer->written_to[p])
        return false;
    sim_deliver(life->world, sink, p, writer->delivered_to[p]++);
    return true;
}

static bool is_delivered(const struct sim_lane *lane, const struct sim_writer *writer,
                         const struct sim_mark *mark)
{
    for (uint32_t i = 0; i < lane->partition_count; i++)
        if (writer->delivered_to[lane->partitions[i]] < mark->to[lane->partitions[i]])
            return false;
    return true;
}

/* Syncs the file, and notes how far it goes: "0=17,3=4,". */
static void report_file(struct sim_life *life, struct sim_lane *lane, uint32_t sink,
                        struct sim_mark *mark)
{
    char note[SIM_PARTITIONS * 24] = "";
    int size_bytes = 0;
    struct sim_sink *file = &life->world->sinks[sink];
    for (uint32_t i = 0; i < lane->partition_count; i++) {
        uint32_t p = lane->partitions[i];
        file->synced_to[p] = file->ever_shown[p];
        size_bytes += snprintf(note + size_bytes, sizeof note - (size_t)size_bytes,
                               "%u=%" PRId64 ",", p, mark->to[p]);
    }
    mark->is_prepared = true;
    lt_coordinator_prepared(life->coordinator, lane->index, sink, mark->epoch, note);
}

/* "17:0,3,": the output's id and the partitions that it is for. */
static void report(struct sim_life *life, struct sim_lane *lane, uint32_t sink,
                   struct sim_mark *mark, uint64_t id)
{
    char note[64];
    int size_bytes = snprintf(note, sizeof note, "%" PRIu64 ":", id);
    for (uint32_t i = 0; i < lane->partition_count; i++)
        size_bytes += snprintf(note + size_bytes, sizeof note - (size_t)size_bytes, "%u,",
                               lane->partitions[i]);
    mark->is_prepared = true;
    lt_coordinator_prepared(life->coordinator, lane->index, sink, mark->epoch, note);
}

void sim_writer_work(struct sim_life *life, struct sim_lane *lane, uint32_t sink)
{
    struct sim_writer *writer = &lane->writers[sink];
    struct sim_sink *output_sink = &life->world->sinks[sink];
    bool shows_at_once = sim_shows_at_once(output_sink->kind);
    for (uint32_t i = 0; shows_at_once && i < 4 && lane->partition_count > 0; i++)
        deliver(life, lane, sink, lane->partitions[sim_draw(life->world, lane->partition_count)]);

    struct sim_mark *mark = NULL;
    for (uint32_t i = 0; i < writer->mark_count && mark == NULL; i++)
        if (!writer->marks[i].is_prepared)
            mark = &writer->marks[i];
    if (mark == NULL || (shows_at_once && !is_delivered(lane, writer, mark)))
        return;
    if (output_sink->kind == SIM_FILE) {
        report_file(life, lane, sink, mark);
        return;
    }
    uint64_t id = 0;
    if (!shows_at_once) {
        struct sim_output *output = &output_sink->outputs[mark->output];
        output->state = SIM_PREPARED;
        id = output->id;
    }
    report(life, lane, sink, mark, id);
}

void sim_writer_die(struct sim_life *life, struct sim_lane *lane, uint32_t sink)
{
    if (!sim_shows_at_once(life->world->sinks[sink].kind))
        return;
    for (uint32_t i = 0; i < lane->partition_count; i++)
        while (sim_draw(life->world, 4) != 0 && deliver(life, lane, sink, lane->partitions[i]))
            continue;
}
