/*
 * User-written sources and sinks: positions over a restart on a checkpoint, partitions, epochs that
 * take their time, and what each answer does.
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

#include "tests/support/doors.h"
#include "tests/support/scratch.h"

enum { PARTITIONS = 3, ROWS = 2000, NEVER = 1 << 30 };

/* Counts up in each partition; a row is (1000000 * partition + its number). */
struct counting {
    int64_t end; /* rows per partition; the source ends there */
    int64_t fail_at;
    int64_t begun_at[PARTITIONS], committed[PARTITIONS];
    uint32_t opened, closed;
    int64_t pause_at; /* idle there, until it is moved on */
    int64_t break_at; /* does there what the contract forbids */
    int broken_answer;
    int64_t broken_position;
};

struct counting_partition {
    struct counting *all;
    uint32_t index;
};

static int counting_open(void *user, uint32_t partition, int64_t position, void **state)
{
    struct counting *all = user;
    struct counting_partition *own = calloc(1, sizeof *own);
    *own = (struct counting_partition){all, partition};
    all->opened++;
    all->begun_at[partition] = position;
    *state = own;
    return LEAT_OK;
}

static enum leat_poll counting_poll(void *state, leat_out *out, uint32_t limit, int64_t *position)
{
    struct counting_partition *own = state;
    struct counting *all = own->all;
    if (*position < 0)
        *position = 0;
    for (uint32_t i = 0; i < limit; i++) {
        if (*position >= all->end)
            return LEAT_POLL_ENDED;
        if (*position == all->fail_at) {
            leat_out_reason(out, "", "the wire is cut");
            return LEAT_POLL_FAILED;
        }
        if (*position == all->break_at) {
            *position = all->broken_position;
            return (enum leat_poll)all->broken_answer;
        }
        if (*position == all->pause_at)
            return LEAT_POLL_IDLE;
        leat_row *row = leat_claim(out);
        if (row == NULL)
            return LEAT_POLL_MORE;
        leat_row_set_i64(row, 0, 1000000 * own->index + *position);
        leat_commit(out, row);
        (*position)++;
    }
    assert_null(leat_claim(out)); /* no more than the limit */
    return LEAT_POLL_MORE;
}

static void counting_commit(void *user, uint32_t partition, int64_t position)
{
    ((struct counting *)user)->committed[partition] = position;
}

static void counting_close(void *state)
{
    ((struct counting_partition *)state)->all->closed++;
    free(state);
}

static leat_source counting_source(struct counting *counting)
{
    return (leat_source){
        .size = sizeof(leat_source),
        .name = "counting",
        .schema = "n BIGINT",
        .partition_count = PARTITIONS,
        .user = counting,
        .open = counting_open,
        .poll = counting_poll,
        .on_commit = counting_commit,
        .close = counting_close,
    };
}

static struct counting counting_to(int64_t end)
{
    return (struct counting){.end = end, .fail_at = NEVER, .pause_at = NEVER, .break_at = NEVER};
}

/* Runs it in a context of its own, as a process would, to `rows`; the query's outcome. */
static int run(struct counting *counting, const char *checkpoint, const char *lanes,
               struct doors_rows *rows, char *error, size_t error_bytes)
{
    leat_context *context = leat_context_create();
    leat_source source = counting_source(counting);
    leat_output *output = leat_output_create(context, DOORS_ROWS_MAX);
    leat_options *options = doors_options("1", checkpoint);
    assert_int_equal(leat_options_set(options, "lanes", lanes, NULL), LEAT_OK);
    leat_query *query = leat_query_create(context, options);
    assert_int_equal(leat_query_write_output(query, leat_read_source(context, &source), output),
                     LEAT_OK);
    int code = leat_start(query);
    if (code == LEAT_OK)
        code = leat_await(query, DOORS_PATIENCE_NS);
    snprintf(error, error_bytes, "%s", leat_query_error(query));
    leat_query_destroy(query);
    if (rows != NULL)
        (void)doors_collect(output, rows, (uint32_t)(PARTITIONS * ROWS)); /* the caller counts */
    leat_context_destroy(context);
    assert_int_equal(counting->closed, counting->opened);
    return code;
}

/* ------------------------------------------------------------------------------------- sources */

static void check_partitions(const struct doors_rows *rows)
{
    int64_t next[PARTITIONS] = {0};
    assert_int_equal(rows->count, PARTITIONS * ROWS);
    for (uint32_t i = 0; i < rows->count; i++) {
        int32_t partition = rows->partitions[i];
        assert_int_equal(rows->numbers[i], 1000000 * partition + next[partition]);
        assert_int_equal(rows->offsets[i], next[partition]);
        next[partition]++;
    }
}

static void each_partition_is_read_in_order_to_its_end(void **state)
{
    (void)state;
    char error[512];
    for (int lanes = 1; lanes <= 3; lanes++) {
        struct counting counting = counting_to(ROWS);
        struct doors_rows *rows = calloc(1, sizeof *rows);
        char text[4];
        snprintf(text, sizeof text, "%d", lanes);
        assert_int_equal(run(&counting, NULL, text, rows, error, sizeof error), LEAT_OK);
        check_partitions(rows);
        for (int p = 0; p < PARTITIONS; p++) {
            assert_int_equal(counting.begun_at[p], -1);
            assert_int_equal(counting.committed[p], ROWS);
        }
        free(rows);
    }
}

/* Partition 1 has nothing. */
static int counting_latest(void *user, uint32_t partition, int64_t *position)
{
    (void)user;
    *position = partition == 1 ? 0 : 300 + (int64_t)partition;
    return LEAT_OK;
}

static int broken_latest(void *user, uint32_t partition, int64_t *position)
{
    (void)user, (void)partition, (void)position;
    return LEAT_ERROR_IO;
}

/* A query of the source that reads what is available now, started; its code and error text. */
static int start_available_now(leat_context *context, const leat_source *source,
                               const char *checkpoint, leat_output *output, leat_query **query)
{
    *query = leat_query_create(context, doors_options("1", checkpoint));
    assert_int_equal(leat_query_write_output(*query, leat_read_source(context, source), output), 0);
    assert_int_equal(leat_query_trigger_available_now(*query), LEAT_OK);
    return leat_start(*query);
}

static void what_is_available_now_is_read_and_no_more(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_SIZE];
    scratch_create(path);
    for (uint32_t run_index = 0; run_index < 2; run_index++) {
        struct counting counting = counting_to(NEVER);
        struct doors_rows *rows = calloc(1, sizeof *rows);
        leat_context *context = leat_context_create();
        leat_source source = counting_source(&counting);
        leat_output *output = leat_output_create(context, DOORS_ROWS_MAX);
        leat_query *query;
        source.latest = counting_latest;
        assert_int_equal(start_available_now(context, &source, path, output, &query), LEAT_OK);
        doors_finish(query, NULL, output, rows);
        uint32_t wanted = 0;
        for (uint32_t p = 0; p < PARTITIONS; p++) {
            wanted += p == 1 ? 0 : 300 + p;
            assert_int_equal(counting.committed[p], p == 1 ? -1 : 300 + (int64_t)p);
        }
        /* The second time there is nothing new. */
        assert_int_equal(rows->count, run_index == 0 ? wanted : 0);
        leat_query_destroy(query);
        leat_context_destroy(context);
        free(rows);
    }
    scratch_remove(path);
}

static void a_source_that_cannot_say_where_it_ends_is_told_what_to_give(void **state)
{
    (void)state;
    struct counting counting = counting_to(ROWS);
    leat_context *context = leat_context_create();
    leat_source source = counting_source(&counting);
    leat_output *output = leat_output_create(context, 16);
    leat_query *query;
    assert_int_equal(start_available_now(context, &source, NULL, output, &query),
                     LEAT_ERROR_UNSUPPORTED);
    assert_string_equal(leat_query_error(query),
                        "cannot start the query: source counting cannot say where it ends now, "
                        "which AvailableNow needs; hint: give its leat_source a function "
                        "\"latest\", which sets the position after the last record of a "
                        "partition");
    leat_query_destroy(query);
    source.latest = broken_latest;
    assert_int_equal(start_available_now(context, &source, NULL, output, &query), LEAT_ERROR_IO);
    assert_non_null(strstr(leat_query_error(query),
                           "source counting: partition 0: its latest function returned"));
    leat_query_destroy(query);
    leat_context_destroy(context);
}

static void positions_are_kept_over_a_restart(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_SIZE], error[512];
    scratch_create(path);
    struct counting first = counting_to(ROWS);
    assert_int_equal(run(&first, path, "2", NULL, error, sizeof error), LEAT_OK);
    struct counting second = counting_to(ROWS + 5);
    struct doors_rows *rows = calloc(1, sizeof *rows);
    leat_context *context = leat_context_create();
    leat_source source = counting_source(&second);
    leat_output *output = leat_output_create(context, 4096);
    leat_query *query = leat_query_create(context, doors_options("1", path));
    assert_int_equal(leat_query_write_output(query, leat_read_source(context, &source), output), 0);
    doors_start(query);
    doors_finish(query, NULL, output, rows);
    assert_int_equal(rows->count, PARTITIONS * 5);
    for (int p = 0; p < PARTITIONS; p++)
        assert_int_equal(second.begun_at[p], ROWS);
    leat_query_destroy(query);
    leat_context_destroy(context);
    free(rows);
    scratch_remove(path);
}

static void a_failed_poll_stops_the_query_with_its_reason(void **state)
{
    (void)state;
    char error[512];
    struct counting counting = counting_to(ROWS);
    counting.fail_at = 100;
    assert_int_equal(run(&counting, NULL, "1", NULL, error, sizeof error), LEAT_ERROR_IO);
    assert_non_null(strstr(error, "source counting: its poll function answered LEAT_POLL_FAILED: "
                                  "the wire is cut"));
}

static void a_poll_that_breaks_its_contract_stops_the_query(void **state)
{
    (void)state;
    static const struct {
        int answer;
        int64_t position;
        const char *text;
    } cases[] = {
        {42, 100, "its poll function answered 42, which is no enum leat_poll"},
        {LEAT_POLL_IDLE, -1, "its poll function committed rows and left the position at -1"},
        {LEAT_POLL_IDLE, -7, "its poll function set the position back from "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[512];
        struct counting counting = counting_to(ROWS);
        counting.break_at = i == 1 ? 1 : 1000;
        counting.broken_answer = cases[i].answer;
        counting.broken_position = cases[i].position;
        assert_int_equal(run(&counting, NULL, "1", NULL, error, sizeof error), LEAT_ERROR_IO);
        assert_non_null(strstr(error, "source counting: partition "));
        if (strstr(error, cases[i].text) == NULL)
            assert_string_equal(error, cases[i].text);
    }
}

static void another_querys_checkpoint_is_refused(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_SIZE], error[512];
    scratch_create(path);
    struct counting first = counting_to(10);
    assert_int_equal(run(&first, path, "1", NULL, error, sizeof error), LEAT_OK);
    leat_context *context = leat_context_create();
    struct counting second = counting_to(10);
    leat_source source = counting_source(&second);
    source.name = "other";
    leat_query *query = leat_query_create(context, doors_options("1", path));
    assert_int_equal(leat_query_write(query, leat_read_source(context, &source), "noop", NULL),
                     LEAT_OK);
    assert_int_equal(leat_start(query), LEAT_ERROR_CHECKPOINT);
    assert_non_null(strstr(leat_query_error(query), "the checkpoint is another query's"));
    assert_non_null(strstr(leat_query_error(query), "no positions of source \"other\""));
    leat_query_destroy(query);
    leat_context_destroy(context);
    scratch_remove(path);
}

static void a_source_without_schema_is_refused(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    struct counting counting = counting_to(10);
    leat_source source = counting_source(&counting);
    source.schema = NULL;
    assert_null(leat_read_source(context, &source));
    assert_string_equal(leat_context_error(context), "source \"counting\" has no schema");
    leat_context_destroy(context);
}

/* --------------------------------------------------------------------------------------- sinks */

/* A sink that stages rows, and shows them when their epoch is committed. */
struct staging {
    int64_t written, shown, prepared_at;
    uint32_t full_every, prepare_asked, commits, flushes;
    int64_t refuse, break_at;
    uint32_t calls, closed;
    int waits; /* how many times prepare and commit each say: not yet */
    int waited;
};

static enum leat_write staging_write(void *state, const leat_row *row, uint32_t flags)
{
    struct staging *own = state;
    (void)flags;
    if (own->full_every != 0 && ++own->calls % own->full_every == 0)
        return LEAT_WRITE_FULL;
    int64_t n = leat_row_i64(row, 0);
    if (n == own->refuse)
        return LEAT_WRITE_DEAD_LETTER;
    if (n == own->break_at)
        return LEAT_WRITE_BROKEN;
    own->written++;
    return LEAT_WRITE_DONE;
}

static void staging_flush(void *state)
{
    ((struct staging *)state)->flushes++;
}

static int staging_prepare(void *state, uint64_t epoch)
{
    struct staging *own = state;
    (void)epoch;
    own->prepare_asked++;
    if (own->waited < own->waits) {
        own->waited++;
        return 0;
    }
    own->prepared_at = own->written;
    return 1;
}

static int staging_commit(void *state, uint64_t epoch)
{
    struct staging *own = state;
    (void)epoch;
    own->commits++;
    own->shown = own->prepared_at;
    return 1;
}

static void staging_close(void *state)
{
    ((struct staging *)state)->closed++;
}

static leat_sink staging_sink(struct staging *staging)
{
    return (leat_sink){
        .size = sizeof(leat_sink),
        .name = "staging",
        .user = staging,
        .write = staging_write,
        .flush = staging_flush,
        .prepare = staging_prepare,
        .commit = staging_commit,
        .close = staging_close,
    };
}

struct sink_fixture {
    leat_context *context;
    leat_input *input;
    leat_output *letters;
    leat_query *query;
    struct staging staging;
};

static int set_up(void **state)
{
    struct sink_fixture *f = calloc(1, sizeof *f);
    f->context = leat_context_create();
    f->input = leat_input_create(f->context, DOORS_SCHEMA, 4096);
    f->letters = leat_output_create(f->context, 64);
    f->staging = (struct staging){.refuse = -1, .break_at = -1};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct sink_fixture *f = *state;
    leat_query_destroy(f->query);
    assert_int_equal(f->staging.closed, 1);
    leat_context_destroy(f->context);
    free(f);
    return 0;
}

static void build(struct sink_fixture *f, const char *checkpoint)
{
    leat_sink sink = staging_sink(&f->staging);
    f->query = leat_query_create(f->context, doors_options("1", checkpoint));
    assert_int_equal(leat_query_write_sink(f->query, leat_read_input(f->input), &sink), LEAT_OK);
}

static void a_full_sink_is_offered_the_row_again(void **state)
{
    struct sink_fixture *f = *state;
    f->staging.full_every = 2;
    build(f, NULL);
    doors_start(f->query);
    doors_push(f->input, 0, 100);
    doors_finish(f->query, f->input, NULL, NULL);
    assert_int_equal(f->staging.written, 100);
    assert_true(f->staging.flushes > 0);
    leat_totals totals = {.size = sizeof totals};
    assert_int_equal(leat_query_totals(f->query, &totals), LEAT_OK);
    assert_int_equal(totals.records_out, 100);
}

static void an_epoch_waits_for_the_sink_and_is_then_shown(void **state)
{
    struct sink_fixture *f = *state;
    char path[SCRATCH_PATH_SIZE];
    scratch_create(path);
    f->staging.waits = 20;
    build(f, path);
    doors_start(f->query);
    doors_push(f->input, 0, 100);
    doors_finish(f->query, f->input, NULL, NULL);
    assert_int_equal(f->staging.shown, 100);
    assert_true(f->staging.prepare_asked > 20);
    assert_true(f->staging.commits > 0);
    scratch_remove(path);
}

static void a_record_that_a_sink_refuses_is_dead_lettered(void **state)
{
    struct sink_fixture *f = *state;
    f->staging.refuse = 3;
    build(f, NULL);
    assert_int_equal(leat_query_dead_letters_output(f->query, f->letters), LEAT_OK);
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    doors_finish(f->query, f->input, NULL, NULL);
    assert_int_equal(f->staging.written, 9);
    assert_int_equal(leat_output_poll(f->letters, NULL, NULL, 10), 1);
}

static void a_broken_sink_stops_the_query(void **state)
{
    struct sink_fixture *f = *state;
    f->staging.break_at = 3;
    build(f, NULL);
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    assert_int_equal(leat_await(f->query, DOORS_PATIENCE_NS), LEAT_ERROR_IO);
    assert_string_equal(leat_query_error(f->query),
                        "sink staging: its write function answered LEAT_WRITE_BROKEN");
    assert_int_equal(f->staging.written, 3);
}

static void of_several_sinks_the_broken_one_is_named(void **state)
{
    struct sink_fixture *f = *state;
    leat_sink sink = staging_sink(&f->staging);
    leat_stream *stream = leat_read_input(f->input);
    f->staging.break_at = 3;
    f->query = leat_query_create(f->context, doors_options("1", NULL));
    assert_int_equal(leat_query_write(f->query, stream, "noop", NULL), LEAT_OK);
    assert_int_equal(leat_query_write_sink(f->query, stream, &sink), LEAT_OK);
    doors_start(f->query);
    doors_push(f->input, 0, 10);
    assert_int_equal(leat_await(f->query, DOORS_PATIENCE_NS), LEAT_ERROR_IO);
    assert_memory_equal(leat_query_error(f->query), "sink 1, ", 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_partition_is_read_in_order_to_its_end),
        cmocka_unit_test(what_is_available_now_is_read_and_no_more),
        cmocka_unit_test(a_source_that_cannot_say_where_it_ends_is_told_what_to_give),
        cmocka_unit_test(positions_are_kept_over_a_restart),
        cmocka_unit_test(a_failed_poll_stops_the_query_with_its_reason),
        cmocka_unit_test(a_poll_that_breaks_its_contract_stops_the_query),
        cmocka_unit_test(another_querys_checkpoint_is_refused),
        cmocka_unit_test(a_source_without_schema_is_refused),
        TEST(a_full_sink_is_offered_the_row_again),
        TEST(an_epoch_waits_for_the_sink_and_is_then_shown),
        TEST(a_record_that_a_sink_refuses_is_dead_lettered),
        TEST(a_broken_sink_stops_the_query),
        TEST(of_several_sinks_the_broken_one_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
