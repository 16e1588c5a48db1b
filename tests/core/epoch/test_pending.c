/*
 * What a checkpoint says of batches: which is run again, which is finished, with what watermark the
 * next begins, and what is left of one that never was.
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

#include "core/epoch/checkpoint.h"
#include "core/text/json_tree.h"
#include "tests/support/scratch.h"

static char scratch[64];
static struct lt_checkpoint *checkpoint;
static struct lt_recovery recovery;

static void put(const char *name, const char *content)
{
    scratch_write(content, "%s/%s", scratch, name);
}

static void put_offsets(int number, int64_t watermark_ms, const char *source)
{
    char name[32], content[256];
    snprintf(name, sizeof name, "offsets/%d", number);
    snprintf(content, sizeof content,
             "v1\n{\"batchWatermarkMs\":%lld,\"batchTimestampMs\":%d,"
             "\"conf\":{\"spark.sql.shuffle.partitions\":\"%d\"}}\n%s",
             (long long)watermark_ms, 1000 + number, 5 + number, source);
    put(name, content);
}

static int set_up(void **state)
{
    (void)state;
    scratch_create(scratch);
    put("metadata", "{\"id\":\"d7f7a7c1-0000-4000-8000-000000000001\"}");
    put_offsets(0, 0, "{\"a\":1}");
    put("commits/0", "v1\n{\"nextBatchWatermarkMs\":700}");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_checkpoint_close(checkpoint);
    checkpoint = NULL;
    scratch_remove(scratch);
    return 0;
}

static int try_open(bool runs_batches, bool has_state, struct lt_error *error)
{
    const struct lt_checkpoint_options options = {.path = scratch,
                                                  .source_count = 1,
                                                  .sink_count = 1,
                                                  .min_batches_to_retain = 100,
                                                  .verify_checksums = true,
                                                  .runs_batches = runs_batches,
                                                  .keeps_pending = runs_batches,
                                                  .has_state = has_state};
    return lt_checkpoint_open(&options, &checkpoint, &recovery, error);
}

static void open_it(bool runs_batches)
{
    struct lt_error error;
    if (try_open(runs_batches, false, &error) != 0)
        fail_msg("%s", error.text);
}

static bool is_there(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return access(path, F_OK) == 0;
}

static void a_batch_that_is_logged_and_not_prepared_is_run_again(void **state)
{
    (void)state;
    const char *partitions;
    struct lt_error error;
    put_offsets(1, 700, "{\"a\":2}");
    put("sinks/0/1", "v1\nof a preparation that was not concluded");
    open_it(true);
    assert_true(recovery.has_pending);
    assert_int_equal(recovery.first_epoch, 1);
    assert_int_equal(recovery.unfinished_count, 0);
    assert_string_equal(recovery.source_offsets[0], "{\"a\":1}");
    assert_string_equal(recovery.pending_offsets[0], "{\"a\":2}");
    assert_int_equal(recovery.pending_timestamp_ms, 1001);
    assert_int_equal(recovery.watermark_ms, 700);
    assert_int_equal(recovery.last_watermark_ms, 0);
    assert_int_equal(lt_json_get_text(recovery.conf, "spark.sql.shuffle.partitions", &partitions,
                                      &error),
                     0);
    assert_string_equal(partitions, "6");
    assert_true(is_there("offsets/1"));
    assert_false(is_there("sinks/0/1"));
    assert_true(is_there("prepared"));
}

static void to_a_continuous_run_it_never_was(void **state)
{
    (void)state;
    put_offsets(1, 700, "{\"a\":2}");
    open_it(false);
    assert_false(recovery.has_pending);
    assert_int_equal(recovery.first_epoch, 1);
    assert_false(is_there("offsets/1"));
}

static void the_first_batch_of_a_query_can_be_pending(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/commits/0", scratch);
    assert_int_equal(unlink(path), 0);
    open_it(true);
    assert_true(recovery.is_new);
    assert_true(recovery.has_pending);
    assert_int_equal(recovery.first_epoch, 0);
    assert_string_equal(recovery.pending_offsets[0], "{\"a\":1}");
}

static void only_the_first_of_several_is_run_again(void **state)
{
    (void)state;
    put_offsets(1, 700, "{\"a\":2}");
    put_offsets(2, 700, "{\"a\":3}");
    open_it(true);
    assert_string_equal(recovery.pending_offsets[0], "{\"a\":2}");
    assert_true(is_there("offsets/1"));
    assert_false(is_there("offsets/2"));
}

static void a_prepared_batch_is_finished_with_its_watermark(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_text_buffer notes;
    put_offsets(1, 700, "{\"a\":2}");
    put("sinks/0/1", "v1\nnote");
    put("prepared/1", "v1\n{\"preparedSinks\":1,\"nextBatchWatermarkMs\":900}");
    open_it(true);
    assert_false(recovery.has_pending);
    assert_int_equal(recovery.first_epoch, 2);
    assert_int_equal(recovery.unfinished_first, 1);
    assert_int_equal(recovery.unfinished_count, 1);
    assert_int_equal(recovery.watermark_ms, 900);
    assert_int_equal(recovery.last_watermark_ms, 700);
    lt_text_init(&notes);
    assert_int_equal(lt_checkpoint_read_notes(checkpoint, 0, 1, &notes, &error), 0);
    assert_string_equal(lt_text_get(&notes), "note");
    lt_text_fini(&notes);
    assert_int_equal(lt_checkpoint_finish(checkpoint, 1, &error), 0);
    char *commit = scratch_read("%s/commits/1", scratch);
    assert_string_equal(commit, "v1\n{\"nextBatchWatermarkMs\":900}");
    free(commit);
}

static void a_sink_that_was_not_there_has_nothing_to_finish(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_text_buffer notes;
    put_offsets(1, 700, "{\"a\":2}");
    put("prepared/1", "v1\n{\"preparedSinks\":0,\"nextBatchWatermarkMs\":900}");
    open_it(true);
    lt_text_init(&notes);
    assert_int_equal(lt_checkpoint_read_notes(checkpoint, 0, 1, &notes, &error), LT_E_NOT_FOUND);
    lt_text_fini(&notes);
    assert_int_equal(lt_checkpoint_finish(checkpoint, 1, &error), 0);
}

static void notes_that_a_prepared_batch_names_and_are_missing_are_damage(void **state)
{
    (void)state;
    struct lt_error error;
    put_offsets(1, 700, "{\"a\":2}");
    put("prepared/1", "v1\n{\"preparedSinks\":1,\"nextBatchWatermarkMs\":900}");
    assert_int_equal(try_open(true, false, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "sinks/0/1"));
}

static void a_damaged_prepared_is_named(void **state)
{
    (void)state;
    struct lt_error error;
    put_offsets(1, 700, "{\"a\":2}");
    put("prepared/1", "v1\n{\"preparedSin");
    assert_int_equal(try_open(true, false, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "prepared/1"));
}

static void what_a_purge_left_of_an_old_batch_goes(void **state)
{
    (void)state;
    put_offsets(6, 700, "{\"a\":7}");
    put("commits/6", "v1\n{\"nextBatchWatermarkMs\":700}");
    char path[128];
    snprintf(path, sizeof path, "%s/offsets/0", scratch);
    assert_int_equal(unlink(path), 0);
    put("prepared/0", "v1\n{\"preparedSinks\":1,\"nextBatchWatermarkMs\":700}");
    put("prepared/6", "v1\n{\"preparedSinks\":1,\"nextBatchWatermarkMs\":700}");
    open_it(true);
    assert_false(is_there("prepared/0"));
    assert_true(is_there("prepared/6"));
}

static void state_belongs_to_queries_that_have_some(void **state)
{
    (void)state;
    struct lt_error error;
    put("state/0/0/1.delta", "x");
    assert_int_equal(try_open(true, false, &error), LT_E_CHECKPOINT);
    assert_non_null(strstr(error.text, "'state' of a stateful query"));
    assert_int_equal(try_open(true, true, &error), 0);
}

static void state_without_logs_is_no_new_query(void **state)
{
    (void)state;
    struct lt_error error;
    scratch_remove(scratch);
    put("metadata", "{\"id\":\"d7f7a7c1-0000-4000-8000-000000000001\"}");
    put("state/0/0/1.delta", "of a query that had a batch");
    assert_int_equal(try_open(true, true, &error), LT_E_CHECKPOINT);
    assert_string_equal(error.condition, "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY");
    assert_string_equal(error.sqlstate, "42K03");
    assert_non_null(strstr(error.text, "should be empty on batch 0 Please either use a new "
                                       "checkpoint location, or delete the existing data"));
    assert_true(is_there("state/0/0/1.delta"));
}

/* It made folders and said what it keeps, and died before its first batch was logged. */
static void a_first_start_that_came_to_nothing_may_be_tried_again(void **state)
{
    (void)state;
    struct lt_error error;
    scratch_remove(scratch);
    put("metadata", "{\"id\":\"d7f7a7c1-0000-4000-8000-000000000001\"}");
    put("state/0/_metadata/metadata", "v1");
    put("state/0/0/rocksdb/CURRENT", "MANIFEST-1");
    put("state/0/0/.1.delta.leat.tmp", "half");
    assert_int_equal(try_open(true, true, &error), 0);
    assert_true(recovery.is_new);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_that_is_logged_and_not_prepared_is_run_again),
        TEST(to_a_continuous_run_it_never_was),
        TEST(the_first_batch_of_a_query_can_be_pending),
        TEST(only_the_first_of_several_is_run_again),
        TEST(a_prepared_batch_is_finished_with_its_watermark),
        TEST(a_sink_that_was_not_there_has_nothing_to_finish),
        TEST(notes_that_a_prepared_batch_names_and_are_missing_are_damage),
        TEST(a_damaged_prepared_is_named),
        TEST(what_a_purge_left_of_an_old_batch_goes),
        TEST(state_belongs_to_queries_that_have_some),
        TEST(state_without_logs_is_no_new_query),
        TEST(a_first_start_that_came_to_nothing_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
