/*
 * A query that begins again because partitions were added to its source: what was read, counted and
 * told to others goes on, and what is asked for in between is honoured. In invoker mode, where each
 * moment can be met, and with threads, where others look on all the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/base/shared.h"
#include "core/run/query.h"
#include "tests/support/growing.h"
#include "tests/support/scratch.h"

enum { ROUNDS = 2000000 };

static struct lt_query *query;
static struct lt_arena *arena;
static struct lt_plan *plan;
static struct lt_options *options;
static struct lt_clock_manual manual;
static char scratch[64];

/* -------------------------------------------------------------------------------------- query */

static void set(const char *key, const char *value)
{
    struct lt_error error;
    assert_int_equal(lt_options_set(options, key, value, "test", &error), 0);
}

static void make_plan(void)
{
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    struct lt_plan_node *write = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    read->format = "growing";
    write->format = "seen";
    read->options = write->options = lt_options_create();
    write->inputs[0] = read;
    plan = lt_arena_alloc(arena, sizeof *plan);
    plan->sinks = lt_arena_alloc(arena, sizeof(struct lt_plan_node *));
    plan->sinks[0] = write;
    plan->sink_count = 1;
    plan->trigger = (struct lt_trigger){LT_TRIGGER_CONTINUOUS, 20 * LT_NS_PER_MS};
}

static int set_up(void **state)
{
    (void)state;
    growing_begin(2);
    lt_log_set_level(LT_LOG_ERROR);
    lt_clock_manual_init(&manual, 1, 1);
    scratch_create(scratch);
    arena = lt_arena_create();
    options = lt_options_create();
    make_plan();
    set("dmaLatency", "off");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_query_destroy(query);
    query = NULL;
    lt_options_destroy(plan->sinks[0]->options);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
    scratch_remove(scratch);
    return 0;
}

static void start(bool is_invoked, bool has_checkpoint)
{
    struct lt_error error;
    char path[96];
    snprintf(path, sizeof path, "%s/checkpoint", scratch);
    if (has_checkpoint)
        set("checkpointLocation", path);
    struct lt_query_spec spec = {.plan = plan,
                                 .arena = arena,
                                 .options = options,
                                 .catalog = growing_catalog(),
                                 .clock = is_invoked ? &manual.clock : NULL,
                                 .is_invoked = is_invoked};
    assert_int_equal(lt_query_start(&spec, &query, &error), 0);
}

static bool all_seen(uint32_t partitions)
{
    for (uint32_t i = 0; i < partitions; i++)
        if (lt_load_acquire_u64(&growing_world.seen[i]) != GROWING_RECORDS)
            return false;
    return true;
}

static void work_until_seen(uint32_t partitions)
{
    for (int i = 0; !all_seen(partitions); i++) {
        assert_true(i < ROUNDS);
        lt_clock_manual_advance(&manual, LT_NS_PER_MS);
        assert_true(lt_query_do_work(query) >= 0);
    }
}

/* Works until the query has got to `state` (or is over); the last answer of the work. */
static int work_until(enum lt_control_state state)
{
    int work = 0;
    for (int i = 0; lt_query_state(query) != state && work >= 0; i++) {
        assert_true(i < ROUNDS);
        lt_clock_manual_advance(&manual, LT_NS_PER_MS);
        work = lt_query_do_work(query);
    }
    return work;
}

static void grow_to(uint32_t partitions)
{
    lt_store_release_u32(&growing_world.partitions, partitions);
}

static void assert_explained(const char *words)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_query_explain(query, &text);
    if (strstr(lt_text_get(&text), words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, lt_text_get(&text));
    lt_text_fini(&text);
}

static uint64_t counter(const char *name)
{
    const struct lt_counters *counters = lt_query_counters(query);
    uint32_t found = 0;
    uint64_t value = 0;
    for (size_t i = 0; i < lt_counters_count(counters); i++) {
        if (strcmp(lt_counters_at(counters, i).name, name) != 0)
            continue;
        value = lt_load_relaxed_u64(lt_counters_at(counters, i).value);
        found++;
    }
    assert_int_equal(found, 1);
    return value;
}

static void assert_state_counter(const char *wanted)
{
    const struct lt_counters *counters = lt_query_counters(query);
    char text[300] = "";
    for (size_t i = 0; i < lt_counters_count(counters); i++)
        if (strcmp(lt_counters_at(counters, i).name, "query.state") == 0)
            lt_counter_text_get(lt_counters_at(counters, i).text, text, sizeof text);
    assert_string_equal(text, wanted);
}

static struct lt_progress_totals totals(void)
{
    struct lt_progress_totals now = {0};
    lt_progress_read_totals(lt_query_progress(query), &now);
    return now;
}

/* ------------------------------------------------------------------------------- invoker mode */

static void read_on_with_added_partitions(bool has_checkpoint)
{
    start(true, has_checkpoint);
    work_until_seen(2);
    const char *first_run = lt_query_run_id(query);
    char id[64];
    snprintf(id, sizeof id, "%s", lt_query_id(query));
    int64_t epoch = totals().epoch;
    assert_explained("2 partitions");
    grow_to(5);
    work_until_seen(5);
    assert_string_equal(lt_query_id(query), id);
    assert_string_not_equal(lt_query_run_id(query), first_run);
    assert_explained("5 partitions");
    assert_int_equal(totals().records_in, 5 * GROWING_RECORDS);
    assert_int_equal(totals().records_out, 5 * GROWING_RECORDS);
    assert_int_equal(lt_load_relaxed_u32(&growing_world.connects), 2);
    lt_query_request_stop(query);
    assert_true(work_until(LT_CONTROL_ENDED) >= 0);
    assert_true(totals().epoch > epoch); /* numbers go on, too */
    assert_int_equal(counter("query.epochs_done"), totals().epoch + 1);
    assert_false(lt_load_relaxed_u32(&growing_world.is_out_of_order));
}

static void added_partitions_are_read_from_the_checkpoint_on(void **state)
{
    (void)state;
    set("lanes", "2");
    read_on_with_added_partitions(true);
}

static void added_partitions_are_read_without_a_checkpoint_too(void **state)
{
    (void)state;
    read_on_with_added_partitions(false);
}

static void keep_text(void *context, enum lt_log_level level, const char *text)
{
    (void)level;
    snprintf(context, 256, "%s", text);
}

static void a_query_that_ends_tells_of_the_log_lines_that_were_held_back(void **state)
{
    (void)state;
    char last[256] = "";
    start(true, false);
    lt_log_set_level(LT_LOG_WARN);
    lt_log_set_sink(keep_text, last);
    for (int i = 0; i < 1000; i++)
        lt_log_warn("broker is gone");
    assert_string_equal(last, "broker is gone");
    lt_query_destroy(query);
    query = NULL;
    lt_log_set_sink(NULL, NULL);
    assert_non_null(strstr(last, " repeated log lines were left out"));
}

static void the_callers_thread_runs_one_lane_if_no_number_is_given(void **state)
{
    (void)state;
    start(true, false);
    work_until_seen(2);
    assert_explained("lanes: 1   # lanes = 0, default: the caller's thread runs it");
}

static void a_query_of_more_or_fewer_lanes_keeps_its_totals(void **state)
{
    (void)state;
    set("lanes", "4");
    start(true, true);
    work_until_seen(2);
    assert_explained("lanes: 2 ");
    grow_to(4);
    work_until_seen(4);
    assert_explained("lanes: 4 ");
    grow_to(1); /* the records of the others were read, and stay counted */
    uint32_t connects = lt_load_relaxed_u32(&growing_world.connects);
    while (lt_load_relaxed_u32(&growing_world.connects) == connects) {
        lt_clock_manual_advance(&manual, LT_NS_PER_MS);
        assert_true(lt_query_do_work(query) >= 0);
    }
    assert_explained("lanes: 1 ");
    assert_int_equal(totals().records_in, 4 * GROWING_RECORDS);
}

static void nothing_begins_again_while_nothing_changes(void **state)
{
    (void)state;
    start(true, true);
    work_until_seen(2);
    for (int i = 0; i < 5000; i++) {
        lt_clock_manual_advance(&manual, 10 * LT_NS_PER_MS);
        assert_true(lt_query_do_work(query) >= 0);
    }
    assert_int_equal(lt_load_relaxed_u32(&growing_world.connects), 1);
}

static int refuse(struct lt_error *error)
{
    return lt_error_set(error, LT_E_IO, "no broker answers");
}

static int refuse_after_a_stop(struct lt_error *error)
{
    lt_query_request_stop(query);
    return refuse(error);
}

static int be_stopped(struct lt_error *error)
{
    (void)error;
    lt_query_request_stop(query);
    return 0;
}

static void a_run_that_cannot_begin_fails_the_query(void **state)
{
    struct lt_error error;
    (void)state;
    growing_world.on_reconnect = refuse;
    start(true, true);
    work_until_seen(2);
    grow_to(3);
    assert_int_equal(work_until(LT_CONTROL_FAILED), LT_E_IO);
    assert_int_equal(lt_query_do_work(query), LT_E_IO);
    assert_int_equal(lt_query_await(query, 0, &error), LT_E_IO);
    assert_string_equal(error.text, "cannot begin again with the source's new partitions: source "
                                    "growing: no broker answers");
    assert_state_counter("failed");
    assert_int_equal(totals().records_out, 2 * GROWING_RECORDS);
    assert_explained("2 partitions");
    lt_query_request_stop(query); /* to no effect */
}

static void a_stop_asked_for_between_two_runs_ends_the_query(void **state)
{
    (void)state;
    growing_world.on_reconnect = be_stopped;
    start(true, true);
    work_until_seen(2);
    grow_to(3);
    assert_true(work_until(LT_CONTROL_ENDED) >= 0);
    assert_int_equal(lt_query_await(query, 0, NULL), 0);
    assert_false(lt_load_relaxed_u32(&growing_world.is_out_of_order));
}

static void a_stop_asked_for_before_a_run_cannot_begin_ends_it_well(void **state)
{
    (void)state;
    growing_world.on_reconnect = refuse_after_a_stop;
    start(true, true);
    work_until_seen(2);
    grow_to(3);
    assert_true(work_until(LT_CONTROL_ENDED) >= 0);
    assert_int_equal(lt_query_await(query, 0, NULL), 0);
    assert_state_counter("ended");
}

/* ------------------------------------------------------------------------------- with threads */

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LT_NS_PER_MS}, NULL);
}

static struct lt_shared_u32 watch_ends, totals_went_back;

/* Looks at all that others may look at, as fast as it can. */
static void *watch(void *unused)
{
    uint64_t most = 0;
    (void)unused;
    while (lt_load_acquire_u32(&watch_ends) == 0) {
        struct lt_text_buffer text;
        lt_text_init(&text);
        lt_query_explain(query, &text);
        (void)lt_progress_recent(lt_query_progress(query), 0, &text);
        lt_text_append(&text, lt_query_run_id(query));
        lt_text_append(&text, lt_query_id(query));
        lt_text_append(&text, lt_control_state_name(lt_query_state(query)));
        lt_text_fini(&text);
        uint64_t records = totals().records_in;
        if (records < most ||
            counter("lane0.source.records") > records + GROWING_PARTITIONS * GROWING_RECORDS)
            lt_store_release_u32(&totals_went_back, 1);
        most = records;
        rest();
    }
    return NULL;
}

static void wait_until_seen(uint32_t partitions)
{
    for (int i = 0; !all_seen(partitions); i++) {
        assert_true(i < 60000);
        rest();
    }
}

static void others_may_look_on_while_a_query_begins_again(void **state)
{
    struct lt_error error;
    pthread_t watcher;
    (void)state;
    lt_store_release_u32(&watch_ends, 0);
    set("lanes", "3");
    set("stages", "2");
    start(false, true);
    assert_int_equal(pthread_create(&watcher, NULL, watch, NULL), 0);
    assert_int_equal(lt_query_await_ready(query, LT_NEVER_NS, &error), 0);
    for (uint32_t partitions = 2; partitions <= 4; partitions++) {
        grow_to(partitions);
        wait_until_seen(partitions);
    }
    assert_int_equal(lt_query_process_all_available(query, 60 * (int64_t)LT_NS_PER_S, &error), 0);
    assert_int_equal(lt_query_stop(query, -1, &error), 0);
    lt_store_release_u32(&watch_ends, 1);
    assert_int_equal(pthread_join(watcher, NULL), 0);
    assert_int_equal(lt_load_relaxed_u32(&growing_world.connects), 3);
    assert_int_equal(totals().records_in, 4 * GROWING_RECORDS);
    assert_false(lt_load_relaxed_u32(&totals_went_back));
    assert_false(lt_load_relaxed_u32(&growing_world.is_out_of_order));
}

static struct lt_shared_u32 may_connect;

static int wait_to_connect(struct lt_error *error)
{
    (void)error;
    while (lt_load_acquire_u32(&may_connect) == 0)
        rest();
    return 0;
}

/* Until the thread between two runs waits for the source. */
static void start_and_get_stuck(void)
{
    lt_store_release_u32(&may_connect, 0);
    growing_world.on_reconnect = wait_to_connect;
    start(false, true);
    wait_until_seen(2);
    grow_to(3);
    for (int i = 0; lt_load_acquire_u32(&growing_world.connects) < 2; i++) {
        assert_true(i < 60000);
        rest();
    }
    assert_int_equal(lt_query_state(query), LT_CONTROL_AWAITS_RESTART);
}

static void a_stop_is_kept_until_there_is_somebody_to_stop(void **state)
{
    struct lt_error error;
    (void)state;
    start_and_get_stuck();
    assert_int_equal(lt_query_stop(query, LT_NS_PER_MS, &error), LT_E_TIMEOUT);
    assert_non_null(strstr(error.text, "all that was read is committed"));
    lt_store_release_u32(&may_connect, 1);
    assert_int_equal(lt_query_await(query, 60 * (int64_t)LT_NS_PER_S, &error), 0);
}

static void *let_connect(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++)
        rest();
    lt_store_release_u32(&may_connect, 1);
    return NULL;
}

static void a_query_may_be_destroyed_while_it_begins_again(void **state)
{
    pthread_t other;
    (void)state;
    start_and_get_stuck();
    assert_int_equal(pthread_create(&other, NULL, let_connect, NULL), 0);
    lt_query_destroy(query);
    query = NULL;
    assert_int_equal(pthread_join(other, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(added_partitions_are_read_from_the_checkpoint_on),
        TEST(added_partitions_are_read_without_a_checkpoint_too),
        TEST(the_callers_thread_runs_one_lane_if_no_number_is_given),
        TEST(a_query_of_more_or_fewer_lanes_keeps_its_totals),
        TEST(nothing_begins_again_while_nothing_changes),
        TEST(a_query_that_ends_tells_of_the_log_lines_that_were_held_back),
        TEST(a_run_that_cannot_begin_fails_the_query),
        TEST(a_stop_asked_for_between_two_runs_ends_the_query),
        TEST(a_stop_asked_for_before_a_run_cannot_begin_ends_it_well),
        TEST(others_may_look_on_while_a_query_begins_again),
        TEST(a_stop_is_kept_until_there_is_somebody_to_stop),
        TEST(a_query_may_be_destroyed_while_it_begins_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
