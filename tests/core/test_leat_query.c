/*
 * The life of a query: stop and drain, processAllAvailable, status and progress, counters, restart
 * in a new process, and the invoker mode on a clock that only the test moves.
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
    int64_t now_ns, wall_us; /* of the injected clock */
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

static void build(struct fixture *f, leat_options *options)
{
    f->query = leat_query_create(f->context, options);
    assert_int_equal(leat_query_write_output(f->query, leat_read_input(f->input), f->output),
                     LEAT_OK);
}

static void assert_message(leat_query *query, const char *message)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, "{\"message\":\"%s\",", message);
    char *status = leat_query_status(query);
    assert_non_null(strstr(status, wanted));
    free(status);
}

/* ------------------------------------------------------------------------------------- threads */

static void what_needs_a_start_says_so(void **state)
{
    struct fixture *f = *state;
    build(f, NULL);
    assert_int_equal(leat_await(f->query, 0), LEAT_ERROR_STATE);
    assert_int_equal(leat_stop(f->query, 0), LEAT_ERROR_STATE);
    assert_int_equal(leat_do_work(f->query), LEAT_ERROR_STATE);
    assert_string_equal(leat_query_id(f->query), "");
    assert_null(leat_query_terminated(f->query));
    assert_null(leat_query_recent_progress(f->query, 0));
    assert_message(f->query, "Initializing StreamExecution");
    assert_int_equal(leat_query_trigger_continuous(f->query, 0), LEAT_ERROR_INVALID);
}

static void stop_delivers_and_commits_what_was_read(void **state)
{
    struct fixture *f = *state;
    build(f, doors_options("1", f->path));
    doors_start(f->query);
    assert_int_equal(leat_await_ready(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_true(leat_is_active(f->query));
    assert_message(f->query, "Running");
    assert_null(leat_query_terminated(f->query));
    doors_push(f->input, 0, 100);
    assert_true(doors_collect(f->output, f->rows, 100));
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_false(leat_is_active(f->query));
    assert_message(f->query, "Stopped");
    char *event = leat_query_terminated(f->query);
    assert_non_null(
        strstr(event, ",\"exception\":null,\"errorClassOnException\":null,\"sqlState\":null}"));
    free(event);
    assert_int_equal(leat_await(f->query, 0), LEAT_OK);
    leat_totals totals = {.size = sizeof totals};
    assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
    assert_int_equal(totals.records_in, 100);
    assert_true(totals.epoch >= 0);
    assert_true(totals.epoch_age_us >= 0);
    assert_int_equal(leat_start(f->query), LEAT_ERROR_STATE);
    char *progress = leat_query_recent_progress(f->query, 0);
    assert_non_null(strstr(progress, "\"endOffset\":100"));
    free(progress);
}

static void a_stop_that_cannot_drain_says_what_it_waits_for(void **state)
{
    struct fixture *f = *state;
    leat_output *narrow = leat_output_create(f->context, 8);
    f->query = leat_query_create(f->context, doors_options("1", NULL));
    assert_int_equal(leat_query_write_output(f->query, leat_read_input(f->input), narrow), LEAT_OK);
    doors_start(f->query);
    doors_push(f->input, 0, 100); /* nobody takes them */
    int64_t seen = 0;
    while (!leat_query_counter(f->query, "lane0.sink0.records", &seen) || seen < 8)
        doors_nap();
    assert_int_equal(leat_stop(f->query, 1000 * 1000000), LEAT_ERROR_TIMEOUT);
    assert_non_null(strstr(leat_query_error(f->query), "hint: raise drainTimeout"));
    assert_non_null(strstr(leat_query_error(f->query), "; epoch 0 waits for step "));
}

static void process_all_available_waits_for_a_commit(void **state)
{
    struct fixture *f = *state;
    build(f, doors_options("2", f->path));
    doors_start(f->query);
    for (int i = 0; i < 3; i++) {
        doors_push(f->input, i * 50, 50);
        assert_int_equal(leat_process_all_available(f->query, DOORS_PATIENCE_NS), LEAT_OK);
        leat_totals totals = {.size = sizeof totals};
        assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
        assert_int_equal(totals.records_out, (i + 1) * 50);
        assert_true(totals.epoch >= 0);
    }
    assert_int_equal(leat_process_all_available(f->query, DOORS_PATIENCE_NS), LEAT_OK);
}

static void the_progress_has_sparks_names(void **state)
{
    struct fixture *f = *state;
    leat_options *options = doors_options("1", f->path);
    assert_int_equal(leat_options_set(options, "queryName", "numbers", NULL), LEAT_OK);
    build(f, options);
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    doors_finish(f->query, f->input, f->output, f->rows);
    char *progress = leat_query_recent_progress(f->query, 0);
    assert_non_null(progress);
    static const char *const wanted[] = {
        "\"id\":\"",         "\"runId\":\"",         "\"name\":\"numbers\"",
        "\"timestamp\":\"",  "\"batchId\":",         "\"batchDuration\":",
        "\"numInputRows\":", "\"inputRowsPerSecond", "\"processedRowsPerSecond\"",
        "\"durationMs\":{",  "\"stateOperators\":[", "\"sources\":[{\"description\":\"",
        "\"startOffset\":",  "\"endOffset\":10",     "\"latestOffset\":null",
        "\"sink\":{",        "\"numOutputRows\":",   "\"latencyMicros\":{\"count\":"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(progress, wanted[i]) == NULL)
            fail_msg("no %s in %s", wanted[i], progress);
    char id[64];
    snprintf(id, sizeof id, "\"id\":\"%s\"", leat_query_id(f->query));
    assert_non_null(strstr(progress, id));
    assert_true(leat_query_latency_ns(f->query, 0.5) >= 0);
    assert_int_equal(leat_query_latency_ns(f->query, 2), -1);
    free(progress);
}

static void the_id_stays_over_a_restart_and_the_run_id_does_not(void **state)
{
    struct fixture *f = *state;
    char id[64], run_id[64];
    build(f, doors_options("1", f->path));
    doors_start(f->query);
    snprintf(id, sizeof id, "%s", leat_query_id(f->query));
    snprintf(run_id, sizeof run_id, "%s", leat_query_run_id(f->query));
    assert_int_equal(strlen(id), 36);
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    leat_query_destroy(f->query);
    build(f, doors_options("1", f->path));
    doors_start(f->query);
    assert_string_equal(leat_query_id(f->query), id);
    assert_string_not_equal(leat_query_run_id(f->query), run_id);
}

static void one_checkpoint_serves_one_query_at_a_time(void **state)
{
    struct fixture *f = *state;
    build(f, doors_options("1", f->path));
    doors_start(f->query);
    leat_query *second = leat_query_create(f->context, doors_options("1", f->path));
    leat_stream *rate = leat_read(f->context, "rate", NULL, NULL);
    assert_int_equal(leat_query_write(second, rate, "noop", NULL), LEAT_OK);
    assert_int_equal(leat_start(second), LEAT_ERROR_BUSY);
    leat_query_destroy(second);
}

static void a_check_finds_what_a_start_would_find(void **state)
{
    struct fixture *f = *state;
    build(f, doors_options("1", NULL));
    assert_int_equal(leat_admin_check(f->query), LEAT_OK);
    char *options = leat_admin_effective_options(f->query);
    assert_non_null(strstr(options, "query: stages = 1"));
    free(options);
    leat_query *wrong = leat_query_create(f->context, doors_options("9", NULL));
    assert_int_equal(leat_query_write_output(wrong, leat_read_input(f->input), f->output), LEAT_OK);
    assert_int_equal(leat_admin_check(wrong), LEAT_ERROR_INVALID);
    assert_non_null(strstr(leat_query_error(wrong), "stages"));
    leat_query_destroy(wrong);
}

static void counters_are_read_from_their_file(void **state)
{
    struct fixture *f = *state;
    char path[SCRATCH_PATH_SIZE + 16], error[256] = "";
    snprintf(path, sizeof path, "%s/counters", f->path);
    leat_options *options = doors_options("1", NULL);
    assert_int_equal(leat_options_set(options, "counters", path, NULL), LEAT_OK);
    build(f, options);
    doors_start(f->query);
    doors_push(f->input, 0, 7);
    doors_finish(f->query, f->input, f->output, f->rows);
    leat_admin_counters *counters = leat_admin_counters_open(path, error, sizeof error);
    assert_string_equal(error, "");
    leat_admin_counter counter = {.size = sizeof counter};
    bool found = false;
    for (size_t i = 0; leat_admin_counter_at(counters, i, &counter) && !found; i++)
        found = strcmp(counter.name, "lane0.source.records") == 0 && counter.value == 7;
    assert_true(found);
    leat_admin_owner owner = {.size = sizeof owner};
    leat_admin_counters_owner(counters, &owner);
    assert_true(owner.alive);
    leat_admin_counters_close(counters);
    assert_null(leat_admin_counters_open("/nowhere/at/all", error, sizeof error));
    assert_string_not_equal(error, "");
}

/* ------------------------------------------------------------------------------------- invoker */

static int64_t fake_now(void *user)
{
    return ((struct fixture *)user)->now_ns;
}

static int64_t fake_wall(void *user)
{
    return ((struct fixture *)user)->wall_us;
}

static void work_until_idle(struct fixture *f)
{
    for (int idle = 0; idle < 10;) {
        int work = leat_do_work(f->query);
        assert_true(work >= 0);
        idle = work == 0 ? idle + 1 : 0;
    }
}

static void the_caller_owns_every_thread_and_the_time(void **state)
{
    struct fixture *f = *state;
    f->now_ns = 1000;
    f->wall_us = 1700000000 * (int64_t)1000000;
    leat_context_set_clock(f->context, fake_now, fake_wall, f);
    build(f, doors_options("3", NULL));
    assert_int_equal(leat_query_trigger_continuous(f->query, 1000000000), LEAT_OK);
    assert_int_equal(leat_start_invoked(f->query), LEAT_OK);
    doors_push(f->input, 0, 10);
    assert_int_equal(leat_output_poll(f->output, NULL, NULL, 10), 0); /* nothing moves by itself */
    work_until_idle(f);
    assert_true(doors_collect(f->output, f->rows, 10));
    leat_totals totals = {.size = sizeof totals};
    assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
    int64_t before = totals.epoch;
    work_until_idle(f);
    assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
    assert_int_equal(totals.epoch, before); /* time stands still */
    f->now_ns += 1000000001;
    f->wall_us += 1000001;
    work_until_idle(f);
    assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
    assert_int_equal(totals.epoch, before + 1);
    assert_int_equal(leat_query_latency_ns(f->query, 1), 0); /* all at one moment */
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_int_equal(leat_do_work(f->query), 0);
}

/* A million rows a second, and nobody who reads them all. */
static void begin_backlog(struct fixture *f)
{
    f->now_ns = 1000;
    f->wall_us = 1700000000 * (int64_t)1000000;
    leat_context_set_clock(f->context, fake_now, fake_wall, f);
    f->query = leat_query_create(f->context, doors_options("1", NULL));
}

static leat_totals totals_after(struct fixture *f, int steps, int64_t time_us)
{
    leat_totals totals = {.size = sizeof totals};
    f->now_ns += time_us * 1000;
    f->wall_us += time_us;
    for (int i = 0; i < steps; i++)
        assert_true(leat_do_work(f->query) >= 0);
    assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
    return totals;
}

static leat_stream *a_million_a_second(struct fixture *f)
{
    leat_stream *rows =
        leat_read(f->context, "rate", leat_options_of("rowsPerSecond", "1000000", NULL), NULL);
    assert_non_null(rows);
    return rows;
}

static void the_lag_is_true_while_records_come_without_end(void **state)
{
    struct fixture *f = *state;
    begin_backlog(f);
    assert_int_equal(leat_query_write(f->query, a_million_a_second(f), "noop", NULL), LEAT_OK);
    assert_int_equal(leat_start_invoked(f->query), LEAT_OK);
    (void)totals_after(f, 40, 0);
    for (int64_t second = 1; second <= 3; second++) {
        leat_totals totals = totals_after(f, 40, 1000000);
        int64_t behind = second * 1000000 - (int64_t)totals.records_in;
        assert_true(totals.records_in > 0);
        assert_true(totals.lag_records >= behind);
        assert_true(totals.lag_records < behind + 40 * 256); /* as of one of these steps */
        assert_true(totals.lag_ms > 0);
    }
    assert_int_equal(leat_stop(f->query, DOORS_PATIENCE_NS), LEAT_OK);
}

static void the_lag_grows_while_nobody_takes_the_records(void **state)
{
    struct fixture *f = *state;
    begin_backlog(f);
    leat_output *full = leat_output_create(f->context, 64);
    assert_int_equal(leat_query_write_output(f->query, a_million_a_second(f), full), LEAT_OK);
    assert_int_equal(leat_start_invoked(f->query), LEAT_OK);
    (void)totals_after(f, 40, 0);
    leat_totals first = totals_after(f, 400, 1000000);
    leat_totals second = totals_after(f, 40, 1000000);
    assert_int_equal(second.records_in, first.records_in); /* no room */
    assert_int_equal(second.lag_records - first.lag_records, 1000000);
    leat_query_destroy(f->query);
    f->query = NULL;
}

static void an_invoked_query_with_a_checkpoint_commits(void **state)
{
    struct fixture *f = *state;
    build(f, doors_options("1", f->path));
    assert_int_equal(leat_start_invoked(f->query), LEAT_OK);
    doors_push(f->input, 0, 10);
    assert_int_equal(leat_process_all_available(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    leat_input_end(f->input);
    assert_int_equal(leat_await(f->query, DOORS_PATIENCE_NS), LEAT_OK);
    assert_true(doors_collect(f->output, f->rows, 10));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_needs_a_start_says_so),
        TEST(stop_delivers_and_commits_what_was_read),
        TEST(a_stop_that_cannot_drain_says_what_it_waits_for),
        TEST(process_all_available_waits_for_a_commit),
        TEST(the_progress_has_sparks_names),
        TEST(the_id_stays_over_a_restart_and_the_run_id_does_not),
        TEST(one_checkpoint_serves_one_query_at_a_time),
        TEST(a_check_finds_what_a_start_would_find),
        TEST(counters_are_read_from_their_file),
        TEST(the_caller_owns_every_thread_and_the_time),
        TEST(the_lag_is_true_while_records_come_without_end),
        TEST(the_lag_grows_while_nobody_takes_the_records),
        TEST(an_invoked_query_with_a_checkpoint_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
