/*
 * A query with state, from a directory to a file: words are counted, batch by batch, with one
 * partition of the state and with several, over restarts, deaths and other numbers of partitions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "tests/support/files_query.h"

enum { LINES_MAX = 256, TEXT_MAX = 96 };

/* SELECT value, count(*) ... GROUP BY value, in update mode. */
static struct lt_plan_node *make_count(struct lt_arena *arena, struct lt_plan_node *read)
{
    static const uint32_t keys[] = {0};
    static struct lt_plan_aggregate count = {.function = "count", .filter = -1};
    static struct lt_plan_stateful stateful;
    struct lt_plan_node *node = lt_plan_node_create(arena, LT_PLAN_AGGREGATE, 1);
    count.type = lt_type_simple(LT_TYPE_BIGINT);
    stateful = (struct lt_plan_stateful){
        .output_mode = LT_OUTPUT_UPDATE,
        .left = {.keys = keys, .key_count = 1, .event_time = {.column = -1}},
        .aggregates = &count,
        .aggregate_count = 1,
        .session_gap = -1,
    };
    node->inputs[0] = read;
    node->stateful = &stateful;
    return node;
}

static int set_up(void **state)
{
    (void)state;
    files_query_begin("1");
    files_query_write_to_out("json");
    files_query.make_operator = make_count;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    files_query_end();
    return 0;
}

static void start(const char *partitions)
{
    files_query_set(files_query.query_options, "shufflePartitions", "%s", partitions);
    files_query_start();
}

/* ---------------------------------------------------------------------------------- the output */

static char lines[LINES_MAX][TEXT_MAX];
static int line_count;

static void take_lines(const char *text)
{
    for (const char *at = text; *at != '\0';) {
        size_t size_bytes = strcspn(at, "\n");
        assert_true(line_count < LINES_MAX && size_bytes < TEXT_MAX);
        snprintf(lines[line_count++], TEXT_MAX, "%.*s", (int)size_bytes, at);
        at += size_bytes + (at[size_bytes] == '\n');
    }
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What the manifest names: the rows of all batches that are committed. */
static void read_output(void)
{
    line_count = 0;
    for (int batch = 0; batch < 64; batch++) {
        char *entry = scratch_read("%s/out/_spark_metadata/%d", files_query.scratch, batch);
        for (char *at = entry; at != NULL && (at = strstr(at, "/part-")) != NULL; at++) {
            char *text = scratch_read("%s/out/%.*s", files_query.scratch,
                                      (int)strcspn(at + 1, "\""), at + 1);
            assert_non_null(text);
            take_lines(text);
            free(text);
        }
        free(entry);
    }
    qsort(lines, (size_t)line_count, TEXT_MAX, compare_lines);
}

/* The words with each count that they had, as "a1 a2 b1": in the order of their texts. */
static void assert_counts(const char *expected)
{
    char text[LINES_MAX * 8] = "";
    read_output();
    for (int i = 0; i < line_count; i++) {
        char word[32];
        int count;
        assert_int_equal(
            sscanf(lines[i], "{\"value\":\"%31[^\"]\",\"count\":%d}", word, &count), 2);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%d", i == 0 ? "" : " ", word,
                 count);
    }
    assert_string_equal(text, expected);
}

/* --------------------------------------------------------------------------------------- tests */

static void run(const char *partitions)
{
    start(partitions);
    int code = files_query_run_to_end();
    if (code != 0) {
        struct lt_error error;
        (void)!lt_query_await(files_query.query, 0, &error);
        fail_msg("%s", error.text);
    }
}

static void words_are_counted_batch_by_batch(void **state)
{
    static const char *const partitions[] = {"1", "2", "7"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        if (i > 0) {
            tear_down(NULL);
            set_up(NULL);
        }
        files_query_add(0, "a\nb\na\n");
        files_query_add(1, "c\na\n");
        run(partitions[i]);
        assert_counts("a2 a3 b1 c1");
    }
}

static void a_restart_goes_on_with_the_counts(void **state)
{
    (void)state;
    files_query_add(0, "a\nb\na\n");
    run("2");
    assert_counts("a2 b1");
    files_query_add(1, "b\nd\n");
    run("2");
    assert_counts("a2 b1 b2 d1");
}

static void a_restart_may_have_other_partitions(void **state)
{
    (void)state;
    files_query_add(0, "a\nb\nc\nd\ne\nf\n");
    run("1");
    files_query_add(1, "a\nb\nc\nd\ne\nf\n");
    run("7");
    assert_counts("a1 a2 b1 b2 c1 c2 d1 d2 e1 e2 f1 f2");
    files_query_add(2, "a\nc\ng\n");
    run("2");
    assert_counts("a1 a2 a3 b1 b2 c1 c2 c3 d1 d2 e1 e2 f1 f2 g1");
}

/* Dies before the step of batch 1, and goes on with other partitions. */
static void check_death(enum lt_epoch_step step)
{
    files_query_add(0, "a\nb\na\n");
    files_query_add(1, "c\na\n");
    files_query_add(2, "a\nb\n");
    files_query.stop_step = step;
    files_query.stop_epoch = 1;
    start("2");
    assert_int_equal(files_query_run_to_end(), LT_E_CANCELLED);
    files_query.stop_step = LT_EPOCH_STEP_COUNT;
    run("3");
    assert_counts("a2 a3 a4 b1 b2 c1");
    run("1"); /* there is nothing left to do */
    assert_counts("a2 a3 a4 b1 b2 c1");
}

static void a_batch_that_was_logged_is_run_again_from_the_same_state(void **state)
{
    (void)state;
    check_death(LT_EPOCH_PREPARE);
}

static void state_that_was_prepared_and_not_concluded_counts_once(void **state)
{
    (void)state;
    check_death(LT_EPOCH_PREPARED);
}

static void a_batch_that_was_concluded_is_not_counted_again(void **state)
{
    (void)state;
    check_death(LT_EPOCH_COMMIT);
}

static void a_batch_that_was_shown_is_not_counted_again(void **state)
{
    (void)state;
    check_death(LT_EPOCH_DONE);
}

/* What the sink memory had prepared is gone with its process. */
static void a_batch_that_its_sink_has_lost_is_run_again_as_a_whole(void **state)
{
    (void)state;
    files_query_add(0, "a\nb\na\n");
    files_query_write_to("memory");
    files_query.stop_step = LT_EPOCH_COMMIT;
    files_query.stop_epoch = 0;
    start("2");
    assert_int_equal(files_query_run_to_end(), LT_E_CANCELLED);
    assert_true(files_query_has("prepared/0"));
    files_query.stop_step = LT_EPOCH_STEP_COUNT;
    run("2");
    assert_true(files_query_has("commits/0"));
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_true(lt_progress_recent(lt_query_progress(files_query.query), 0, &text));
    assert_non_null(strstr(lt_text_get(&text), "\"numRowsTotal\":2,\"numRowsUpdated\":2,"));
    lt_text_fini(&text);
}

static void threads_count_as_one_does(void **state)
{
    char words[4096] = "";
    (void)state;
    files_query.has_threads = true;
    files_query_set(files_query.query_options, "cpus", "%s", "0,1");
    for (int i = 0; i < 500; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words), "w%d\n", i % 10);
    files_query_add(0, words);
    files_query_add(1, words);
    run("4");
    assert_counts("w0100 w050 w1100 w150 w2100 w250 w3100 w350 w4100 w450 "
                  "w5100 w550 w6100 w650 w7100 w750 w8100 w850 w9100 w950");
}

static void the_partitions_stand_in_the_checkpoint(void **state)
{
    (void)state;
    files_query_add(0, "a\n");
    run("2");
    char *text = scratch_read("%s/checkpoint/offsets/0", files_query.scratch);
    assert_non_null(strstr(text, "\"spark.sql.shuffle.partitions\":\"2\""));
    free(text);
}

static void progress_tells_of_the_state(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    files_query_add(0, "a\nb\na\n");
    run("2");
    lt_text_init(&text);
    assert_true(lt_progress_recent(lt_query_progress(files_query.query), 0, &text));
    if (strstr(lt_text_get(&text), "\"stateOperators\":[{\"operatorName\":\"stateStoreSave\","
                                   "\"numRowsTotal\":2,\"numRowsUpdated\":2,") == NULL)
        fail_msg("%s", lt_text_get(&text));
    assert_non_null(strstr(lt_text_get(&text), "\"numOutputRows\":2,"));
    lt_text_fini(&text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(words_are_counted_batch_by_batch),
        TEST(a_restart_goes_on_with_the_counts),
        TEST(a_restart_may_have_other_partitions),
        TEST(a_batch_that_was_logged_is_run_again_from_the_same_state),
        TEST(state_that_was_prepared_and_not_concluded_counts_once),
        TEST(a_batch_that_was_concluded_is_not_counted_again),
        TEST(a_batch_that_was_shown_is_not_counted_again),
        TEST(a_batch_that_its_sink_has_lost_is_run_again_as_a_whole),
        TEST(threads_count_as_one_does),
        TEST(the_partitions_stand_in_the_checkpoint),
        TEST(progress_tells_of_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
