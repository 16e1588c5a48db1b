/*
 * A query without state in micro-batches, from a directory to a file, with its checkpoint: what
 * each batch reads, what stands in the checkpoint ahead of it, and what a restart makes of a batch
 * that was not finished. In invoker mode, with the clock of the machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/epoch/protocol.h"
#include "core/run/query.h"
#include "io/catalog.h"
#include "tests/support/scratch.h"

enum { ROUNDS = 2000000, FILES = 5 };

static struct lt_query *query;
static struct lt_arena *arena;
static struct lt_options *source_options, *sink_options, *query_options, *no_options;
static struct lt_trigger trigger;
static char scratch[64];
static enum lt_epoch_step stop_step; /* LT_EPOCH_STEP_COUNT: nowhere */
static uint64_t stop_epoch;
static bool writes_nothing; /* into a sink that has nothing left to do of what it took */

static bool stop_at(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context;
    return step == stop_step && epoch == stop_epoch;
}

static void set(struct lt_options *options, const char *key, const char *format, const char *value)
{
    struct lt_error error;
    char text[128];
    snprintf(text, sizeof text, format, value);
    assert_int_equal(lt_options_set(options, key, text, "test", &error), 0);
}

/* A file with one line, as old as its number says. */
static void add_file(int number)
{
    char path[128];
    const struct utimbuf times = {.actime = 1700000000 + number, .modtime = 1700000000 + number};
    snprintf(path, sizeof path, "%s/in/f%d", scratch, number);
    char line[16];
    snprintf(line, sizeof line, "line %d\n", number);
    scratch_write(line, "%s", path);
    assert_int_equal(utime(path, &times), 0);
}

static int set_up(void **state)
{
    (void)state;
    lt_log_set_level(LT_LOG_ERROR);
    scratch_create(scratch);
    source_options = lt_options_create();
    sink_options = lt_options_create();
    query_options = lt_options_create();
    no_options = lt_options_create();
    set(source_options, "path", "%s/in", scratch);
    set(source_options, "maxFilesPerTrigger", "%s", "2");
    set(sink_options, "path", "%s/out", scratch);
    set(query_options, "checkpointLocation", "%s/checkpoint", scratch);
    set(query_options, "dmaLatency", "%s", "off");
    trigger = (struct lt_trigger){LT_TRIGGER_AVAILABLE_NOW, 0};
    stop_step = LT_EPOCH_STEP_COUNT;
    writes_nothing = false;
    lt_epoch_set_fault_hook(stop_at, NULL);
    for (int i = 0; i < FILES; i++)
        add_file(i);
    return 0;
}

static void destroy_query(void)
{
    lt_query_destroy(query);
    query = NULL;
    lt_arena_destroy(arena);
    arena = NULL;
}

static int tear_down(void **state)
{
    (void)state;
    lt_epoch_set_fault_hook(NULL, NULL);
    destroy_query();
    lt_options_destroy(source_options);
    lt_options_destroy(sink_options);
    lt_options_destroy(query_options);
    lt_options_destroy(no_options);
    scratch_remove(scratch);
    return 0;
}

static struct lt_plan *make_plan(void)
{
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    struct lt_plan_node *write = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    struct lt_plan *plan = lt_arena_alloc(arena, sizeof *plan);
    read->format = "text";
    read->options = source_options;
    write->format = writes_nothing ? "noop" : "append";
    write->options = writes_nothing ? no_options : sink_options;
    write->inputs[0] = read;
    plan->sinks = lt_arena_alloc(arena, sizeof(struct lt_plan_node *));
    plan->sinks[0] = write;
    plan->sink_count = 1;
    plan->trigger = trigger;
    return plan;
}

static void start(void)
{
    struct lt_error error;
    destroy_query();
    arena = lt_arena_create();
    struct lt_query_spec spec = {.plan = make_plan(),
                                 .arena = arena,
                                 .options = query_options,
                                 .catalog = lt_io_catalog(),
                                 .is_invoked = true};
    if (lt_query_start(&spec, &query, &error) != 0)
        fail_msg("%s", error.text);
}

/* Works until the query is over; its code. */
static int run_to_end(void)
{
    struct lt_error error;
    for (int i = 0; lt_query_state(query) < LT_CONTROL_ENDED; i++) {
        assert_true(i < ROUNDS);
        (void)lt_query_do_work(query);
    }
    return lt_query_await(query, 0, &error);
}

static void assert_output(int count)
{
    char expected[256] = "";
    for (int i = 0; i < count; i++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "line %d\n", i);
    char *out = scratch_read("%s/out", scratch);
    assert_non_null(out);
    assert_string_equal(out, expected);
    free(out);
}

static bool has(const char *folder, int number)
{
    char path[128];
    snprintf(path, sizeof path, "%s/checkpoint/%s/%d", scratch, folder, number);
    return access(path, F_OK) == 0;
}

static void assert_ends_with(const char *folder, int number, const char *words)
{
    char *text = scratch_read("%s/checkpoint/%s/%d", scratch, folder, number);
    assert_non_null(text);
    if (strstr(text, words) == NULL)
        fail_msg("no '%s' in: %s", words, text);
    free(text);
}

static void available_now_runs_batches_within_the_limits_and_ends(void **state)
{
    (void)state;
    start();
    assert_int_equal(run_to_end(), 0);
    assert_output(FILES);
    for (int i = 0; i < 3; i++) {
        assert_true(has("offsets", i));
        assert_true(has("prepared", i));
        assert_ends_with("commits", i, "{\"nextBatchWatermarkMs\":0}");
    }
    assert_false(has("offsets", 3));
    assert_ends_with("offsets", 0, "\"batchWatermarkMs\":0,\"batchTimestampMs\":");
    assert_ends_with("offsets", 2, "{\"logOffset\":2}");
    char *text = scratch_read("%s/checkpoint/offsets/0", scratch);
    assert_null(strstr(text, "preparedSinks"));
    free(text);
}

static void a_second_run_reads_only_what_is_new(void **state)
{
    (void)state;
    start();
    assert_int_equal(run_to_end(), 0);
    start();
    assert_int_equal(run_to_end(), 0);
    assert_false(has("offsets", 3));
    add_file(FILES);
    start();
    assert_int_equal(run_to_end(), 0);
    assert_output(FILES + 1);
    assert_true(has("commits", 3));
}

static void once_runs_one_batch_without_the_limits(void **state)
{
    (void)state;
    trigger.kind = LT_TRIGGER_ONCE;
    start();
    assert_int_equal(run_to_end(), 0);
    assert_output(FILES);
    assert_true(has("commits", 0));
    assert_false(has("offsets", 1));
}

/* Dies before the step of batch 1; the next run, of another trigger, finishes it. */
static void check_death(enum lt_epoch_step step)
{
    stop_step = step;
    stop_epoch = 1;
    start();
    assert_int_equal(run_to_end(), LT_E_CANCELLED);
    char *ahead = scratch_read("%s/checkpoint/offsets/1", scratch);
    assert_false(has("commits", 1));
    stop_step = LT_EPOCH_STEP_COUNT;
    add_file(FILES); /* is not let into the batch that was planned without it */
    trigger.kind = LT_TRIGGER_ONCE;
    set(source_options, "maxFilesPerTrigger", "%s", "1");
    start();
    assert_int_equal(run_to_end(), 0);
    if (step == LT_EPOCH_LOG || step == LT_EPOCH_SETTLE) {
        assert_null(ahead);
        assert_output(FILES + 1);
        return;
    }
    char *after = scratch_read("%s/checkpoint/offsets/1", scratch);
    assert_string_equal(after, ahead);
    free(after);
    free(ahead);
    assert_true(has("commits", 1));
    /* What was concluded is finished, and the one batch is another; else it is this one. */
    bool is_concluded = step == LT_EPOCH_COMMIT || step == LT_EPOCH_DONE;
    assert_output(is_concluded ? FILES + 1 : 4);
    assert_int_equal(has("offsets", 2), is_concluded);
}

static void before_it_is_logged_a_batch_never_was(void **state)
{
    (void)state;
    check_death(LT_EPOCH_LOG);
}

static void a_batch_that_was_logged_is_run_again_with_the_same_range(void **state)
{
    (void)state;
    check_death(LT_EPOCH_PREPARE);
}

static void a_batch_that_was_run_and_not_concluded_is_run_again(void **state)
{
    (void)state;
    check_death(LT_EPOCH_PREPARED);
}

static void a_batch_that_was_concluded_is_finished_and_not_run_again(void **state)
{
    (void)state;
    check_death(LT_EPOCH_COMMIT);
}

static void a_batch_that_was_shown_is_finished_and_not_run_again(void **state)
{
    (void)state;
    check_death(LT_EPOCH_DONE);
}

static void a_batch_that_leaves_nothing_to_do_is_committed_at_once(void **state)
{
    (void)state;
    writes_nothing = true;
    start();
    assert_int_equal(run_to_end(), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(has("commits", i));
        assert_false(has("prepared", i));
        assert_false(has("sinks/0", i));
    }
}

static void such_a_batch_is_run_again_until_it_is_committed(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    writes_nothing = true;
    stop_step = LT_EPOCH_DONE;
    stop_epoch = 1;
    start();
    assert_int_equal(run_to_end(), LT_E_CANCELLED);
    assert_false(has("commits", 1));
    stop_step = LT_EPOCH_STEP_COUNT;
    trigger.kind = LT_TRIGGER_ONCE;
    start();
    assert_int_equal(run_to_end(), 0);
    assert_true(has("commits", 1));
    assert_false(has("offsets", 2));
    lt_text_init(&text);
    assert_true(lt_progress_recent(lt_query_progress(query), 0, &text));
    assert_non_null(strstr(lt_text_get(&text), "\"batchId\":1,"));
    assert_non_null(strstr(lt_text_get(&text), "\"numInputRows\":2,"));
    lt_text_fini(&text);
}

static void processing_time_waits_for_more_and_stops_when_asked(void **state)
{
    (void)state;
    struct lt_error error;
    trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 0};
    start();
    if (lt_query_process_all_available(query, 60 * (int64_t)LT_NS_PER_S, &error) != 0)
        fail_msg("%s", error.text);
    assert_output(FILES);
    add_file(FILES);
    if (lt_query_process_all_available(query, 60 * (int64_t)LT_NS_PER_S, &error) != 0)
        fail_msg("%s", error.text);
    assert_output(FILES + 1);
    assert_int_equal(lt_query_stop(query, 60 * (int64_t)LT_NS_PER_S, &error), 0);
    assert_int_equal(lt_query_state(query), LT_CONTROL_ENDED);
}

/* Listing the directory would come in an hour. */
static void a_file_that_comes_wakes_it(void **state)
{
    (void)state;
    struct lt_error error;
    int64_t give_up_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 0};
    set(source_options, "pollInterval", "%s", "1h");
    start();
    if (lt_query_process_all_available(query, 60 * (int64_t)LT_NS_PER_S, &error) != 0)
        fail_msg("%s", error.text);
    assert_output(FILES);
    for (int i = 0; i < 2; i++) {
        add_file(FILES + i);
        while (!has("commits", 3 + i) && lt_clock_now_ns(lt_clock_system()) < give_up_ns)
            (void)lt_query_do_work(query);
        assert_output(FILES + 1 + i);
    }
    assert_int_equal(lt_query_stop(query, 60 * (int64_t)LT_NS_PER_S, &error), 0);
}

static void progress_tells_of_each_batch(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    start();
    assert_int_equal(run_to_end(), 0);
    lt_text_init(&text);
    assert_true(lt_progress_recent(lt_query_progress(query), 0, &text));
    assert_non_null(strstr(lt_text_get(&text), "\"batchId\":2,"));
    assert_non_null(strstr(lt_text_get(&text), "\"numInputRows\":1,"));
    assert_non_null(strstr(lt_text_get(&text), "\"startOffset\":{\"logOffset\":1},"
                                               "\"endOffset\":{\"logOffset\":2}"));
    assert_non_null(strstr(lt_text_get(&text), "\"walCommit\":"));
    lt_text_clear(&text);
    assert_true(lt_progress_recent(lt_query_progress(query), 2, &text));
    assert_non_null(strstr(lt_text_get(&text), "\"batchId\":0,"));
    assert_non_null(strstr(lt_text_get(&text), "\"numInputRows\":2,"));
    assert_false(lt_progress_recent(lt_query_progress(query), 3, &text));
    lt_text_fini(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(available_now_runs_batches_within_the_limits_and_ends),
        TEST(a_second_run_reads_only_what_is_new),
        TEST(once_runs_one_batch_without_the_limits),
        TEST(before_it_is_logged_a_batch_never_was),
        TEST(a_batch_that_was_logged_is_run_again_with_the_same_range),
        TEST(a_batch_that_was_run_and_not_concluded_is_run_again),
        TEST(a_batch_that_was_concluded_is_finished_and_not_run_again),
        TEST(a_batch_that_was_shown_is_finished_and_not_run_again),
        TEST(a_batch_that_leaves_nothing_to_do_is_committed_at_once),
        TEST(such_a_batch_is_run_again_until_it_is_committed),
        TEST(processing_time_waits_for_more_and_stops_when_asked),
        TEST(a_file_that_comes_wakes_it),
        TEST(progress_tells_of_each_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
