/*
 * Running one simulated life: draws what happens next, and where it ends.
 */
#include "tests/support/sim_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/sim_life.h"

enum {
    ACTIONS_MAX = 400,      /* of a life, before it winds down */
    ACTIONS_LIMIT = 100000, /* a life that has not ended by then is stuck */
};

static bool on_fault_point(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)step;
    (void)epoch;
    struct sim_life *life = context;
    if (life->faults_left > 0 && --life->faults_left == 0)
        life->is_dead = true;
    return life->is_dead;
}

bool sim_dies(struct sim_life *life)
{
    return lt_epoch_fault_point(LT_EPOCH_RECOVER, life->recovery.first_epoch);
}

void sim_fail(struct sim_life *life, const char *doing, int code, const struct lt_error *error)
{
    if (code == LT_E_CANCELLED && life->is_dead)
        return;
    sim_fault(life->world, "%s: %s", doing, error->text);
}

/* --------------------------------------------------------------------------------------- ports */

static bool take(struct sim_life *life, uint64_t *mailbox, uint32_t *count, uint64_t epoch)
{
    if (*count == SIM_MAILBOX || sim_draw(life->world, 8) == 0)
        return false;
    mailbox[(*count)++] = epoch;
    return true;
}

static bool port_inject(void *context, uint32_t lane, uint64_t epoch)
{
    struct sim_life *life = context;
    return take(life, life->lanes[lane].injects, &life->lanes[lane].inject_count, epoch);
}

static bool port_commit(void *context, uint32_t lane, uint64_t epoch)
{
    struct sim_life *life = context;
    return take(life, life->lanes[lane].commits, &life->lanes[lane].commit_count, epoch);
}

/* A staged sink shows one lane's file at a time, so that the process can die in between. */
static int port_commit_sink(void *context, uint32_t sink_index, uint64_t epoch, const char *notes,
                            struct lt_error *error)
{
    (void)notes;
    (void)error;
    struct sim_life *life = context;
    struct sim_sink *sink = &life->world->sinks[sink_index];
    if (sim_draw(life->world, 4) == 0)
        return 1;
    for (uint32_t i = 0; sink->kind == SIM_STAGED && i < sink->output_count; i++) {
        struct sim_output *output = &sink->outputs[i];
        if (output->epoch == epoch && output->state == SIM_PREPARED) {
            sim_output_show(life->world, sink_index, output);
            return 1;
        }
    }
    return 0;
}

static void port_done(void *context, uint64_t epoch, const struct lt_position *positions)
{
    struct sim_life *life = context;
    const int64_t *expected = sim_world_positions(life->world, epoch);
    for (uint32_t p = 0; p < life->world->partition_count; p++)
        if (positions[p].offset != expected[p])
            sim_fault(life->world,
                      "epoch %" PRIu64 " ends at %" PRId64 " in partition %u, and %" PRId64
                      " was reported",
                      epoch, positions[p].offset, p, expected[p]);
}

/* ---------------------------------------------------------------------------------------- life */

static void create_coordinator(struct sim_life *life)
{
    struct sim_world *world = life->world;
    struct lt_position start[SIM_PARTITIONS];
    for (uint32_t p = 0; p < world->partition_count; p++)
        start[p] = (struct lt_position){.offset = life->start[p]};
    struct lt_coordinator_options options = {
        .lane_count = life->lane_count,
        .sink_count = world->sink_count,
        .source_count = world->source_count,
        .sources = life->source_pointers,
        .interval_ns = sim_draw(world, 2) * 10 * LT_NS_PER_MS,
        .first_epoch = life->recovery.first_epoch,
        .start = start,
        .checkpoint = life->checkpoint,
        .clock = &life->clock.clock,
        .ports = {life, port_inject, port_commit, port_commit_sink, port_done},
    };
    struct lt_error error;
    int code = lt_coordinator_create(&options, &life->coordinator, &error);
    if (code != 0)
        sim_fail(life, "creating the coordinator", code, &error);
}

static void step_coordinator(struct sim_life *life)
{
    struct lt_error error;
    struct lt_coordinator_status status;
    int code = lt_coordinator_step(life->coordinator, &error);
    lt_coordinator_status(life->coordinator, &status);
    life->world->last_injected = status.last_injected;
    life->world->last_logged = status.last_logged;
    life->world->last_done = status.last_done;
    if (code < 0)
        sim_fail(life, "coordinator", code, &error);
}

static void act(struct sim_life *life, bool may_read)
{
    struct sim_world *world = life->world;
    struct sim_lane *lane = &life->lanes[sim_draw(world, life->lane_count)];
    switch (sim_draw(world, 12)) {
    case 0:
    case 1:
        if (may_read)
            sim_lane_read(life, lane);
        break;
    case 2:
        sim_lane_mark(life, lane);
        break;
    case 3:
        sim_lane_commit(life, lane);
        break;
    case 4:
    case 5:
        sim_writer_work(life, lane, sim_draw(world, world->sink_count));
        break;
    case 6:
        lt_clock_manual_advance(&life->clock, sim_draw(world, 5 * LT_NS_PER_MS));
        break;
    case 7:
        if (may_read && sim_draw(world, 4) == 0)
            lt_coordinator_request(life->coordinator);
        break;
    case 8:
    case 9:
        lt_reactor_poll(life->reactor);
        break;
    default:
        step_coordinator(life);
        break;
    }
    life->is_dead |= fake_reactor_has_stopped(life->reactor);
}

static bool goes_on(const struct sim_life *life)
{
    return !life->is_dead && life->world->fault[0] == '\0';
}

/* Reads for a while; the last life then asks for a last epoch and awaits it. */
static void run(struct sim_life *life, bool is_last)
{
    uint32_t actions = 1 + sim_draw(life->world, ACTIONS_MAX);
    for (uint32_t i = 0; i < actions && goes_on(life); i++)
        act(life, true);
    if (!is_last) {
        life->is_dead = true;
        return;
    }
    lt_coordinator_request(life->coordinator);
    int64_t last = life->world->last_injected + 1;
    for (uint32_t i = 0; goes_on(life) && life->world->last_done < last; i++) {
        act(life, false);
        if (i == ACTIONS_LIMIT) {
            struct lt_coordinator_status status;
            lt_coordinator_status(life->coordinator, &status);
            sim_fault(life->world, "no progress: epoch %" PRId64 " waits for '%s', %u missing",
                      status.last_done + 1, lt_epoch_step_name(status.oldest_step),
                      status.oldest_missing);
        }
    }
}

/* The last life has ended well: every sink holds exactly what was read. */
static void check_end(struct sim_life *life)
{
    int64_t positions[SIM_PARTITIONS];
    for (uint32_t i = 0; i < life->lane_count; i++)
        for (uint32_t j = 0; j < life->lanes[i].partition_count; j++) {
            uint32_t p = life->lanes[i].partitions[j];
            positions[p] = life->lanes[i].positions[p];
        }
    /* Later epochs, empty ones, may be logged by now. */
    life->world->last_logged = life->world->last_done;
    sim_world_begin(life->world, positions, (uint64_t)(life->world->last_done + 1));
}

static void draw_death(struct sim_life *life)
{
    struct sim_world *world = life->world;
    life->faults_left = -1;
    switch (sim_draw(world, 4)) {
    case 0:
        life->faults_left = 1 + sim_draw(world, 12); /* during recovery, or soon after */
        break;
    case 1:
        life->faults_left = 1 + sim_draw(world, 60);
        break;
    case 2:
        fake_reactor_crash_after(life->reactor, sim_draw(world, 200));
        break;
    default: /* anywhere: when run() has had enough */
        break;
    }
}

static void end_life(struct sim_life *life)
{
    struct sim_world *world = life->world;
    if (life->is_dead) {
        for (uint32_t i = 0; life->coordinator != NULL && i < life->lane_count; i++)
            for (uint32_t sink = 0; sink < world->sink_count; sink++)
                sim_writer_die(life, &life->lanes[i], sink);
        fake_reactor_crash(life->reactor,
                           sim_draw(world, 2) == 0 ? FAKE_CRASH_KILL : FAKE_CRASH_POWER);
        sim_world_die(world);
    }
    lt_checkpoint_close(life->checkpoint);
    lt_coordinator_destroy(life->coordinator);
    if (!life->is_dead && world->fault[0] != '\0')
        fake_reactor_crash(life->reactor, FAKE_CRASH_KILL);
    lt_reactor_destroy(life->reactor);
    lt_epoch_set_fault_hook(NULL, NULL);
}

void sim_run_life(struct sim_world *world, bool is_last)
{
    struct sim_life life = {.world = world, .faults_left = -1};
    lt_clock_manual_init(&life.clock, 1, 1);
    for (uint32_t i = 0; i < world->source_count; i++)
        sim_source_init(&life, i);
    life.lane_count = 1 + sim_draw(world, SIM_LANES);
    life.reactor = fake_reactor_create(sim_random(world), &life.clock);
    if (!is_last)
        draw_death(&life);
    lt_epoch_set_fault_hook(on_fault_point, &life);
    sim_recover(&life);
    if (life.is_dead)
        world->recovery_crashes++;
    if (goes_on(&life)) {
        sim_world_begin(world, life.start, life.recovery.first_epoch);
        lt_checkpoint_use_reactor(life.checkpoint, life.reactor);
        create_coordinator(&life);
        for (uint32_t i = 0; i < life.lane_count; i++)
            sim_lane_init(&life, i);
    }
    if (goes_on(&life))
        run(&life, is_last);
    if (is_last && goes_on(&life))
        check_end(&life);
    end_life(&life);
}
