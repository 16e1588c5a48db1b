/*
 * One suite for every sink that needs no other system, as tests/io/test_sources.c is for sources.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/console.h"
#include "io/memory.h"
#include "io/noop.h"
#include "io/rate_rows.h"
#include "tests/support/collector.h"

/* --------------------------------------------------------------------------------------- sinks */

struct sink_subject {
    const char *name;
    const struct lt_sink_type *type;
    const char *const *options;
};

struct sink_fixture {
    struct lt_arena *arena;
    struct lt_clock_manual clock;
    struct lt_connector_env env;
    struct lt_rate_rows *rows;
    struct lt_row_pool *pool;
    struct lt_sink *sink;
    struct lt_writer *writer;
    struct lt_histogram *latency;
    struct lt_shared_u64 acked;
    int64_t written;
    int saved_stdout;
};

static void set_up_sink(void **state, struct sink_fixture *fixture)
{
    const struct sink_subject *subject = *state;
    memset(fixture, 0, sizeof *fixture);
    fixture->arena = lt_arena_create();
    lt_clock_manual_init(&fixture->clock, 5000, 1700000000000000);
    fixture->env = collector_env(&fixture->clock.clock, NULL);
    fixture->rows = lt_rate_rows_create(fixture->arena, "orders");
    const struct lt_type *schema = lt_rate_rows_schema(fixture->rows);
    struct lt_row_pool_options options = {.column_count = schema->field_count, .capacity = 64};
    assert_int_equal(lt_row_pool_create(&options, &fixture->pool, NULL), 0);
    fixture->sink =
        collector_sink(subject->type, subject->options, schema, fixture->arena, &fixture->env);
    assert_int_equal(
        fixture->sink->ops->open_writer(fixture->sink, &fixture->env, &fixture->writer, NULL), 0);
    fixture->latency = lt_alloc(sizeof *fixture->latency);
    fixture->writer->ack_latency_ns = fixture->latency;
    fixture->writer->acked_records = &fixture->acked;
    /* The console's tables are not wanted here. */
    assert_int_equal(fflush(stdout), 0);
    fixture->saved_stdout = dup(STDOUT_FILENO);
    assert_non_null(freopen("/dev/null", "w", stdout));
}

static void tear_down_sink(struct sink_fixture *fixture)
{
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(fixture->saved_stdout, STDOUT_FILENO) >= 0);
    close(fixture->saved_stdout);
    fixture->writer->ops->close(fixture->writer);
    fixture->sink->ops->close(fixture->sink);
    lt_row_pool_destroy(fixture->pool); /* asserts that every row came home */
    free(fixture->latency);
    lt_arena_destroy(fixture->arena);
}

static void write_rows(struct sink_fixture *fixture, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct lt_row *row = lt_row_claim(fixture->pool);
        assert_non_null(row);
        lt_rate_rows_fill(fixture->rows, row, fixture->written++, 1700000000000000);
        row->ingest_ns = lt_clock_now_ns(&fixture->clock.clock) - 100;
        struct lt_fault *fault = NULL;
        assert_int_equal(fixture->writer->ops->write(fixture->writer, row, &fault), LT_WRITE_DONE);
    }
    if (fixture->writer->ops->flush != NULL)
        fixture->writer->ops->flush(fixture->writer);
}

static void finish_epoch(struct sink_fixture *fixture, uint64_t epoch)
{
    struct lt_text_buffer note;
    lt_text_init(&note);
    fixture->writer->ops->prepare(fixture->writer, epoch);
    assert_int_equal(fixture->writer->ops->prepared(fixture->writer, epoch, &note), 1);
    assert_null(strchr(lt_text_get(&note), '\n'));
    for (int i = 0; i < 2; i++) { /* committing is idempotent */
        if (fixture->writer->ops->commit != NULL)
            fixture->writer->ops->commit(fixture->writer, epoch);
        if (fixture->writer->ops->committed != NULL)
            assert_int_equal(fixture->writer->ops->committed(fixture->writer, epoch), 1);
        if (fixture->sink->ops->commit != NULL)
            assert_int_equal(
                fixture->sink->ops->commit(fixture->sink, epoch, lt_text_get(&note), NULL), 0);
    }
    lt_text_fini(&note);
}

static void every_row_is_released_and_acknowledged_once(void **state)
{
    struct sink_fixture fixture;
    set_up_sink(state, &fixture);
    for (uint64_t epoch = 0; epoch < 5; epoch++) {
        write_rows(&fixture, 60);
        finish_epoch(&fixture, epoch);
        assert_int_equal(fixture.pool->free_count, 64);
    }
    assert_int_equal(fixture.acked.value, 300);
    assert_int_equal(lt_histogram_count(fixture.latency), 300);
    assert_int_equal(lt_histogram_quantile(fixture.latency, 1), 100);
    tear_down_sink(&fixture);
}

static void several_epochs_may_be_open_and_empty_ones_are_epochs_too(void **state)
{
    struct sink_fixture fixture;
    set_up_sink(state, &fixture);
    struct lt_text_buffer note;
    lt_text_init(&note);
    for (uint64_t epoch = 0; epoch < 4; epoch++) {
        write_rows(&fixture, epoch == 2 ? 0 : 3);
        fixture.writer->ops->prepare(fixture.writer, epoch);
    }
    for (uint64_t epoch = 0; epoch < 4; epoch++) {
        assert_int_equal(fixture.writer->ops->prepared(fixture.writer, epoch, &note), 1);
        if (fixture.writer->ops->commit != NULL)
            fixture.writer->ops->commit(fixture.writer, epoch);
        if (fixture.sink->ops->commit != NULL)
            assert_int_equal(fixture.sink->ops->commit(fixture.sink, epoch, "", NULL), 0);
    }
    lt_text_fini(&note);
    tear_down_sink(&fixture);
}

static void what_is_aborted_leaves_nothing_behind(void **state)
{
    struct sink_fixture fixture;
    set_up_sink(state, &fixture);
    write_rows(&fixture, 10);
    fixture.writer->ops->prepare(fixture.writer, 0);
    write_rows(&fixture, 10);
    if (fixture.writer->ops->abort != NULL)
        fixture.writer->ops->abort(fixture.writer);
    tear_down_sink(&fixture);
}

static void an_epoch_that_this_process_never_saw_can_be_committed(void **state)
{
    struct sink_fixture fixture;
    set_up_sink(state, &fixture);
    bool must_replay = false;
    if (fixture.sink->ops->recover != NULL)
        assert_int_equal(fixture.sink->ops->recover(fixture.sink, 7, "", &must_replay, NULL), 0);
    if (fixture.sink->ops->commit != NULL)
        assert_int_equal(fixture.sink->ops->commit(fixture.sink, 7, "", NULL), 0);
    tear_down_sink(&fixture);
}

static void an_unknown_sink_option_is_refused(void **state)
{
    const struct sink_subject *subject = *state;
    const char *const pairs[] = {"numRow=1", NULL};
    struct lt_options *options = collector_options(pairs);
    struct lt_arena *arena = lt_arena_create();
    struct lt_sink *sink;
    struct lt_error error;
    lt_error_clear(&error);
    const struct lt_type *schema = lt_rate_rows_schema(lt_rate_rows_create(arena, "standard"));
    assert_int_equal(subject->type->bind(subject->type, options, schema, arena, &sink, &error),
                     LT_E_INVALID);
    assert_non_null(strstr(error.text, "numRow"));
    assert_null(sink);
    lt_options_destroy(options);
    lt_arena_destroy(arena);
}

struct suite_case {
    const char *name;
    CMUnitTestFunction function;
};
#define SUITE_CASE(function)                                                                       \
    {                                                                                              \
#function, function                                                                        \
    }

static const struct suite_case suite[] = {
    SUITE_CASE(every_row_is_released_and_acknowledged_once),
    SUITE_CASE(several_epochs_may_be_open_and_empty_ones_are_epochs_too),
    SUITE_CASE(what_is_aborted_leaves_nothing_behind),
    SUITE_CASE(an_epoch_that_this_process_never_saw_can_be_committed),
    SUITE_CASE(an_unknown_sink_option_is_refused),
};

static const char *const memory_row_options[] = {"visibility=row", NULL};
static struct sink_subject sinks[] = {
    {"noop", &lt_noop_sink_type, NULL},
    {"memory", &lt_memory_sink_type, NULL},
    {"memory by row", &lt_memory_sink_type, memory_row_options},
    {"console", &lt_console_sink_type, NULL},
};

enum {
    CASES = sizeof suite / sizeof suite[0],
    SUBJECTS = sizeof sinks / sizeof sinks[0],
};

int main(void)
{
    static struct CMUnitTest tests[CASES * SUBJECTS + 1];
    static char names[CASES * SUBJECTS][160];
    size_t count = 0;
    for (size_t i = 0; i < SUBJECTS; i++) {
        for (size_t j = 0; j < CASES; j++, count++) {
            snprintf(names[count], sizeof names[count], "%s: %s", sinks[i].name, suite[j].name);
            tests[count] = (struct CMUnitTest){
                .name = names[count], .test_func = suite[j].function, .initial_state = &sinks[i]};
        }
    }
    return _cmocka_run_group_tests("sinks", tests, count, NULL, NULL);
}
