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
#include <cmocka.h>

#include "tests/support/files_query.h"

enum { FILES = 5 };

/* A file with one line. */
static void add_line(int number)
{
    char line[16];
    snprintf(line, sizeof line, "line %d\n", number);
    files_query_add(number, line);
}

static int set_up(void **state)
{
    (void)state;
    files_query_begin("2");
    files_query_write_to_out("append");
    for (int i = 0; i < FILES; i++)
        add_line(i);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    files_query_end();
    return 0;
}

static void assert_output(int count)
{
    char expected[256] = "";
    for (int i = 0; i < count; i++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "line %d\n", i);
    char *out = scratch_read("%s/out", files_query.scratch);
    assert_non_null(out);
    assert_string_equal(out, expected);
    free(out);
}

static void assert_ends_with(const char *folder, int number, const char *words)
{
    char *text = scratch_read("%s/checkpoint/%s/%d", files_query.scratch, folder, number);
    assert_non_null(text);
    if (strstr(text, words) == NULL)
        fail_msg("no '%s' in: %s", words, text);
    free(text);
}

static void available_now_runs_batches_within_the_limits_and_ends(void **state)
{
    (void)state;
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    assert_output(FILES);
    for (int i = 0; i < 3; i++) {
        assert_true(files_query_has("offsets/%d", i));
        assert_true(files_query_has("prepared/%d", i));
        assert_ends_with("commits", i, "{\"nextBatchWatermarkMs\":0}");
    }
    assert_false(files_query_has("offsets/3"));
    assert_ends_with("offsets", 0, "\"batchWatermarkMs\":0,\"batchTimestampMs\":");
    assert_ends_with("offsets", 2, "{\"logOffset\":2}");
    char *text = scratch_read("%s/checkpoint/offsets/0", files_query.scratch);
    assert_null(strstr(text, "preparedSinks"));
    free(text);
}

static void a_second_run_reads_only_what_is_new(void **state)
{
    (void)state;
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    assert_false(files_query_has("offsets/3"));
    add_line(FILES);
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    assert_output(FILES + 1);
    assert_true(files_query_has("commits/3"));
}

static void once_runs_one_batch_without_the_limits(void **state)
{
    (void)state;
    files_query.trigger.kind = LT_TRIGGER_ONCE;
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    assert_output(FILES);
    assert_true(files_query_has("commits/0"));
    assert_false(files_query_has("offsets/1"));
}

/* Dies before the step of batch 1; the next run, of another trigger, finishes it. */
static void check_death(enum lt_epoch_step step)
{
    files_query.stop_step = step;
    files_query.stop_epoch = 1;
    files_query_start();
    assert_int_equal(files_query_run_to_end(), LT_E_CANCELLED);
    char *ahead = scratch_read("%s/checkpoint/offsets/1", files_query.scratch);
    assert_false(files_query_has("commits/1"));
    files_query.stop_step = LT_EPOCH_STEP_COUNT;
    add_line(FILES); /* is not let into the batch that was planned without it */
    files_query.trigger.kind = LT_TRIGGER_ONCE;
    files_query_set(files_query.source_options, "maxFilesPerTrigger", "%s", "1");
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    if (step == LT_EPOCH_LOG || step == LT_EPOCH_SETTLE) {
        assert_null(ahead);
        assert_output(FILES + 1);
        return;
    }
    char *after = scratch_read("%s/checkpoint/offsets/1", files_query.scratch);
    assert_string_equal(after, ahead);
    free(after);
    free(ahead);
    assert_true(files_query_has("commits/1"));
    /* What was concluded is finished, and the one batch is another; else it is this one. */
    bool is_concluded = step == LT_EPOCH_COMMIT || step == LT_EPOCH_DONE;
    assert_output(is_concluded ? FILES + 1 : 4);
    assert_int_equal(files_query_has("offsets/2"), is_concluded);
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
    files_query_write_to("noop"); /* nothing is left to do of what it took */
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(files_query_has("commits/%d", i));
        assert_false(files_query_has("prepared/%d", i));
        assert_false(files_query_has("sinks/0/%d", i));
    }
}

static void such_a_batch_is_run_again_until_it_is_committed(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    files_query_write_to("noop"); /* nothing is left to do of what it took */
    files_query.stop_step = LT_EPOCH_DONE;
    files_query.stop_epoch = 1;
    files_query_start();
    assert_int_equal(files_query_run_to_end(), LT_E_CANCELLED);
    assert_false(files_query_has("commits/1"));
    files_query.stop_step = LT_EPOCH_STEP_COUNT;
    files_query.trigger.kind = LT_TRIGGER_ONCE;
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    assert_true(files_query_has("commits/1"));
    assert_false(files_query_has("offsets/2"));
    lt_text_init(&text);
    assert_true(lt_progress_recent(lt_query_progress(files_query.query), 0, &text));
    assert_non_null(strstr(lt_text_get(&text), "\"batchId\":1,"));
    assert_non_null(strstr(lt_text_get(&text), "\"numInputRows\":2,"));
    lt_text_fini(&text);
}

static void processing_time_waits_for_more_and_stops_when_asked(void **state)
{
    (void)state;
    files_query.trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 0};
    files_query_start();
    files_query_process_all();
    assert_output(FILES);
    add_line(FILES);
    files_query_process_all();
    assert_output(FILES + 1);
    files_query_stop();
    assert_int_equal(lt_query_state(files_query.query), LT_CONTROL_ENDED);
}

/* Listing the directory would come in an hour. */
static void a_file_that_comes_wakes_it(void **state)
{
    (void)state;
    int64_t give_up_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    files_query.trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 0};
    files_query_set(files_query.source_options, "pollInterval", "%s", "1h");
    files_query_start();
    files_query_process_all();
    assert_output(FILES);
    for (int i = 0; i < 2; i++) {
        add_line(FILES + i);
        while (!files_query_has("commits/%d", 3 + i) &&
               lt_clock_now_ns(lt_clock_system()) < give_up_ns)
            (void)files_query_work(1);
        assert_output(FILES + 1 + i);
    }
    files_query_stop();
}

/* Works until the batch is committed. */
static void await_batch(int number)
{
    int64_t give_up_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    while (!files_query_has("commits/%d", number)) {
        assert_true(lt_clock_now_ns(lt_clock_system()) < give_up_ns);
        (void)files_query_work(1);
    }
}

/* Works until nothing has been to do for 20 ms: what there was to hear has been heard. */
static void work_until_quiet(void)
{
    for (int idle = 0; idle < 20; idle++) {
        if (files_query_work(1) > 0)
            idle = 0;
        usleep(1000);
    }
}

/* The directory is listed an hour later, if nothing wakes the query. */
static void start_listening(void)
{
    files_query.trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 0};
    files_query_set(files_query.source_options, "pollInterval", "%s", "1h");
    files_query_start();
    files_query_process_all();
    assert_output(FILES);
}

/* As Spark, Flume and rsync write: under a hidden name, which is nothing to read, until all of it
 * is there. */
static void a_file_that_was_hidden_wakes_it_when_it_gets_its_name(void **state)
{
    (void)state;
    char hidden[512], name[512], line[16];
    snprintf(hidden, sizeof hidden, "%s/in/.part.tmp", files_query.scratch);
    start_listening();
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s/in/part%d", files_query.scratch, i);
        snprintf(line, sizeof line, "line %d\n", FILES + i);
        scratch_write(line, "%s", hidden);
        work_until_quiet();
        assert_false(files_query_has("offsets/%d", 3 + i));
        assert_int_equal(rename(hidden, name), 0);
        await_batch(3 + i);
        assert_output(FILES + 1 + i);
    }
    files_query_stop();
}

/* A file that was read and is written again is told of, and is nothing to read. */
static void what_comes_after_a_look_that_found_nothing_wakes_it(void **state)
{
    (void)state;
    start_listening();
    for (int i = 0; i < 3; i++) {
        add_line(0);
        work_until_quiet();
        assert_false(files_query_has("offsets/%d", 3 + i));
        add_line(FILES + i);
        await_batch(3 + i);
        assert_output(FILES + 1 + i);
    }
    files_query_stop();
}

static int64_t set_back_us;

static int64_t machine_now_ns(void *context)
{
    (void)context;
    return lt_clock_now_ns(lt_clock_system());
}

static int64_t machine_wall_us(void *context)
{
    (void)context;
    return lt_clock_wall_us(lt_clock_system()) - set_back_us;
}

static bool set_back_in_batch_0(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context;
    if (step == LT_EPOCH_PREPARE && epoch == 0)
        set_back_us = 3600 * (int64_t)LT_US_PER_S;
    return false;
}

static void a_clock_that_is_set_back_during_a_batch_holds_up_no_trigger(void **state)
{
    (void)state;
    static const struct lt_clock adjusted = {machine_now_ns, machine_wall_us, NULL};
    int64_t give_up_ns = lt_clock_now_ns(lt_clock_system()) + 60 * (int64_t)LT_NS_PER_S;
    set_back_us = 0;
    files_query.clock = &adjusted;
    files_query.trigger =
        (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 50 * (int64_t)LT_NS_PER_MS};
    lt_epoch_set_fault_hook(set_back_in_batch_0, NULL);
    files_query_start();
    while (!files_query_has("commits/2") && lt_clock_now_ns(lt_clock_system()) < give_up_ns)
        (void)files_query_work(1);
    assert_int_equal(set_back_us, 3600 * (int64_t)LT_US_PER_S);
    assert_output(FILES);
    files_query_stop();
}

static void progress_tells_of_each_batch(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    files_query_start();
    assert_int_equal(files_query_run_to_end(), 0);
    lt_text_init(&text);
    assert_true(lt_progress_recent(lt_query_progress(files_query.query), 0, &text));
    assert_non_null(strstr(lt_text_get(&text), "\"batchId\":2,"));
    assert_non_null(strstr(lt_text_get(&text), "\"numInputRows\":1,"));
    assert_non_null(strstr(lt_text_get(&text), "\"startOffset\":{\"logOffset\":1},"
                                               "\"endOffset\":{\"logOffset\":2}"));
    assert_non_null(strstr(lt_text_get(&text), "\"walCommit\":"));
    lt_text_clear(&text);
    assert_true(lt_progress_recent(lt_query_progress(files_query.query), 2, &text));
    assert_non_null(strstr(lt_text_get(&text), "\"batchId\":0,"));
    assert_non_null(strstr(lt_text_get(&text), "\"numInputRows\":2,"));
    assert_false(lt_progress_recent(lt_query_progress(files_query.query), 3, &text));
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
        TEST(a_file_that_was_hidden_wakes_it_when_it_gets_its_name),
        TEST(what_comes_after_a_look_that_found_nothing_wakes_it),
        TEST(a_clock_that_is_set_back_during_a_batch_holds_up_no_trigger),
        TEST(progress_tells_of_each_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
