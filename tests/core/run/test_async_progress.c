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
#include <cmocka.h>

#include "core/base/arena.h"
#include "io/catalog.h"
#include "tests/support/files_query.h"
#include "tests/support/plain_sink.h"

enum { INTERVAL_MS = 1000, FILES = 5 };

static struct lt_clock_manual manual;
static char seen[1024]; /* by the sink: the letters of the files */

/* --------------------------------------------------------------------------------------- sink */

static void take_letter(struct lt_row *row)
{
    size_t count = strlen(seen);
    const struct lt_bytes bytes = lt_row_values(row)[0].bytes;
    assert_int_equal(bytes.size_bytes, 1);
    assert_true(count + 1 < sizeof seen);
    seen[count] = ((const char *)bytes.data)[0];
}

/* All of this machine, and "letters", which goes by the name of a sink that Spark takes, too. */
static const struct lt_catalog *catalog(void)
{
#define LETTERS(called)                                                                            \
    {.type = {.name = called, .bind = plain_sink_bind},                                            \
     .description = "Letters",                                                                     \
     .guarantee = LT_EXACTLY_ONCE,                                                                 \
     .one_lane = true,                                                                             \
     .take = take_letter}
    static const struct plain_sink letters = LETTERS("letters"), taken = LETTERS("console");
    static const struct lt_sink_type *sinks[64] = {&taken.type, &letters.type};
    static struct lt_catalog all;
    size_t count = 2;
    all = *lt_io_catalog();
    for (size_t i = 0; i < all.sink_count; i++) {
        if (strcmp(all.sinks[i]->name, taken.type.name) == 0)
            continue;
        assert_true(count < sizeof sinks / sizeof sinks[0]);
        sinks[count++] = all.sinks[i];
    }
    all.sinks = sinks;
    all.sink_count = count;
    return &all;
}

/* -------------------------------------------------------------------------------------- query */

static void set(const char *key, const char *value)
{
    files_query_set(files_query.query_options, key, "%s", value);
}

/* A file with one letter. */
static void add_letter(int number)
{
    char line[] = "a\n";
    line[0] = (char)('a' + number);
    files_query_add(number, line);
}

static int set_up(void **state)
{
    (void)state;
    files_query_begin("1");
    files_query_write_to("console");
    set("asyncProgressTrackingEnabled", "true");
    lt_clock_manual_init(&manual, 1, 1700000000000000);
    files_query.clock = &manual.clock;
    files_query.catalog = catalog();
    files_query.trigger = (struct lt_trigger){LT_TRIGGER_PROCESSING_TIME, 0};
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < FILES; i++)
        add_letter(i);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    files_query_end();
    return 0;
}

/* SELECT DISTINCT. */
static struct lt_plan_node *make_distinct(struct lt_arena *arena, struct lt_plan_node *read)
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

/* Which of the batches have entries, as "0 4", both of them. */
static void assert_logged(const char *expected)
{
    char text[128] = "";
    for (int i = 0; i < 64; i++) {
        bool is_logged = files_query_has("offsets/%d", i);
        assert_int_equal(is_logged, files_query_has("commits/%d", i));
        if (is_logged)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d",
                     text[0] == '\0' ? "" : " ", i);
    }
    assert_string_equal(text, expected);
}

/* Works until the batch is committed. */
static void await_commit(int batch)
{
    for (int i = 0; !files_query_has("commits/%d", batch); i++)
        assert_true(i < FILES_QUERY_ROUNDS && files_query_work(1) >= 0);
}

/* -------------------------------------------------------------------------------------- tests */

static void numbers_in_the_log_have_gaps(void **state)
{
    (void)state;
    files_query_start();
    files_query_process_all();
    assert_string_equal(seen, "abcde");
    await_commit(0);
    (void)files_query_work(1000);
    assert_logged("0");
    lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS - 1);
    (void)files_query_work(1000);
    assert_logged("0");
    lt_clock_manual_advance(&manual, 1);
    await_commit(4);
    assert_logged("0 4");
    char *text = scratch_read("%s/checkpoint/offsets/4", files_query.scratch);
    assert_non_null(strstr(text, "\n{\"logOffset\":4}"));
    free(text);
}

static void a_crash_shows_again_what_came_since_the_last_entry(void **state)
{
    (void)state;
    files_query_start();
    files_query_process_all();
    await_commit(0);
    files_query_start();
    files_query_process_all();
    assert_string_equal(seen, "abcde"
                              "bcde");
    await_commit(1);
}

static void a_stop_writes_what_is_still_to_be_written(void **state)
{
    (void)state;
    files_query_start();
    files_query_process_all();
    files_query_stop();
    assert_logged("0 4");
    add_letter(FILES);
    files_query_start();
    files_query_process_all();
    assert_string_equal(seen, "abcdef");
    files_query_stop();
    assert_logged("0 4 5");
}

static void with_an_interval_of_0_each_batch_has_its_entries(void **state)
{
    (void)state;
    set("asyncProgressTrackingCheckpointIntervalMs", "0");
    files_query_start();
    files_query_process_all();
    files_query_stop();
    assert_string_equal(seen, "abcde");
    assert_logged("0 1 2 3 4");
}

/* offsets/1 is there, and commits/1 is not. */
static void a_batch_that_was_logged_is_run_again_and_committed(void **state)
{
    (void)state;
    set("asyncProgressTrackingEnabled", "false");
    files_query.stop_step = LT_EPOCH_PREPARE;
    files_query.stop_epoch = 1;
    files_query_start();
    assert_int_equal(files_query_work(FILES_QUERY_ROUNDS), LT_E_CANCELLED);
    files_query.stop_step = LT_EPOCH_STEP_COUNT;
    assert_true(files_query_has("offsets/1"));
    set("asyncProgressTrackingEnabled", "true");
    files_query_start();
    files_query_process_all();
    await_commit(1);
    files_query_stop();
    assert_string_equal(seen, "abcde");
    assert_logged("0 1 4");
}

/* Batches 1 to 4 were shown when offsets/4 was written, and offsets/3 is not there. */
static void an_entry_behind_a_gap_without_a_commit_never_was(void **state)
{
    (void)state;
    char path[128];
    files_query_start();
    files_query_process_all();
    files_query_stop();
    assert_logged("0 4");
    snprintf(path, sizeof path, "%s/checkpoint/commits/4", files_query.scratch);
    assert_int_equal(unlink(path), 0);
    files_query_start();
    files_query_process_all();
    files_query_stop();
    assert_string_equal(seen, "abcdebcde");
    assert_logged("0 1 4");
}

/* The log of files is written whole with its tenth entry: those before are needed until an entry of
 * the query's says that they are not. */
static void run_past_a_compaction(void)
{
    for (int i = FILES; i < 12; i++)
        add_letter(i);
    files_query_start();
    files_query_process_all();
    await_commit(0);
    (void)files_query_work(1000);
    assert_true(files_query_has("sources/0/9.compact"));
    assert_true(files_query_has("sources/0/0"));
    assert_true(files_query_has("sources/0/8"));
    assert_logged("0");
}

static void what_a_source_needs_no_more_goes_when_the_entry_is_durable(void **state)
{
    (void)state;
    run_past_a_compaction();
    lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS);
    await_commit(11);
    for (int i = 0; files_query_has("sources/0/0") || files_query_has("sources/0/8"); i++)
        assert_true(i < FILES_QUERY_ROUNDS && files_query_work(1) >= 0);
    assert_true(files_query_has("sources/0/9.compact"));
}

static void a_log_that_is_ahead_of_the_entries_is_read_again(void **state)
{
    (void)state;
    run_past_a_compaction();
    files_query_start();
    files_query_process_all();
    files_query_stop();
    assert_string_equal(seen, "abcdefghijkl"
                              "bcdefghijkl");
    assert_logged("0 1 11");
    files_query_start();
    files_query_process_all();
    assert_int_equal(strlen(seen), 23);
}

static void entries_are_counted_and_not_numbers(void **state)
{
    (void)state;
    set("minBatchesToRetain", "2");
    files_query_start();
    files_query_process_all();
    await_commit(0);
    for (int i = 0; i < 3; i++) {
        add_letter(FILES + 2 * i);
        add_letter(FILES + 2 * i + 1);
        files_query_process_all();
        lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS);
        await_commit(FILES + 2 * i + 1);
    }
    for (int i = 0; files_query_has("commits/6") || files_query_has("offsets/6"); i++)
        assert_true(i < FILES_QUERY_ROUNDS && files_query_work(1) >= 0);
    assert_logged("8 10");
}

static void an_entry_that_cannot_be_written_stops_the_query(void **state)
{
    (void)state;
    files_query_start();
    files_query_process_all();
    await_commit(0);
    scratch_write("v1\n", "%s/checkpoint/offsets/4", files_query.scratch);
    lt_clock_manual_advance(&manual, INTERVAL_MS * LT_NS_PER_MS);
    assert_int_equal(files_query_work(FILES_QUERY_ROUNDS), LT_E_CHECKPOINT);
    struct lt_error error;
    assert_int_equal(lt_query_await(files_query.query, 0, &error), LT_E_CHECKPOINT);
    assert_non_null(strstr(error.text, "Multiple streaming jobs detected for 4."));
}

static void expect_explained(const char *words)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_query_explain(files_query.query, &text);
    if (strstr(lt_text_get(&text), words) == NULL)
        fail_msg("no \"%s\" in:\n%s", words, lt_text_get(&text));
    lt_text_fini(&text);
}

static void explain_says_what_it_costs(void **state)
{
    (void)state;
    files_query_start();
    expect_explained("guarantee: at-least-once   # sink console is exactly-once; "
                     "asyncProgressTrackingEnabled: after a crash, what was written since the last "
                     "entry of the checkpoint is written again\n");
    set("asyncProgressTrackingEnabled", "false");
    files_query_start();
    expect_explained("guarantee: exactly-once   # sink console is exactly-once\n");
}

static void expect_refused(const char *text)
{
    struct lt_error error;
    assert_int_equal(files_query_try_start(&error), LT_E_UNSUPPORTED);
    assert_string_equal(error.text, text);
}

static void refusals_are_sparks(void **state)
{
    (void)state;
    files_query.trigger.kind = LT_TRIGGER_ONCE;
    expect_refused("Async progress tracking cannot be used with Once trigger");
    files_query.trigger.kind = LT_TRIGGER_AVAILABLE_NOW;
    expect_refused("Async progress tracking cannot be used with AvailableNow trigger");
    files_query.trigger.kind = LT_TRIGGER_PROCESSING_TIME;
    files_query_write_to("letters");
    expect_refused("Sink Letters does not support async progress tracking");
    set("_asyncProgressTrackingOverrideSinkSupportCheck", "true");
    files_query_start();
    files_query_process_all();
    assert_string_equal(seen, "abcde");
    files_query.make_operator = make_distinct;
    expect_refused("Stateful streaming queries does not support async progress tracking at this "
                   "moment.");
}

static void a_sink_that_takes_back_is_refused_whatever_is_said(void **state)
{
    (void)state;
    char text[192];
    files_query_write_to_out("append");
    snprintf(text, sizeof text,
             "Sink AppendSink[%s/out] does not support async progress tracking",
             files_query.scratch);
    expect_refused(text);
    set("_asyncProgressTrackingOverrideSinkSupportCheck", "true");
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
