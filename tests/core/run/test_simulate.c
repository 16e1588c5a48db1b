/*
 * The whole runner under a simulator: core/run in invoker mode with a clock that is told the time,
 * a fake reactor, fake source and sinks, and the real checkpoint. A query lives several times on
 * one checkpoint; each life is a process (tests/support/lives.h) that dies at a drawn moment: in
 * any call of a fake, at any fault point of the protocol, in the middle of the reactor's work, at
 * any call of the system that recovery makes, by kill or by loss of power. A disk may be full, or
 * fail, and reads are short. Partitions are added while it runs, and it begins again for them. Each
 * life draws its mode: one goes on where the other was stopped.
 * What must be true in the end stands in tests/support/crash_world.h.
 *
 *   LEAT_SEEDS=20000   how many seeds, 2000 by default
 *   LEAT_SEED=17       that one only: replays a failure; with LEAT_SEEDS, from that one on
 *   LEAT_FORK=1        each life in a forked process, which is slower
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/epoch/protocol.h"
#include "core/run/query.h"
#include "tests/support/crash_world.h"
#include "tests/support/lives.h"
#include "tests/support/scratch.h"
#include "tests/support/seeds.h"
#include "tests/support/watched_calls.h"

enum { ROUNDS_MAX = 300, ROUNDS_TO_END = 20000, DIED = 9, FAILED = 1 };

static struct crash_world *world;
static bool is_last_life;
static enum lt_epoch_step last_step; /* of the protocol: the life ends right before it */
static uint32_t steps_left;          /* of that kind; 0: it ends elsewhere */
static const char *folder; /* of the seed */
static char path[SCRATCH_PATH_SIZE + sizeof "/seed/checkpoint"];

static uint32_t draw(uint32_t bound)
{
    return crash_draw(world, bound);
}

static void point(void)
{
    crash_point(world);
}

/* The process is gone: files keep what they were told, or, without power, what was synced and some
 * of the rest. */
static void die(void)
{
    watched_calls_die();
    lives_end(DIED);
}

static int create_reactor(const struct lt_reactor_options *options, struct lt_reactor **out,
                          struct lt_error *error)
{
    (void)options, (void)error;
    *out = watched_reactor_create();
    if (!is_last_life && draw(3) == 0)
        fake_reactor_crash_after(*out, draw(150));
    return 0;
}

static bool on_fault_point(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context, (void)epoch;
    if (step == last_step && steps_left > 0 && --steps_left == 0)
        die();
    crash_point(world);
    return false;
}

/* An error is a fault, but where the disk has failed: then it is an end as good as any. */
static void give_up(const char *what, const char *text)
{
    if (watched.has_faulted)
        die();
    crash_fault(world, "%s: %s", what, text);
    lives_end(FAILED);
}

static struct lt_plan *make_plan(struct lt_arena *arena)
{
    static const char *const names[CRASH_SINK_KINDS] = {"plain", "staged", "file"};
    struct lt_plan *plan = lt_arena_alloc(arena, sizeof *plan);
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    read->format = "numbers";
    read->options = lt_options_create();
    plan->sinks = lt_arena_alloc(arena, CRASH_SINKS * sizeof(struct lt_plan_node *));
    for (uint32_t i = 0; i < CRASH_SINKS; i++) {
        plan->sinks[i] = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
        plan->sinks[i]->format = names[world->kinds[i]];
        plan->sinks[i]->options = lt_options_create();
        plan->sinks[i]->inputs[0] = read;
    }
    plan->sink_count = CRASH_SINKS;
    plan->trigger = (struct lt_trigger){LT_TRIGGER_CONTINUOUS, 10 * LT_NS_PER_MS};
    if (draw(2) == 0)
        memset(world->planned, 0, sizeof world->planned); /* it reads on as it likes */
    else
        plan->trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME,
                                            draw(2) == 0 ? 0 : 5 * LT_NS_PER_MS};
    return plan;
}

static struct lt_query *start(struct lt_clock_manual *clock)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_options *options = lt_options_create();
    char lanes[16], stages[16];
    struct lt_error error;
    snprintf(lanes, sizeof lanes, "%u", 1 + draw(3));
    snprintf(stages, sizeof stages, "%u", 1 + draw(3));
    const char *const pairs[][2] = {{"checkpointLocation", path},
                                    {"lanes", lanes},
                                    {"stages", stages},
                                    {"dmaLatency", "off"},
                                    {"minBatchesToRetain", "2"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (lt_options_set(options, pairs[i][0], pairs[i][1], "test", &error) != 0)
            give_up("option", error.text);
    struct lt_query_spec spec = {.plan = make_plan(arena),
                                 .arena = arena,
                                 .options = options,
                                 .catalog = crash_catalog(world, create_reactor),
                                 .clock = &clock->clock,
                                 .is_invoked = true};
    struct lt_query *query;
    watched.is_watched = true;
    if (lt_query_start(&spec, &query, &error) != 0)
        give_up("start", error.text);
    return query;
}

static void round_of(struct lt_query *query, struct lt_clock_manual *clock)
{
    struct lt_error error;
    bool is_late = draw(64) == 0; /* things that are done once a second */
    lt_clock_manual_advance(clock, is_late ? LT_NS_PER_S : draw(2 * LT_NS_PER_MS));
    int work = lt_query_do_work(query);
    if (watched_reactor_has_stopped())
        die();
    if (work < 0) {
        if (lt_query_await(query, 0, &error) != 0)
            give_up("query", error.text);
    }
    if (world->fault[0] != '\0')
        lives_end(FAILED);
}

/* Every sink holds exactly what was read. */
static void check_end(void)
{
    for (uint32_t i = 0; i < CRASH_SINKS; i++)
        for (uint32_t p = 0; p < world->partition_count; p++)
            if (world->shown_to[i][p] != world->read_to[p])
                crash_fault(world,
                            "sink %u ends at %" PRId64 " in partition %u, and %" PRId64 " was read",
                            i, world->shown_to[i][p], p, world->read_to[p]);
}

/* In any call, soon or late; or between two steps of the protocol, where a call is seldom. */
static void draw_death(void)
{
    static const enum lt_epoch_step steps[] = {LT_EPOCH_LOG, LT_EPOCH_COMMIT, LT_EPOCH_DONE};
    world->calls_left = -1;
    if (is_last_life)
        return;
    last_step = steps[draw(sizeof steps / sizeof steps[0])];
    steps_left = draw(4) == 0 ? 1 + draw(8) : 0;
    if (steps_left == 0)
        world->calls_left = 1 + (int64_t)draw(draw(2) == 0 ? 40 : 3000);
    if (draw(4) == 0)
        watched.calls_to_fault = draw(draw(2) == 0 ? 40 : 500);
}

/* One life. */
static void live(void)
{
    struct lt_clock_manual clock;
    lt_clock_manual_init(&clock, 1, 1);
    crash_die = die;
    watched_calls_begin(folder, &clock, draw, point, die, is_last_life);
    lt_epoch_set_fault_hook(on_fault_point, NULL);
    lt_log_set_level(LT_LOG_ERROR);
    draw_death();
    struct lt_query *query = start(&clock);
    uint32_t rounds = 1 + draw(ROUNDS_MAX);
    for (uint32_t i = 0; i < rounds; i++)
        round_of(query, &clock);
    if (!is_last_life)
        die();
    lt_query_request_stop(query);
    for (uint32_t i = 0; lt_query_state(query) != LT_CONTROL_ENDED; i++) {
        round_of(query, &clock);
        if (i == ROUNDS_TO_END)
            give_up("no progress", lt_control_state_name(lt_query_state(query)));
    }
    check_end();
    lt_query_destroy(query);
    lives_end(world->fault[0] != '\0' ? FAILED : 0);
}

static void run_life(bool is_last)
{
    is_last_life = is_last;
    int code = lives_run(live);
    world->lives++;
    if (code != (is_last ? 0 : DIED))
        crash_fault(world, "a life ended with %d", code);
}

/* At half the rate that it is known to have, so that what is drawn may change a little. */
static struct seeds_fact facts[] = {
    {.name = "epochs done", .rate = 0.5},
    {.name = "recoveries of a sink", .rate = 0.12},
    {.name = "of them with a replay", .rate = 0.045},
    {.name = "new beginnings with more partitions", .rate = 0.1},
    {.name = "entries of the source's log dropped", .rate = 0.08},
    {.name = "files cut", .rate = 0.17},
    {.name = "partitions of batches read again", .rate = 0.07},
};

static void run_seed(struct seeds_run *run)
{
    folder = run->folder;
    snprintf(path, sizeof path, "%s/checkpoint", folder);
    crash_world_init(world, run->seed);
    uint32_t deaths = 1 + draw(4);
    for (uint32_t i = 0; i <= deaths && world->fault[0] == '\0'; i++)
        run_life(i == deaths);
    snprintf(run->fault, sizeof run->fault, "%s", world->fault);
    const uint64_t counts[] = {world->done_epochs,     world->finished_epochs,
                               world->replays,         world->reconnects,
                               world->dropped_entries, world->cuts,
                               world->same_ranges};
    memcpy(run->counts, counts, sizeof counts);
}

static void nothing_is_lost_or_shown_twice_whenever_the_runner_dies(void **state)
{
    (void)state;
    world = crash_world_create();
    seeds_run(&(struct seeds){.count = 2000,
                              .run = run_seed,
                              .facts = facts,
                              .fact_count = sizeof facts / sizeof facts[0]});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_shown_twice_whenever_the_runner_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
