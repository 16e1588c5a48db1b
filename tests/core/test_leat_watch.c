/*
 * What is told of a query in batches - its status, and its progress by Spark's fields -, why one
 * has failed, and a query that is like another which has ended.
 */
#include "core/leat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/leat_admin.h"
#include "tests/support/doors.h"
#include "tests/support/scratch.h"

struct fixture {
    leat_context *context;
    leat_input *input;
    leat_output *output;
    leat_query *query;
    struct doors_rows *rows;
    char path[SCRATCH_PATH_SIZE];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->context = leat_context_create();
    f->input = leat_input_create(f->context, DOORS_SCHEMA, 1024);
    f->output = leat_output_create(f->context, 4096);
    f->rows = calloc(1, sizeof *f->rows);
    scratch_create(f->path);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    leat_query_destroy(f->query);
    leat_context_destroy(f->context);
    scratch_remove(f->path);
    free(f->rows);
    free(f);
    return 0;
}

static leat_query *build(struct fixture *f)
{
    leat_options *options = doors_options("1", f->path);
    assert_int_equal(leat_options_set(options, "queryName", "watched", NULL), LEAT_OK);
    leat_query *query = leat_query_create(f->context, options);
    assert_int_equal(leat_query_write_output(query, leat_read_input(f->input), f->output), LEAT_OK);
    return query;
}

static void build_in_batches(struct fixture *f)
{
    f->query = build(f);
    assert_int_equal(leat_query_trigger_processing_time(f->query, 0), LEAT_OK);
}

static leat_query *build_broken(struct fixture *f, bool in_batches)
{
    leat_query *query = leat_query_create(f->context, doors_options("1", f->path));
    leat_stream *stream = leat_read_input(f->input);
    assert_int_equal(leat_query_write_sink(query, stream, &doors_broken_sink), LEAT_OK);
    if (in_batches)
        assert_int_equal(leat_query_trigger_processing_time(query, 0), LEAT_OK);
    return query;
}

static void a_query_in_batches_ends_with_its_input(void **state)
{
    struct fixture *f = *state;
    build_in_batches(f);
    doors_start(f->query);
    doors_push(f->input, 0, 7);
    doors_finish(f->query, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 7);
}

static void the_progress_of_a_batch_has_sparks_fields(void **state)
{
    struct fixture *f = *state;
    static const char *const wanted[] = {
        "\"batchId\":0,\"batchDuration\":",
        "\"numInputRows\":7,",
        "\"durationMs\":{\"addBatch\":",
        ",\"commitOffsets\":",
        ",\"getBatch\":0,\"latestOffset\":",
        ",\"queryPlanning\":0,\"triggerExecution\":",
        ",\"walCommit\":",
        "\"stateOperators\":[]",
        "\"startOffset\":0,\"endOffset\":7,\"latestOffset\":7,\"numInputRows\":7,",
        "\"sink\":{\"description\":\"Output\",\"numOutputRows\":7,",
        "\"latencyMicros\":{",
    };
    build_in_batches(f);
    doors_push(f->input, 0, 7);
    doors_start(f->query);
    assert_int_equal(leat_process_all_available(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    char *entry = NULL;
    for (uint32_t age = 0; (entry = leat_query_recent_progress(f->query, age)) != NULL; age++) {
        if (strstr(entry, "\"numInputRows\":7,") != NULL)
            break;
        free(entry);
    }
    assert_non_null(entry);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        doors_assert_contains(entry, wanted[i]);
    free(entry);
}

static void the_status_of_a_query_in_batches_is_sparks(void **state)
{
    struct fixture *f = *state;
    build_in_batches(f);
    doors_start(f->query);
    assert_int_equal(leat_process_all_available(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    char *status = leat_query_status(f->query);
    assert_string_equal(status, "{\"message\":\"Waiting for data to arrive\","
                                "\"isDataAvailable\":false,\"isTriggerActive\":false}");
    free(status);
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
}

static void a_failure_names_its_batch_and_its_offsets(void **state)
{
    struct fixture *f = *state;
    char wanted[160];
    doors_push(f->input, 0, 5);
    f->query = build_broken(f, true);
    assert_null(leat_query_exception(f->query));
    doors_start(f->query);
    assert_true(leat_await(f->query, DOORS_PATIENCE_NS) < 0);
    char *exception = leat_query_exception(f->query);
    snprintf(wanted, sizeof wanted,
             ",\"message\":\"[STREAM_FAILED] Query [id = %s, runId = %s] terminated with "
             "exception: ",
             leat_query_id(f->query), leat_query_run_id(f->query));
    doors_assert_contains(exception, "{\"errorClass\":\"STREAM_FAILED\",\"sqlState\":\"XXKST\",");
    doors_assert_contains(exception, wanted);
    doors_assert_contains(exception, ",\"batchId\":0,\"sources\":[{\"description\":\"");
    doors_assert_contains(exception, "\",\"startOffset\":0,\"endOffset\":5}]}");
    free(exception);
}

static void a_failure_in_continuous_mode_names_where_it_reads_again(void **state)
{
    struct fixture *f = *state;
    f->query = build_broken(f, false);
    doors_start(f->query);
    doors_push(f->input, 0, 5);
    assert_true(leat_await(f->query, DOORS_PATIENCE_NS) < 0);
    char *exception = leat_query_exception(f->query);
    doors_assert_contains(exception, "\"startOffset\":0,\"endOffset\":null}]}");
    free(exception);
}

static void a_query_like_one_that_has_ended_goes_on_where_that_was(void **state)
{
    struct fixture *f = *state;
    char id[64];
    f->query = build(f);
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    assert_int_equal(leat_process_all_available(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_true(doors_collect(f->output, f->rows, 10));
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_false(leat_admin_query_may_pass(f->query));
    snprintf(id, sizeof id, "%s", leat_query_id(f->query));
    leat_query *again = leat_admin_query_again(f->query);
    leat_query_destroy(f->query);
    f->query = again;
    assert_string_equal(leat_query_name(again), "watched");
    doors_start(again);
    assert_string_equal(leat_query_id(again), id);
    doors_push(f->input, 10, 5);
    doors_finish(again, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 15);
    assert_int_equal(f->rows->offsets[14], 14);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_query_in_batches_ends_with_its_input),
        TEST(the_progress_of_a_batch_has_sparks_fields),
        TEST(the_status_of_a_query_in_batches_is_sparks),
        TEST(a_failure_names_its_batch_and_its_offsets),
        TEST(a_failure_in_continuous_mode_names_where_it_reads_again),
        TEST(a_query_like_one_that_has_ended_goes_on_where_that_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
