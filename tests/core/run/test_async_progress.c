/*
 * Asynchronous progress tracking of a query in micro-batches, from a directory, one file a batch:
 * which batches have entries in the checkpoint, what a crash shows again, what a stop writes, what
 * is kept until then, and what is refused, in Spark's words. In invoker mode, with a clock that
 * moves when it is told to.
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

enum { ROUNDS = 2000000, INTERVAL_MS = 1000, FILES = 5 };

static struct lt_query *query;
static struct lt_arena *arena;
static struct lt_options *source_options, *sink_options, *query_options;
static struct lt_clock_manual manual;
static struct lt_trigger trigger;
static const char *sink_format;
static bool has_state;
static char seen[1024]; /* by the sink: the letters of the files */
static char scratch[64];

/* --------------------------------------------------------------------------------------- sink */

static enum lt_write writer_write(struct lt_writer *writer, struct lt_row *row,
                                  struct lt_fault **fault)
{
    size_t count = strlen(seen);
    const struct lt_bytes bytes = lt_row_values(row)[0].bytes;
    (void)fault;
    assert_int_equal(bytes.size_bytes, 1);
    assert_true(count + 1 < sizeof seen);
    seen[count] = ((const char *)bytes.data)[0];
    lt_counter_add(writer->acked_records, 1);
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void writer_prepare(struct lt_writer *writer, uint64_t epoch)
{
    (void)writer, (void)epoch;
}

static int writer_prepared(struct lt_writer *writer, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)writer, (void)epoch, (void)note;
    return 1;
}

static void writer_close(struct lt_writer *writer)
{
    free(writer);
}

static int sink_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {.write = writer_write,
                                             .prepare = writer_prepare,
                                             .prepared = writer_prepared,
                                             .close = writer_close};
    (void)sink, (void)env, (void)error;
    *out = lt_alloc(sizeof **out);
    (*out)->ops = &ops;
    return 0;
}

static void sink_close(struct lt_sink *sink)
{
    free(sink);
}

static int sink_bind(const struct lt_sink_type *type, const struct lt_options *given,
                     const struct lt_type *schema, struct lt_arena *memory, struct lt_sink **out,
                     struct lt_error *error)
{
    static const struct lt_sink_ops ops = {.open_writer = sink_open_writer, .close = sink_close};
    (void)given, (void)memory, (void)error;
    *out = lt_alloc(sizeof **out);
    **out = (struct lt_sink){.ops = &ops,
                             .type = type,
                             .schema = schema,
                             .guarantee = LT_EXACTLY_ONCE,
                             .one_lane = true,
                             .description = "Letters"};
    return 0;
}

/* All of this machine, and "letters", which goes by the name of a sink that Spark takes, too. */
static const struct lt_catalog *catalog(void)
{
    static const struct lt_sink_type letters = {.name = "letters", .bind = sink_bind};
    static const struct lt_sink_type taken = {.name = "console", .bind = sink_bind};
    static const struct lt_sink_type *sinks[64] = {&taken, &letters};
    static struct lt_catalog all;
    size_t count = 2;
    all = *lt_io_catalog();
    for (size_t i = 0; i < all.sink_count; i++) {
        if (strcmp(all.sinks[i]->name, taken.name) == 0)
            continue;
        assert_true(count < sizeof sinks / sizeof sinks[0]);
        sinks[count++] = all.sinks[i];
    }
    all.sinks = sinks;
    all.sink_count = count;
    return &all;
}

/* -------------------------------------------------------------------------------------- query */

static void set(struct lt_options *options, const char *key, const char *format, const char *value)
{
    struct lt_error error;
    char text[128];
    snprintf(text, sizeof text, format, value);
    assert_int_equal(lt_options_set(options, key, text, "test", &error), 0);
}

/* A file with one letter, as old as its number says. */
static void add_file(int number)
{
    char path[128], line[] = "a\n";
    const struct utimbuf times = {.actime = 1700000000 + number, .modtime = 1700000000 + number};
    snprintf(path, sizeof path, "%s/in/f%d", scratch, number);
    line[0] = (char)('a' + number);
    scratch_write(line, "%s", path);
    assert_int_equal(utime(path, &times), 0);
}

static int set_up(void **state)
{
    (void)state;
    lt_log_set_level(LT_LOG_ERROR);
    lt_clock_manual_init(&manual, 1, 1700000000000000);
    scratch_create(scratch);
    source_options = lt_options_create();
    sink_options = lt_options_create();
    query_options = lt_options_create();
    set(source_options, "path", "%s/in", scratch);
    set(source_options, "maxFilesPerTrigger", "%s", "1");
    set(query_options, "checkpointLocation", "%s/checkpoint", scratch);
    set(query_options, "dmaLatency", "%s", "off");
    set(query_options, "asyncProgressTrackingEnabled", "%s", "true");
    trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 0};
    sink_format = "console";
    has_state = false;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < FILES; i++)
        add_file(i);
    return 0;
}

/* As a crash has it: nothing more is written. */
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
    destroy_query();
    lt_options_destroy(source_options);
    lt_options_destroy(sink_options);
    lt_options_destroy(query_options);
    scratch_remove(scratch);
    return 0;
}

/* SELECT DISTINCT. */
static struct lt_plan_node *add_state(struct lt_plan_node *read)
{
    static const uint32_t keys[] = {0};
    static struct lt_plan_stateful stateful;
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_DEDUPLICATE, 1);
    stateful = (struct lt_plan_stateful){
        .output_mode = LT_OUTPUT_APPEND,
        .left = {.keys = keys, .key_count = 1, .event_time = {.column = -1}},
        .session_gap = -1,
    };
    node->inputs[0] = read;
    node->stateful = &stateful;
    return node;
}

static struct lt_plan *make_plan(void)
{
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    struct lt_plan_node *write = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    struct lt_plan *plan = lt_arena_alloc(arena, sizeof *plan);
    read->format = "text";
    read->options = source_options;
    write->format = sink_format;
    write->options = sink_options;
    write->inputs[0] = has_state ? add_state(read) : read;
    plan->sinks = lt_arena_alloc(arena, sizeof(struct lt_plan_node *));
    plan->sinks[0] = write;
    plan->sink_count = 1;
    plan->trigger = trigger;
    return plan;
}

static int try_start(struct lt_error *error)
{
    destroy_query();
    arena = lt_arena_create();
    struct lt_query_spec spec = {.plan = make_plan(),
                                 .arena = arena,
                                 .options = query_options,
                                 .catalog = catalog(),
                                 .clock = &manual.clock,
                                 .is_invoked = true};
    return lt_query_start(&spec, &query, error);
}

static void start(void)
{
    struct lt_error error;
    if (try_start(&error) != 0)
        fail_msg("%s", error.text);
}

static void process_all(void)
{
    struct lt_error error;
    if (lt_query_process_all_available(query, 60 * (int64_t)LT_NS_PER_S, &error) != 0)
        fail_msg("%s", error.text);
}

static void stop(void)
{
    struct lt_error error;
    if (lt_query_stop(query, 60 * (int64_t)LT_NS_PER_S, &error) != 0)
        fail_msg("%s", error.text);
}

/* Some rounds in which nothing new comes. */
static int work(int rounds)
{
    int code = 0;
    for (int i = 0; i < rounds && code >= 0; i++)
        code = lt_query_do_work(query);
    return code;
}

static bool has(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/checkpoint/%s/%s", scratch, folder, name);
    return access(path, F_OK) == 0;
}

/* Which of the batches have entries, as "0 4", both of them. */
static void assert_logged(const char *expected)
{
    char text[128] = "";
    for (int i = 0; i < 64; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(has("offsets", name), has("commits", name));
        if (has("offsets", name))
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d",
                     text[0] == '\0' ? "" : " ", i);
    }
    assert_string_equal(text, expected);
}

static void work_until_there(const char *folder, const char *name)
{
    for (int i = 0; !has(folder, name); i++) {
        assert_true(i < ROUNDS);
        assert_true(lt_query_do_work(query) >= 0);
    }
}

/* -------------------------------------------------------------------------------------- tests */

static void numbers_in_the_log_have_gaps(void **state)
{
    (void)state;
    start();
    process_all();
    assert_string_equal(seen, "abcde");
    work_until_there("commits", "0");
    (void)work(1000);
    assert_logged("0");
    lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS - 1);
    (void)work(1000);
    assert_logged("0");
    lt_clock_manual_advance(&manual, 1);
    work_until_there("commits", "4");
    assert_logged("0 4");
    char *text = scratch_read("%s/checkpoint/offsets/4", scratch);
    assert_non_null(strstr(text, "\n{\"logOffset\":4}"));
    free(text);
}

static void a_crash_shows_again_what_came_since_the_last_entry(void **state)
{
    (void)state;
    start();
    process_all();
    work_until_there("commits", "0");
    start();
    process_all();
    assert_string_equal(seen, "abcde"
                              "bcde");
    work_until_there("commits", "1");
}

static void a_stop_writes_what_is_still_to_be_written(void **state)
{
    (void)state;
    start();
    process_all();
    stop();
    assert_logged("0 4");
    add_file(FILES);
    start();
    process_all();
    assert_string_equal(seen, "abcdef");
    stop();
    assert_logged("0 4 5");
}

static void with_an_interval_of_0_each_batch_has_its_entries(void **state)
{
    (void)state;
    set(query_options, "asyncProgressTrackingCheckpointIntervalMs", "%s", "0");
    start();
    process_all();
    stop();
    assert_string_equal(seen, "abcde");
    assert_logged("0 1 2 3 4");
}

static bool stop_at_second(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context;
    return step == LT_EPOCH_PREPARE && epoch == 1;
}

/* offsets/1 is there, and commits/1 is not. */
static void a_batch_that_was_logged_is_run_again_and_committed(void **state)
{
    (void)state;
    set(query_options, "asyncProgressTrackingEnabled", "%s", "false");
    lt_epoch_set_fault_hook(stop_at_second, NULL);
    start();
    int code = work(ROUNDS);
    lt_epoch_set_fault_hook(NULL, NULL);
    assert_int_equal(code, LT_E_CANCELLED);
    assert_true(has("offsets", "1"));
    set(query_options, "asyncProgressTrackingEnabled", "%s", "true");
    start();
    process_all();
    work_until_there("commits", "1");
    stop();
    assert_string_equal(seen, "abcde");
    assert_logged("0 1 4");
}

/* Batches 1 to 4 were shown when offsets/4 was written, and offsets/3 is not there. */
static void an_entry_behind_a_gap_without_a_commit_never_was(void **state)
{
    (void)state;
    char path[128];
    start();
    process_all();
    stop();
    assert_logged("0 4");
    snprintf(path, sizeof path, "%s/checkpoint/commits/4", scratch);
    assert_int_equal(unlink(path), 0);
    start();
    process_all();
    stop();
    assert_string_equal(seen, "abcdebcde");
    assert_logged("0 1 4");
}

/* The log of files is written whole with its tenth entry: those before are needed until an entry of
 * the query's says that they are not. */
static void run_past_a_compaction(void)
{
    for (int i = FILES; i < 12; i++)
        add_file(i);
    start();
    process_all();
    work_until_there("commits", "0");
    (void)work(1000);
    assert_true(has("sources/0", "9.compact"));
    assert_true(has("sources/0", "0"));
    assert_true(has("sources/0", "8"));
    assert_logged("0");
}

static void what_a_source_needs_no_more_goes_when_the_entry_is_durable(void **state)
{
    (void)state;
    run_past_a_compaction();
    lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS);
    work_until_there("commits", "11");
    for (int i = 0; has("sources/0", "0") || has("sources/0", "8"); i++)
        assert_true(i < ROUNDS && lt_query_do_work(query) >= 0);
    assert_true(has("sources/0", "9.compact"));
}

static void a_log_that_is_ahead_of_the_entries_is_read_again(void **state)
{
    (void)state;
    run_past_a_compaction();
    start();
    process_all();
    stop();
    assert_string_equal(seen, "abcdefghijkl"
                              "bcdefghijkl");
    assert_logged("0 1 11");
    start();
    process_all();
    assert_int_equal(strlen(seen), 23);
}

static void entries_are_counted_and_not_numbers(void **state)
{
    (void)state;
    set(query_options, "minBatchesToRetain", "%s", "2");
    start();
    process_all();
    work_until_there("commits", "0");
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", FILES + 2 * i + 1);
        add_file(FILES + 2 * i);
        add_file(FILES + 2 * i + 1);
        process_all();
        lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS);
        work_until_there("commits", name);
    }
    for (int i = 0; has("commits", "6") || has("offsets", "6"); i++)
        assert_true(i < ROUNDS && lt_query_do_work(query) >= 0);
    assert_logged("8 10");
}

static void an_entry_that_cannot_be_written_stops_the_query(void **state)
{
    (void)state;
    int code = 0;
    start();
    process_all();
    work_until_there("commits", "0");
    scratch_write("v1\n", "%s/checkpoint/offsets/4", scratch);
    lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS);
    for (int i = 0; i < ROUNDS && code >= 0; i++)
        code = lt_query_do_work(query);
    assert_int_equal(code, LT_E_CHECKPOINT);
    struct lt_error error;
    assert_int_equal(lt_query_await(query, 0, &error), LT_E_CHECKPOINT);
    assert_non_null(strstr(error.text, "Multiple streaming jobs detected for 4."));
}

static void expect_explained(const char *words)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_query_explain(query, &text);
    if (strstr(lt_text_get(&text), words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, lt_text_get(&text));
    lt_text_fini(&text);
}

static void explain_says_what_it_costs(void **state)
{
    (void)state;
    start();
    expect_explained("guarantee: at-least-once   # sink console is exactly-once; "
                     "asyncProgressTrackingEnabled: after a crash, what was written since the last "
                     "entry of the checkpoint is written again\n");
    set(query_options, "asyncProgressTrackingEnabled", "%s", "false");
    start();
    expect_explained("guarantee: exactly-once   # sink console is exactly-once\n");
}

static void expect_refused(const char *text)
{
    struct lt_error error;
    assert_int_equal(try_start(&error), LT_E_UNSUPPORTED);
    assert_string_equal(error.text, text);
}

static void refusals_are_sparks(void **state)
{
    (void)state;
    trigger.kind = LT_TRIGGER_ONCE;
    expect_refused("Async progress tracking cannot be used with Once trigger");
    trigger.kind = LT_TRIGGER_AVAILABLE_NOW;
    expect_refused("Async progress tracking cannot be used with AvailableNow trigger");
    trigger.kind = LT_TRIGGER_PROCESSING_TIME;
    sink_format = "letters";
    expect_refused("Sink Letters does not support async progress tracking");
    set(query_options, "_asyncProgressTrackingOverrideSinkSupportCheck", "%s", "true");
    start();
    process_all();
    assert_string_equal(seen, "abcde");
    has_state = true;
    expect_refused("Stateful streaming queries does not support async progress tracking at this "
                   "moment.");
}

static void a_sink_that_takes_back_is_refused_whatever_is_said(void **state)
{
    (void)state;
    char text[192];
    sink_format = "append";
    set(sink_options, "path", "%s/out", scratch);
    snprintf(text, sizeof text,
             "Sink AppendSink[%s/out] does not support async progress tracking", scratch);
    expect_refused(text);
    set(query_options, "_asyncProgressTrackingOverrideSinkSupportCheck", "%s", "true");
    expect_refused("sink append is cut back to what the checkpoint says of it, which async "
                   "progress tracking does not write for each batch");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(numbers_in_the_log_have_gaps),
        TEST(a_crash_shows_again_what_came_since_the_last_entry),
        TEST(a_stop_writes_what_is_still_to_be_written),
        TEST(with_an_interval_of_0_each_batch_has_its_entries),
        TEST(a_batch_that_was_logged_is_run_again_and_committed),
        TEST(an_entry_behind_a_gap_without_a_commit_never_was),
        TEST(what_a_source_needs_no_more_goes_when_the_entry_is_durable),
        TEST(a_log_that_is_ahead_of_the_entries_is_read_again),
        TEST(entries_are_counted_and_not_numbers),
        TEST(an_entry_that_cannot_be_written_stops_the_query),
        TEST(explain_says_what_it_costs),
        TEST(refusals_are_sparks),
        TEST(a_sink_that_takes_back_is_refused_whatever_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
