/*
 * Queries with state under a simulator: core/run in invoker mode with a clock that is told the
 * time, a fake reactor, fake sources and sinks (or the real one of a directory), and the real
 * checkpoint and state files, on a disk that keeps only what was synced. A query lives several
 * times on one checkpoint, each time with its own trigger, lanes and partitions of the state; each
 * life is a process (tests/support/lives.h) that dies at a drawn moment: in any call of a fake, at
 * any fault point of the protocol, in the middle of the reactor's work, at any call of the system
 * that recovery makes, by kill or by loss of power. A disk may be full, or fail, and reads are
 * short. The last life goes on until nothing is left. What must be true stands in
 * tests/support/batch_world.h.
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
#include "tests/support/batch_world.h"
#include "tests/support/lives.h"
#include "tests/support/seeds.h"
#include "tests/support/watched_calls.h"

enum { ROUNDS_MAX = 120, ROUNDS_TO_END = 20000, DIED = 9, FAILED = 1 };

static struct batch_world *world;

static uint32_t draw(uint32_t bound)
{
    return batch_draw(world, bound);
}

static void point(void)
{
    batch_point(world);
}

/* The process is gone: files keep what they were told, or, without power, what was synced and some
 * of the rest. */
static void die(void)
{
    batch_world_die(world, watched.has_power);
    watched_calls_die();
    lives_end(DIED);
}

static int create_reactor(const struct lt_reactor_options *options, struct lt_reactor **out,
                          struct lt_error *error)
{
    (void)options, (void)error;
    *out = watched_reactor_create();
    if (!world->is_last_life && draw(3) == 0)
        fake_reactor_crash_after(*out, draw(150));
    return 0;
}

static bool on_fault_point(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context, (void)step, (void)epoch;
    batch_point(world);
    return false;
}

/* ----------------------------------------------------------------------------------------- life */

/* An error is a fault, but where the disk has failed: then it is an end as good as any. */
static void give_up(const char *what, const char *text)
{
    if (watched.has_faulted)
        die();
    batch_fault(world, "%s: %s", what, text);
    lives_end(FAILED);
}

static struct lt_trigger draw_trigger(void)
{
    if (world->is_last_life || draw(3) == 0)
        return (struct lt_trigger){LT_TRIGGER_AVAILABLE_NOW, 0};
    return (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME,
                               draw(2) == 0 ? 0 : 20 * LT_NS_PER_MS};
}

static struct lt_options *make_options(void)
{
    /* What zstd needs for each file takes more time than all else: it is seldom. */
    static const char *const codecs[] = {"lz4", "none", "lz4", "none", "lz4", "none", "zstd"};
    struct lt_options *options = lt_options_create();
    char path[sizeof world->path + sizeof "/checkpoint"];
    char lanes[16], partitions[16], deltas[16];
    struct lt_error error;
    snprintf(path, sizeof path, "%s/checkpoint", world->path);
    snprintf(lanes, sizeof lanes, "%u", 1 + draw(2));
    snprintf(partitions, sizeof partitions, "%u", 1 + draw(draw(2) == 0 ? 3 : 7));
    snprintf(deltas, sizeof deltas, "%u", 1 + draw(4));
    const char *const pairs[][2] = {
        {"checkpointLocation", path},
        {"lanes", lanes},
        {"laneRows", "512"},
        {"shufflePartitions", partitions},
        {"minDeltasForSnapshot", deltas},
        {"stateStoreCodec", codecs[draw(sizeof codecs / sizeof codecs[0])]},
        {"multipleWatermarkPolicy", world->question.takes_greatest ? "max" : "min"},
        {"dmaLatency", "off"},
        {"minBatchesToRetain", "2"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (lt_options_set(options, pairs[i][0], pairs[i][1], "test", &error) != 0)
            give_up("option", error.text);
    return options;
}

static struct lt_query *start(struct lt_clock_manual *clock)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_error error;
    struct lt_query_spec spec = {.plan = batch_plan(world, arena, draw_trigger()),
                                 .arena = arena,
                                 .options = make_options(),
                                 .catalog = batch_catalog(world, create_reactor),
                                 .clock = &clock->clock,
                                 .is_invoked = true};
    struct lt_query *query;
    watched.is_watched = true;
    if (lt_query_start(&spec, &query, &error) != 0)
        give_up("start", error.text);
    return query;
}

/* ------------------------------------------------------------------------------------- progress */

static int64_t number_after(const char *json, const char *key)
{
    const char *at = strstr(json, key);
    return at == NULL ? INT64_MIN : strtoll(at + strlen(key), NULL, 10);
}

/* The watermark in milliseconds. */
static int64_t watermark_of(const char *json)
{
    static const char key[] = "\"watermark\":\"";
    const char *at = strstr(json, key);
    int64_t us = at == NULL ? INT64_MIN : batch_time_us(at + strlen(key));
    return us == INT64_MIN ? us : us / 1000;
}

static void check_fact(const char *json, const char *name, int64_t told, int64_t known)
{
    if (told != known)
        batch_fault(world, "progress says %s %" PRId64 " where it is %" PRId64 ": %s", name, told,
                    known, json);
}

/* Of the batch that was done in this round. */
static void check_progress(struct lt_query *query)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    bool is_there = lt_progress_recent(lt_query_progress(query), 0, &text);
    const char *json = lt_text_get(&text);
    uint64_t epoch = world->done_count - 1;
    const struct batch_facts *facts = &world->epochs[epoch].facts;
    check_fact(json, "entries", is_there, 1);
    check_fact(json, "batchId", number_after(json, "\"batchId\":"), (int64_t)epoch);
    check_fact(json, "numInputRows", number_after(json, "\"numInputRows\":"), facts->input_rows);
    if (batch_has_watermark(&world->question))
        check_fact(json, "watermark", watermark_of(json), facts->watermark_ms);
    if (facts->total_rows >= 0)
        check_fact(json, "numRowsTotal", number_after(json, "\"numRowsTotal\":"),
                   facts->total_rows);
    if (facts->late_rows >= 0)
        check_fact(json, "numRowsDroppedByWatermark",
                   number_after(json, "\"numRowsDroppedByWatermark\":"), facts->late_rows);
    world->told++;
    lt_text_fini(&text);
}

/* --------------------------------------------------------------------------------------- rounds */

/* False: the query has ended well. */
static bool round_of(struct lt_query *query, struct lt_clock_manual *clock)
{
    struct lt_error error;
    bool is_late = draw(32) == 0; /* things that are done once a second */
    uint64_t done = world->done_count;
    lt_clock_manual_advance(clock, is_late ? LT_NS_PER_S : draw(4 * LT_NS_PER_MS));
    int work = lt_query_do_work(query);
    if (watched_reactor_has_stopped())
        die();
    if (work < 0 && lt_query_await(query, 0, &error) != 0)
        give_up("query", error.text);
    if (world->done_count > done && world->fault[0] == '\0')
        check_progress(query);
    if (world->fault[0] != '\0')
        lives_end(FAILED);
    return lt_query_state(query) != LT_CONTROL_ENDED;
}

/* Nothing is left to be done. */
static void check_end(void)
{
    uint32_t sources = batch_source_count(&world->question);
    for (uint32_t i = 0; i < sources; i++)
        for (uint32_t p = 0; p < world->partition_count[i]; p++)
            if (batch_begin_of(world, world->done_count)[i][p] != world->newest[i][p])
                batch_fault(world, "source %u, partition %u is read to %" PRId64 " of %" PRId64, i,
                            p, batch_begin_of(world, world->done_count)[i][p],
                            world->newest[i][p]);
    if (batch_model_wants_batch(&world->model))
        batch_fault(world, "the watermark has moved after the last batch");
    watched.is_watched = false;
    batch_check_directory(world);
    if (world->shown_count > 0)
        batch_fault(world, "rows of batch %" PRIu64 " are shown, which was never done",
                    world->shown[0].epoch);
}

static void draw_death(void)
{
    uint32_t calls_max = draw(2) == 0 ? 60 : 3000;
    world->calls_left = world->is_last_life ? -1 : 1 + (int64_t)draw(calls_max);
    bool has_fault = !world->is_last_life && draw(4) == 0;
    if (has_fault)
        watched.calls_to_fault = draw(draw(2) == 0 ? 40 : 500);
}

/* One life. */
static void live(void)
{
    struct lt_clock_manual clock;
    lt_clock_manual_init(&clock, 1, 1);
    batch_die = die;
    watched_calls_begin(world->path, &clock, draw, point, die, world->is_last_life);
    lt_epoch_set_fault_hook(on_fault_point, NULL);
    lt_log_set_level(LT_LOG_ERROR);
    draw_death();
    struct lt_query *query = start(&clock);
    uint32_t rounds = world->is_last_life ? ROUNDS_TO_END : 1 + draw(ROUNDS_MAX);
    bool runs = true;
    for (uint32_t i = 0; i < rounds && runs; i++)
        runs = round_of(query, &clock);
    if (!world->is_last_life)
        die();
    if (runs)
        give_up("no progress", lt_control_state_name(lt_query_state(query)));
    check_end();
    lt_query_destroy(query);
    lives_end(world->fault[0] != '\0' ? FAILED : 0);
}

static void run_life(bool is_last)
{
    world->is_last_life = is_last;
    int code = lives_run(live);
    world->lives++;
    if (code != (is_last ? 0 : DIED))
        batch_fault(world, "a life ended with %d", code);
}

/* At half the rate that it is known to have, so that what is drawn may change a little. */
static struct seeds_fact facts[] = {
    {.name = "batches done", .rate = 0.5},
    {.name = "rows given out", .rate = 0.4},
    {.name = "batches read again", .rate = 0.15},
    {.name = "batches planned anew", .rate = 0.04},
    {.name = "batches finished by recovery", .rate = 0.04},
    {.name = "batches withdrawn", .rate = 0.003},
    {.name = "files cut", .rate = 0.015},
    {.name = "new beginnings with more partitions", .rate = 0.005},
    {.name = "batches told of in progress", .rate = 0.5},
};

static void run_seed(struct seeds_run *run)
{
    batch_world_init(world, run->seed, run->folder);
    uint32_t deaths = 1 + draw(2);
    for (uint32_t i = 0; i <= deaths && world->fault[0] == '\0'; i++)
        run_life(i == deaths);
    snprintf(run->fault, sizeof run->fault, "%s", world->fault);
    const uint64_t counts[] = {world->done,      world->rows, world->again,
                               world->anew,      world->finished, world->withdrawn,
                               world->cuts,      world->reconnects, world->told};
    memcpy(run->counts, counts, sizeof counts);
}

static void each_batch_counts_once_whenever_the_query_dies(void **state)
{
    (void)state;
    world = batch_world_create();
    seeds_run(&(struct seeds){.count = 2000,
                              .run = run_seed,
                              .facts = facts,
                              .fact_count = sizeof facts / sizeof facts[0]});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_batch_counts_once_whenever_the_query_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
