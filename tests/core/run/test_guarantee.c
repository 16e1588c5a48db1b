/* What a query promises, from its source, its sinks and its checkpoint; and how it says so. */
#include "core/run/guarantee.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct lt_option_spec options[] = {{.name = "host"}, {.name = "spool"}};
static const struct lt_source_type kafka = {.name = "kafka", .traits = LT_SOURCE_REPLAYABLE};
static const struct lt_source_type tcp = {.name = "tcp", .options = options, .option_count = 2};
static const struct lt_source_type pipe_type = {
    .name = "stdin", .options = options, .option_count = 1};
static const struct lt_sink_type file_type = {.name = "append"}, net_type = {.name = "udp"};
static struct lt_sink file = {.type = &file_type, .guarantee = LT_EXACTLY_ONCE};
static struct lt_sink net = {.type = &net_type, .guarantee = LT_AT_LEAST_ONCE};

static int64_t async_interval_ns = -1;

/* "what it says | what it follows from" */
static void expect(struct lt_source source, bool has_both_sinks, bool has_checkpoint,
                   const char *expected)
{
    static const struct lt_source_ops ops;
    struct lt_pipeline_branch branches[] = {{.sink = &file}, {.sink = &net}};
    source.ops = &ops;
    struct lt_pipeline pipeline = {
        .source = &source, .branches = branches, .branch_count = has_both_sinks ? 2 : 1};
    const struct lt_query_settings settings = {.checkpoint_path = has_checkpoint ? "/x" : NULL,
                                               .async_interval_ns = async_interval_ns};
    struct lt_query_guarantee guarantee = lt_query_guarantee_of(&pipeline, &settings);
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_query_guarantee_say(&guarantee, &text);
    lt_text_append(&text, " | ");
    lt_query_guarantee_explain(&guarantee, &text);
    assert_string_equal(lt_text_get(&text), expected);
    lt_text_fini(&text);
}

static void it_is_that_of_the_sink_that_promises_least(void **state)
{
    (void)state;
    expect((struct lt_source){.type = &kafka}, false, true,
           "exactly-once | sink append is exactly-once");
    expect((struct lt_source){.type = &kafka}, true, true,
           "at-least-once | sink udp is at-least-once");
}

static void without_a_checkpoint_it_ends_with_the_run(void **state)
{
    (void)state;
    expect((struct lt_source){.type = &kafka}, false, false,
           "exactly-once, within one run | sink append is exactly-once; without a checkpoint a new "
           "start begins anew");
}

static void what_cannot_be_replayed_is_lost_at_a_crash(void **state)
{
    (void)state;
    expect((struct lt_source){.type = &tcp}, false, true,
           "at most once for what is in flight at a crash | source tcp cannot be replayed; hint: "
           "--spool DIR; sink append is exactly-once");
    expect((struct lt_source){.type = &pipe_type}, false, false,
           "at most once for what is in flight at a crash | source stdin cannot be replayed; sink "
           "append is exactly-once");
}

static void a_spool_makes_it_a_source_that_can_be_read_again(void **state)
{
    (void)state;
    expect((struct lt_source){.type = &tcp, .traits = LT_SOURCE_REPLAYABLE}, true, true,
           "at-least-once | sink udp is at-least-once");
}

static void entries_in_the_background_are_behind_what_was_written(void **state)
{
    (void)state;
    async_interval_ns = 0;
    expect((struct lt_source){.type = &kafka}, false, true,
           "at-least-once | sink append is exactly-once; asyncProgressTrackingEnabled: after a "
           "crash, what was written since the last entry of the checkpoint is written again");
    expect((struct lt_source){.type = &kafka}, false, false,
           "exactly-once, within one run | sink append is exactly-once; without a checkpoint a new "
           "start begins anew");
    async_interval_ns = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_that_of_the_sink_that_promises_least),
        cmocka_unit_test(without_a_checkpoint_it_ends_with_the_run),
        cmocka_unit_test(what_cannot_be_replayed_is_lost_at_a_crash),
        cmocka_unit_test(entries_in_the_background_are_behind_what_was_written),
        cmocka_unit_test(a_spool_makes_it_a_source_that_can_be_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
