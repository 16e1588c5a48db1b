/*
 * A query that ends between `offsets/e` and the sink's commit of e, and whose sink forgets what it
 * had prepared: the next start reads exactly the range of e again, for that sink alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/epoch/protocol.h"
#include "core/run/query.h"
#include "io/memory.h"
#include "tests/support/growing.h"
#include "tests/support/scratch.h"

enum { PARTITIONS = 3, ROUNDS = 2000000 };

static struct lt_query *query;
static struct lt_arena *arena; /* of one query's plan */
static struct lt_options *none, *query_options;
static struct lt_clock_manual manual;
static struct lt_memory_sink *memory; /* of the query */
static struct lt_source_type source_type;
static char scratch[64];
static int64_t first_of[PARTITIONS], next_of[PARTITIONS]; /* what the present query has shown */
static uint64_t stops_at;                                 /* the epoch that is not committed */
static const char *startup_timeout;

/* The sink memory, found again. */
static int bind_memory(const struct lt_sink_type *type, const struct lt_options *options,
                       const struct lt_type *schema, struct lt_arena *memory_arena,
                       struct lt_sink **out, struct lt_error *error)
{
    (void)type;
    int code =
        lt_memory_sink_type.bind(&lt_memory_sink_type, options, schema, memory_arena, out, error);
    memory = code == 0 ? lt_memory_sink_of(*out) : NULL;
    return code;
}

static bool stop_before_commit(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context;
    return step == LT_EPOCH_COMMIT && epoch == stops_at;
}

static struct lt_plan *make_plan(void)
{
    static struct lt_sink_type sink_type;
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    struct lt_plan_node *write = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    struct lt_plan_node *other = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    struct lt_plan *plan = lt_arena_alloc(arena, sizeof *plan);
    sink_type = lt_memory_sink_type;
    sink_type.bind = bind_memory;
    read->source_type = &source_type;
    write->sink_type = &sink_type;
    other->format = "seen";
    read->options = write->options = other->options = none;
    write->inputs[0] = other->inputs[0] = read;
    plan->sinks = lt_arena_alloc(arena, 2 * sizeof(struct lt_plan_node *));
    plan->sinks[0] = other;
    plan->sinks[1] = write;
    plan->sink_count = 2;
    plan->trigger = (struct lt_trigger){LT_TRIGGER_CONTINUOUS, 20 * LT_NS_PER_MS};
    return plan;
}

static int try_start(bool is_invoked, struct lt_error *error)
{
    char path[96];
    snprintf(path, sizeof path, "%s/checkpoint", scratch);
    const char *const pairs[][2] = {
        {"checkpointLocation", path}, {"dmaLatency", "off"}, {"startupTimeout", startup_timeout}};
    lt_arena_destroy(arena);
    arena = lt_arena_create();
    lt_options_destroy(query_options);
    query_options = lt_options_create();
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(lt_options_set(query_options, pairs[i][0], pairs[i][1], "test", error), 0);
    struct lt_query_spec spec = {.plan = make_plan(),
                                 .arena = arena,
                                 .options = query_options,
                                 .catalog = growing_catalog(),
                                 .clock = is_invoked ? &manual.clock : NULL,
                                 .is_invoked = is_invoked};
    for (uint32_t i = 0; i < PARTITIONS; i++)
        first_of[i] = next_of[i] = -1;
    return lt_query_start(&spec, &query, error);
}

static void start(bool is_invoked)
{
    struct lt_error error;
    if (try_start(is_invoked, &error) != 0)
        fail_msg("%s", error.text);
}

static int set_up(void **state)
{
    (void)state;
    growing_begin(PARTITIONS);
    lt_log_set_level(LT_LOG_ERROR);
    lt_clock_manual_init(&manual, 1, 1);
    scratch_create(scratch);
    none = lt_options_create();
    source_type = growing_source_type;
    startup_timeout = "10s";
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_epoch_set_fault_hook(NULL, NULL);
    lt_query_destroy(query);
    query = NULL;
    lt_arena_destroy(arena);
    arena = NULL;
    lt_options_destroy(none);
    lt_options_destroy(query_options);
    query_options = NULL;
    scratch_remove(scratch);
    return 0;
}

/* What the sink shows: each record once, in order. */
static void take_shown(void)
{
    struct lt_row *row;
    while ((row = lt_memory_sink_next(memory)) != NULL) {
        int64_t number = lt_row_values(row)[0].i64;
        uint32_t partition = (uint32_t)row->source_partition;
        if (next_of[partition] < 0)
            first_of[partition] = next_of[partition] = number;
        assert_int_equal(number, next_of[partition]);
        next_of[partition]++;
        lt_row_release(row);
    }
}

/* The first life: it ends when epoch `epoch` is logged and not committed. Where the sink had got to
 * is in `shown`. */
static void end_before_commit_of(uint64_t epoch, int64_t shown[PARTITIONS])
{
    stops_at = epoch;
    lt_epoch_set_fault_hook(stop_before_commit, NULL);
    start(true);
    for (int i = 0; lt_query_state(query) != LT_CONTROL_FAILED; i++) {
        assert_true(i < ROUNDS);
        lt_clock_manual_advance(&manual, LT_NS_PER_MS);
        (void)lt_query_do_work(query);
        take_shown();
    }
    for (uint32_t i = 0; i < PARTITIONS; i++)
        shown[i] = next_of[i] < 0 ? 0 : next_of[i];
    lt_query_destroy(query);
    query = NULL;
    lt_epoch_set_fault_hook(NULL, NULL);
}

static bool has_shown_all(void)
{
    for (uint32_t i = 0; i < PARTITIONS; i++)
        if (next_of[i] < GROWING_RECORDS)
            return false;
    return true;
}

static void everything_is_shown_once(uint64_t epoch)
{
    int64_t shown[PARTITIONS];
    end_before_commit_of(epoch, shown);
    assert_true(epoch == 0 || shown[0] > 0);
    assert_true(shown[0] < GROWING_RECORDS);
    start(true);
    take_shown();
    /* The epoch is shown by the start, before anything else is read. */
    assert_true(next_of[0] > shown[0]);
    assert_true(next_of[0] < GROWING_RECORDS);
    for (int i = 0; !has_shown_all(); i++) {
        assert_true(i < ROUNDS);
        lt_clock_manual_advance(&manual, LT_NS_PER_MS);
        assert_true(lt_query_do_work(query) >= 0);
        take_shown();
    }
    for (uint32_t i = 0; i < PARTITIONS; i++)
        assert_int_equal(first_of[i], shown[i]);
}

static void a_lost_epoch_is_read_again_and_nothing_else(void **state)
{
    (void)state;
    everything_is_shown_once(2);
}

static void the_first_epoch_is_read_again_from_where_the_query_began(void **state)
{
    (void)state;
    everything_is_shown_once(0);
}

static void what_a_source_kept_is_there_for_a_start_before_the_first_epoch(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        start(true);
        lt_query_destroy(query);
        query = NULL;
    }
}

static void a_sink_that_lost_nothing_gets_nothing_again(void **state)
{
    int64_t shown[PARTITIONS], seen[PARTITIONS];
    (void)state;
    end_before_commit_of(1, shown);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        seen[i] = (int64_t)lt_load_relaxed_u64(&growing_world.seen[i]);
        assert_true(seen[i] > shown[i]);
    }
    start(true);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        assert_int_equal(lt_load_relaxed_u64(&growing_world.seen[i]), seen[i]);
    assert_false(lt_load_relaxed_u32(&growing_world.is_out_of_order));
}

/* The last line of offsets/0 is the only source's. */
static void forget_what_epoch_0_has_read(void)
{
    char *text = scratch_read("%s/checkpoint/offsets/0", scratch);
    assert_non_null(text);
    char *last = strrchr(text, '\n');
    assert_non_null(last);
    memcpy(last + 1, "-", 2);
    scratch_write(text, "%s/checkpoint/offsets/0", scratch);
    free(text);
    char companion[128];
    snprintf(companion, sizeof companion, "%s/checkpoint/offsets/0.crc", scratch);
    scratch_remove(companion);
}

static void an_epoch_in_which_a_source_has_read_nothing_is_finished(void **state)
{
    int64_t shown[PARTITIONS];
    (void)state;
    end_before_commit_of(0, shown);
    assert_null(scratch_read("%s/checkpoint/commits/0", scratch));
    forget_what_epoch_0_has_read();
    start(true);
    char *commit = scratch_read("%s/checkpoint/commits/0", scratch);
    assert_non_null(commit);
    free(commit);
}

static void a_start_with_threads_reads_again_too(void **state)
{
    int64_t shown[PARTITIONS];
    struct lt_error error;
    (void)state;
    end_before_commit_of(1, shown);
    start(false);
    assert_int_equal(lt_query_process_all_available(query, 60 * (int64_t)LT_NS_PER_S, &error), 0);
    assert_int_equal(lt_query_stop(query, -1, &error), 0);
    take_shown();
    assert_true(has_shown_all());
    assert_int_equal(first_of[1], shown[1]);
}

static void refused(int code, const char *text)
{
    struct lt_error error;
    assert_int_equal(try_start(true, &error), code);
    assert_null(query);
    assert_string_equal(error.text, text);
    /* The epoch is still there to be finished. */
    growing_world.with_end = GROWING_READS_TO_END;
    source_type = growing_source_type;
    start(true);
    take_shown();
}

static void a_source_that_cannot_read_again_is_told_so(void **state)
{
    int64_t shown[PARTITIONS];
    (void)state;
    end_before_commit_of(1, shown);
    source_type.traits = 0;
    refused(LT_E_DATA_LOSS,
            "sink memory: epoch 1: the sink has lost what it had prepared, and "
            "source growing cannot read it again; hint: start with a new checkpoint");
    assert_int_equal(first_of[0], shown[0]);
}

static void a_source_that_gives_less_than_the_epoch_is_told_so(void **state)
{
    int64_t shown[PARTITIONS];
    char text[300];
    (void)state;
    end_before_commit_of(1, shown);
    growing_world.with_end = GROWING_ENDS_EARLY;
    struct lt_error error;
    assert_int_equal(try_start(true, &error), LT_E_DATA_LOSS);
    snprintf(
        text, sizeof text,
        "epoch 1: reading it again for a sink that has lost it: the source did not give "
        "exactly its records again: in growing partition 0 it stands at %d, and the epoch ends at ",
        (int)shown[0]);
    if (strstr(error.text, text) == NULL)
        fail_msg("%s", error.text);
}

static void a_source_that_says_nothing_is_not_waited_for_for_ever(void **state)
{
    int64_t shown[PARTITIONS];
    (void)state;
    end_before_commit_of(1, shown);
    startup_timeout = "50ms";
    growing_world.with_end = GROWING_IS_SILENT;
    refused(LT_E_TIMEOUT,
            "sink memory: epoch 1: reading it again for a sink that has lost it: "
            "the source has not given all of its records again within the start-up timeout; "
            "hint: check that it answers, or raise startupTimeout (--startup-timeout)");
    assert_int_equal(first_of[0], shown[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_epoch_is_read_again_and_nothing_else),
        TEST(the_first_epoch_is_read_again_from_where_the_query_began),
        TEST(what_a_source_kept_is_there_for_a_start_before_the_first_epoch),
        TEST(a_sink_that_lost_nothing_gets_nothing_again),
        TEST(an_epoch_in_which_a_source_has_read_nothing_is_finished),
        TEST(a_start_with_threads_reads_again_too),
        TEST(a_source_that_cannot_read_again_is_told_so),
        TEST(a_source_that_gives_less_than_the_epoch_is_told_so),
        TEST(a_source_that_says_nothing_is_not_waited_for_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
