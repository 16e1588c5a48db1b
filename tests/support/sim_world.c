/*
 * The outside world of the simulator: outputs, and what a reader of them would complain about.
 */
#include "tests/support/sim_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"

uint64_t sim_random(struct sim_world *world)
{
    /* splitmix64: any seed, 0 too, gives a full sequence. */
    uint64_t x = world->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint32_t sim_draw(struct sim_world *world, uint32_t bound)
{
    return (uint32_t)(sim_random(world) % bound);
}

void sim_fault(struct sim_world *world, const char *format, ...)
{
    if (world->fault[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->fault, sizeof world->fault, format, arguments);
    va_end(arguments);
}

void sim_world_init(struct sim_world *world, uint64_t seed, const char *path)
{
    *world =
        (struct sim_world){.random = seed, .last_injected = -1, .last_logged = -1, .last_done = -1};
    snprintf(world->path, sizeof world->path, "%s", path);
    world->source_count = 1 + sim_draw(world, SIM_SOURCES);
    for (uint32_t i = 0; i < world->source_count; i++) {
        world->keeps_log[i] = sim_draw(world, 2) == 0;
        world->source_partitions[i] = 1 + sim_draw(world, SIM_PARTITIONS / SIM_SOURCES);
        world->partition_count += world->source_partitions[i];
    }
    world->sink_count = 1 + sim_draw(world, SIM_SINKS);
    for (uint32_t i = 0; i < world->sink_count; i++) { /* two in five can ask for a replay */
        uint32_t kind = sim_draw(world, SIM_SINK_KINDS + 1);
        world->sinks[i].kind = kind == SIM_SINK_KINDS ? SIM_TRANSACTIONAL : kind;
    }
    for (uint32_t p = 0; p < SIM_PARTITIONS; p++) {
        world->newest[p] = sim_draw(world, 100);
        world->started[p] = -1;
    }
}

void sim_world_fini(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->sink_count; i++)
        free(world->sinks[i].outputs);
    free(world->logged);
}

/* ------------------------------------------------------------------------------------- outputs */

static const char *kind_name(enum sim_sink_kind kind)
{
    static const char *const names[] = {"at-least-once", "staged", "transactional", "file"};
    return names[kind];
}

void sim_deliver(struct sim_world *world, uint32_t sink_index, uint32_t partition, int64_t record)
{
    struct sim_sink *sink = &world->sinks[sink_index];
    if (record != sink->shown_to[partition])
        sim_fault(world, "%s sink %u: partition %u: record %" PRId64 " is shown after %" PRId64,
                  kind_name(sink->kind), sink_index, partition, record,
                  sink->shown_to[partition] - 1);
    if (sink->kind == SIM_FILE && record != sink->ever_shown[partition])
        sim_fault(world, "file sink %u: partition %u: record %" PRId64 " is written after %" PRId64,
                  sink_index, partition, record, sink->ever_shown[partition] - 1);
    sink->shown_to[partition] = record + 1;
    if (sink->ever_shown[partition] < record + 1)
        sink->ever_shown[partition] = record + 1;
}

uint32_t sim_output_begin(struct sim_world *world, uint32_t sink_index, uint64_t epoch,
                          uint32_t lane, const struct sim_batch *batch)
{
    struct sim_sink *sink = &world->sinks[sink_index];
    if (sink->output_count == sink->output_capacity) {
        sink->output_capacity = 2 * sink->output_capacity + 16;
        sink->outputs =
            lt_realloc_array(sink->outputs, sink->output_capacity, sizeof sink->outputs[0]);
    }
    sink->outputs[sink->output_count] = (struct sim_output){
        .id = ++world->next_id, .epoch = epoch, .lane = lane, .state = SIM_OPEN, .batch = *batch};
    return sink->output_count++;
}

struct sim_output *sim_output_find(struct sim_world *world, uint32_t sink, uint64_t id)
{
    for (uint32_t i = 0; i < world->sinks[sink].output_count; i++)
        if (world->sinks[sink].outputs[i].id == id)
            return &world->sinks[sink].outputs[i];
    return NULL;
}

void sim_output_show(struct sim_world *world, uint32_t sink, struct sim_output *output)
{
    if (output->state == SIM_SHOWN)
        return;
    if (output->state != SIM_PREPARED)
        sim_fault(world, "%s sink %u: epoch %" PRIu64 " of lane %u is shown before it is durable",
                  kind_name(world->sinks[sink].kind), sink, output->epoch, output->lane);
    for (uint32_t p = 0; p < world->partition_count; p++)
        for (int64_t n = output->batch.from[p]; n < output->batch.to[p]; n++)
            sim_deliver(world, sink, p, n);
    output->state = SIM_SHOWN;
}

/* --------------------------------------------------------------------------------------- lives */

void sim_world_die(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->sink_count; i++) {
        struct sim_sink *sink = &world->sinks[i];
        for (uint32_t p = 0; sink->kind == SIM_FILE && p < SIM_PARTITIONS; p++)
            sink->ever_shown[p] -=
                sim_draw(world, (uint32_t)(sink->ever_shown[p] - sink->synced_to[p] + 1));
        for (uint32_t j = 0; j < sink->output_count; j++) {
            struct sim_output *output = &sink->outputs[j];
            bool is_lost = output->state == SIM_OPEN ||
                           (output->state == SIM_PREPARED && sink->kind == SIM_TRANSACTIONAL &&
                            sim_draw(world, 3) == 0);
            if (is_lost)
                output->state = SIM_LOST;
        }
    }
    for (uint32_t p = 0; p < world->partition_count; p++)
        world->newest[p] += sim_draw(world, 50);
}

void sim_world_begin(struct sim_world *world, const int64_t *positions, uint64_t first_epoch)
{
    int64_t logged = (int64_t)first_epoch - 1;
    if (logged < world->last_logged)
        sim_fault(world, "epoch %" PRId64 " was logged, and recovery went back to %" PRId64,
                  world->last_logged, logged);
    if (logged > world->last_injected)
        sim_fault(world, "recovery knows epoch %" PRId64 ", and the last injected was %" PRId64,
                  logged, world->last_injected);
    for (uint32_t p = 0; p < world->partition_count; p++) {
        if (world->started[p] < 0) {
            world->started[p] = positions[p];
            for (uint32_t i = 0; i < world->sink_count; i++)
                world->sinks[i].shown_to[p] = world->sinks[i].ever_shown[p] =
                    world->sinks[i].synced_to[p] = positions[p];
        }
        int64_t expected =
            logged < 0 ? world->started[p] : sim_world_positions(world, (uint64_t)logged)[p];
        if (positions[p] != expected)
            sim_fault(world,
                      "partition %u goes on at %" PRId64 ", and epoch %" PRId64
                      " ended at %" PRId64,
                      p, positions[p], logged, expected);
        for (uint32_t i = 0; i < world->sink_count; i++) {
            struct sim_sink *sink = &world->sinks[i];
            bool is_exact = sink->kind != SIM_AT_LEAST_ONCE;
            if (sink->ever_shown[p] < positions[p] ||
                (is_exact && sink->ever_shown[p] != positions[p]))
                sim_fault(world,
                          "%s sink %u: partition %u was shown up to %" PRId64
                          ", and the query goes on at %" PRId64,
                          kind_name(sink->kind), i, p, sink->ever_shown[p], positions[p]);
            sink->shown_to[p] = positions[p];
        }
    }
    world->last_injected = world->last_logged = world->last_done = logged;
}

void sim_world_note_position(struct sim_world *world, uint64_t epoch, uint32_t partition,
                             int64_t position)
{
    if (epoch >= world->logged_capacity) {
        world->logged_capacity = 2 * epoch + 16;
        world->logged = lt_realloc_array(world->logged, world->logged_capacity,
                                         SIM_PARTITIONS * sizeof world->logged[0]);
    }
    world->logged[epoch * SIM_PARTITIONS + partition] = position;
}

const int64_t *sim_world_positions(const struct sim_world *world, uint64_t epoch)
{
    lt_assert(epoch < world->logged_capacity);
    return world->logged + epoch * SIM_PARTITIONS;
}
