/*
 * foreachBatch by a function of the program's: whole batches with their numbers, gone through
 * several times, from all lanes; the same number and rows after the function has failed; and what
 * is refused.
 */
#include "core/leat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "core/leat_admin.h"
#include "tests/support/scratch.h"

enum { FILES = 5, LINES = 300, BATCHES_MAX = 64 };
#define PATIENCE_NS ((int64_t)60 * 1000000000)

/* Batches as the function has seen them. */
struct seen {
    uint32_t count;
    uint64_t ids[BATCHES_MAX], rows[BATCHES_MAX];
    int64_t sums[BATCHES_MAX];
    uint64_t fail_at; /* a batch; UINT64_MAX: none */
    const char *reason;
};

struct place {
    char folder[SCRATCH_PATH_SIZE];
    char in[SCRATCH_PATH_SIZE + 8], checkpoint[SCRATCH_PATH_SIZE + 16];
};

/* Numbers, each file's begin with those of the one before it left off. */
static void place_init(struct place *place)
{
    scratch_create(place->folder);
    snprintf(place->in, sizeof place->in, "%s/in", place->folder);
    snprintf(place->checkpoint, sizeof place->checkpoint, "%s/checkpoint", place->folder);
    for (int file = 0; file < FILES; file++) {
        size_t size = LINES * 8, used = 0;
        char *text = malloc(size);
        for (int i = 0; i < LINES; i++)
            used += (size_t)snprintf(text + used, size - used, "%d\n", file * LINES + i);
        scratch_write(text, "%s/%d.txt", place->in, file);
        free(text);
    }
}

static int64_t sum_up(leat_batch *batch, uint64_t *count)
{
    int64_t sum = 0;
    *count = 0;
    for (const leat_row *row; (row = leat_batch_next(batch)) != NULL; ++*count) {
        assert_int_equal(leat_row_column_count(row), 1);
        sum += leat_row_i64(row, 0);
    }
    return sum;
}

static int see(void *user, leat_batch *batch)
{
    struct seen *seen = user;
    uint64_t count, again;
    assert_true(seen->count < BATCHES_MAX);
    uint32_t at = seen->count++;
    seen->ids[at] = leat_batch_id(batch);
    seen->sums[at] = sum_up(batch, &count);
    seen->rows[at] = count;
    assert_int_equal(count, leat_batch_row_count(batch));
    assert_int_equal(sum_up(batch, &again), seen->sums[at]); /* it begins again by itself, */
    assert_int_equal(again, count);
    (void)leat_batch_next(batch);
    leat_batch_rewind(batch); /* and when it is told */
    assert_int_equal(sum_up(batch, &again), seen->sums[at]);
    if (seen->ids[at] != seen->fail_at)
        return LEAT_OK;
    if (seen->reason != NULL)
        leat_batch_reason(batch, seen->reason);
    return LEAT_ERROR_IO;
}

/* A clock whose wall moves on each time that it is looked at, on any thread. */
static int64_t now_ns(void *user)
{
    struct timespec now;
    (void)user;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t restless_wall_us(void *user)
{
    return __atomic_add_fetch((int64_t *)user, 1000, __ATOMIC_RELAXED);
}

/* What a column of times is in each batch. */
struct times {
    uint32_t count;
    uint64_t rows[BATCHES_MAX];
    int64_t least[BATCHES_MAX], most[BATCHES_MAX];
};

static int see_times(void *user, leat_batch *batch)
{
    struct times *times = user;
    assert_true(times->count < BATCHES_MAX);
    uint32_t at = times->count++;
    times->rows[at] = leat_batch_row_count(batch);
    times->least[at] = INT64_MAX;
    times->most[at] = INT64_MIN;
    for (const leat_row *row; (row = leat_batch_next(batch)) != NULL;) {
        int64_t time = leat_row_i64(row, 0);
        times->least[at] = time < times->least[at] ? time : times->least[at];
        times->most[at] = time > times->most[at] ? time : times->most[at];
    }
    return LEAT_OK;
}

static leat_stream *numbers(leat_context *context, const struct place *place)
{
    leat_options *options =
        leat_options_of("path", place->in, "maxFilesPerTrigger", "1", NULL);
    return leat_select(leat_read(context, "text", options, NULL), "CAST(value AS BIGINT) AS n");
}

static leat_query *make_query(leat_context *context, const struct place *place)
{
    leat_query *query = leat_query_create(
        context, leat_options_of("checkpointLocation", place->checkpoint, "idle", "park", "pin",
                                 "false", "shufflePartitions", "4", NULL));
    assert_non_null(query);
    assert_int_equal(leat_query_trigger_available_now(query), LEAT_OK);
    return query;
}

static int run(leat_context *context, leat_query *query, leat_stream *stream, struct seen *seen)
{
    if (stream == NULL)
        fail_msg("%s", leat_context_error(context));
    assert_int_equal(leat_query_foreach_batch(query, stream, see, seen), LEAT_OK);
    int status = leat_start(query);
    return status == LEAT_OK ? leat_await(query, PATIENCE_NS) : status;
}

static void run_well(leat_context *context, leat_query *query, leat_stream *stream,
                     struct seen *seen)
{
    if (run(context, query, stream, seen) != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    leat_query_destroy(query);
}

/* Batches from `first` on have the sums of the files from that one on. */
static void expect_files(const struct seen *seen, uint64_t first)
{
    assert_int_equal(seen->count, FILES - first);
    for (uint32_t i = 0; i < seen->count; i++) {
        int64_t file = (int64_t)first + i, begin = file * LINES;
        assert_int_equal(seen->ids[i], file);
        assert_int_equal(seen->rows[i], LINES);
        assert_int_equal(seen->sums[i], begin * LINES + LINES * (LINES - 1) / 2);
    }
}

static void each_batch_comes_whole_with_its_number(void **state)
{
    struct place place;
    struct seen seen = {.fail_at = UINT64_MAX};
    (void)state;
    place_init(&place);
    leat_context *context = leat_context_create();
    leat_query *query = make_query(context, &place);
    if (run(context, query, numbers(context, &place), &seen) != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    expect_files(&seen, 0);
    char *entry = leat_query_recent_progress(query, 0); /* Spark's files do not tell their end */
    assert_non_null(strstr(entry, "\"endOffset\":{\"logOffset\":4},\"latestOffset\":null,"));
    free(entry);
    leat_query_destroy(query);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

static void a_batch_that_failed_comes_again(void **state)
{
    struct place place;
    struct seen seen = {.fail_at = 2};
    (void)state;
    place_init(&place);
    leat_context *context = leat_context_create();
    leat_query *query = make_query(context, &place);
    assert_int_equal(run(context, query, numbers(context, &place), &seen), LEAT_ERROR_IO);
    assert_string_equal(leat_query_error_condition(query), "FOREACH_BATCH_USER_FUNCTION_ERROR");
    assert_string_equal(leat_query_error_sqlstate(query), "39000");
    assert_non_null(strstr(leat_query_error(query),
                           "batch 2: An error occurred in the user provided function in foreach "
                           "batch sink. Reason: it returned -7 (IO)"));
    leat_query_destroy(query);
    assert_int_equal(seen.count, 3);
    int64_t failed_sum = seen.sums[2];

    seen = (struct seen){.fail_at = 2, .reason = "the table is locked"};
    query = make_query(context, &place);
    assert_int_equal(run(context, query, numbers(context, &place), &seen), LEAT_ERROR_IO);
    assert_non_null(strstr(leat_query_error(query), "Reason: the table is locked"));
    leat_query_destroy(query);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.ids[0], 2);
    assert_int_equal(seen.sums[0], failed_sum);

    seen = (struct seen){.fail_at = UINT64_MAX};
    run_well(context, make_query(context, &place), numbers(context, &place), &seen);
    expect_files(&seen, 2);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

/* Rows of state come from four instances, each with a writer of its own. */
static void a_batch_has_the_rows_of_all_instances(void **state)
{
    struct place place;
    struct seen seen = {.fail_at = UINT64_MAX};
    (void)state;
    place_init(&place);
    leat_context *context = leat_context_create();
    run_well(context, make_query(context, &place),
             leat_drop_duplicates(numbers(context, &place), "n"), &seen);
    expect_files(&seen, 0);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

/* Each side of the union reads the files itself; a batch has a file of each. */
static void a_batch_has_all_sides_of_a_union(void **state)
{
    struct place place;
    struct seen seen = {.fail_at = UINT64_MAX};
    (void)state;
    place_init(&place);
    leat_context *context = leat_context_create();
    assert_int_equal(leat_create_view(numbers(context, &place), "t"), LEAT_OK);
    run_well(context, make_query(context, &place),
             leat_stream_sql(context, "SELECT n FROM t UNION ALL SELECT n + 1 FROM t"), &seen);
    assert_int_equal(seen.count, FILES);
    for (uint32_t i = 0; i < FILES; i++) {
        assert_int_equal(seen.ids[i], i);
        assert_int_equal(seen.rows[i], 2 * LINES);
        assert_int_equal(seen.sums[i], 2 * i * LINES * LINES + LINES * (LINES - 1) + LINES);
    }
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

/* Of the two places of a view one reads its time, and knows there that rows are late. */
static void a_view_is_late_where_its_time_is_read(void **state)
{
    struct place place;
    struct seen seen = {.fail_at = UINT64_MAX};
    (void)state;
    place_init(&place);
    leat_context *context = leat_context_create();
    leat_stream *timed =
        leat_select(numbers(context, &place), "n, timestamp_seconds(1000000 - n) AS at");
    timed = leat_drop_duplicates(leat_with_watermark(timed, "at", "0 seconds"), "n");
    assert_int_equal(leat_create_view(timed, "t"), LEAT_OK);
    run_well(context, make_query(context, &place),
             leat_stream_sql(context, "SELECT n FROM t UNION ALL "
                                      "SELECT n + 0 * unix_seconds(at) FROM t"),
             &seen);
    assert_true(seen.count >= FILES);
    for (uint32_t i = 0; i < FILES; i++) /* by the watermark that the batch before had */
        assert_int_equal(seen.rows[i], i < 2 ? 2 * LINES : LINES);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

/* ------------------------------------------------------------------- a query in the function */

struct inner {
    leat_stream *kept; /* of the first batch */
    leat_context *context;
    char folder[SCRATCH_PATH_SIZE + 8];
    uint32_t batches;
};

static void run_inner(leat_context *context, leat_stream *stream, const char *mode,
                      const char *path)
{
    leat_query *query =
        leat_query_create(context, leat_options_of("idle", "park", "pin", "false", NULL));
    if (stream == NULL)
        fail_msg("%s", leat_context_error(context));
    assert_int_equal(leat_query_output_mode(query, mode), LEAT_OK);
    assert_int_equal(leat_query_trigger_available_now(query), LEAT_OK);
    assert_int_equal(leat_query_write(query, stream, "append",
                                      leat_options_of("path", path, "format", "csv", NULL)),
                     LEAT_OK);
    if (leat_start(query) != LEAT_OK || leat_await(query, PATIENCE_NS) != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    leat_query_destroy(query);
}

/* Two sinks: what a filter leaves, and an aggregate of the batch. */
static int read_it(void *user, leat_batch *batch)
{
    struct inner *inner = user;
    char path[SCRATCH_PATH_SIZE + 64];
    leat_context *context = leat_context_create();
    leat_stream *rows = leat_batch_read(batch, context);
    (void)snprintf(path, sizeof path, "%s/large-%u", inner->folder,
                   (unsigned)leat_batch_id(batch));
    run_inner(context, leat_filter(rows, "n % 100 = 99"), "append", path);
    (void)snprintf(path, sizeof path, "%s/sums-%u", inner->folder,
                   (unsigned)leat_batch_id(batch));
    run_inner(context, leat_group_by(rows, NULL, "count(*) AS c, sum(n) AS s"), "complete", path);
    leat_context_destroy(context);
    if (inner->batches++ == 0)
        inner->kept = leat_batch_read(batch, inner->context);
    return LEAT_OK;
}

static void expect_text(const struct inner *inner, const char *name, uint32_t batch,
                        const char *wanted)
{
    char *text = scratch_read("%s/%s-%u", inner->folder, name, batch);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static void a_batch_can_be_read_by_queries(void **state)
{
    struct place place;
    struct inner inner = {0};
    (void)state;
    place_init(&place);
    (void)snprintf(inner.folder, sizeof inner.folder, "%s/out", place.folder);
    scratch_write("", "%s/here", inner.folder);
    leat_context *context = inner.context = leat_context_create();
    leat_query *query = make_query(context, &place);
    assert_int_equal(
        leat_query_foreach_batch(query, numbers(context, &place), read_it, &inner), LEAT_OK);
    if (leat_start(query) != LEAT_OK || leat_await(query, PATIENCE_NS) != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    assert_int_equal(inner.batches, FILES);
    expect_text(&inner, "large", 0, "99\n199\n299\n");
    expect_text(&inner, "large", 1, "399\n499\n599\n");
    expect_text(&inner, "sums", 1, "300,134850\n");
    /* A stream of a batch that is over is refused. */
    leat_query *late = leat_query_create(context, NULL);
    assert_int_equal(leat_query_write(late, inner.kept, "noop", NULL), LEAT_OK);
    assert_int_equal(leat_start(late), LEAT_ERROR_STATE);
    assert_non_null(strstr(leat_query_error(late), "the batch is over"));
    leat_query_destroy(late);
    leat_query_destroy(query);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

static void expect_refused(leat_query *query, int code, const char *condition, const char *text)
{
    if (code >= 0 || strcmp(leat_query_error_condition(query), condition) != 0 ||
        strstr(leat_query_error(query), text) == NULL)
        fail_msg("%d: %s: %s", code, leat_query_error_condition(query), leat_query_error(query));
    leat_query_destroy(query);
}

static void what_cannot_be_is_refused(void **state)
{
    struct place place;
    struct seen seen = {0};
    (void)state;
    place_init(&place);
    leat_context *context = leat_context_create();
    leat_query *query = leat_query_create(context, NULL);
    expect_refused(query, leat_query_foreach_batch(query, numbers(context, &place), NULL, NULL), "",
                   "foreachBatch needs a function");
    query = leat_query_create(context, NULL);
    assert_int_equal(leat_query_foreach_batch(query, numbers(context, &place), see, &seen),
                     LEAT_OK);
    assert_int_equal(leat_query_trigger_continuous(query, 1000000000), LEAT_OK);
    expect_refused(query, leat_admin_check(query), "_LEGACY_ERROR_TEMP_1195",
                   "'foreachBatch' is not supported with continuous trigger.");
    query = leat_query_create(context, NULL); /* without one it runs in batches by itself */
    assert_int_equal(leat_query_foreach_batch(query, numbers(context, &place), see, &seen),
                     LEAT_OK);
    assert_int_equal(leat_admin_check(query), LEAT_OK);
    leat_query_destroy(query);
    assert_int_equal(seen.count, 0);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

static void expect_one_time_in_each_batch(const char *sql, uint64_t rows)
{
    struct place place;
    struct times times = {0};
    int64_t wall_us = INT64_C(1767225600000000);
    place_init(&place);
    leat_context *context = leat_context_create();
    leat_context_set_clock(context, now_ns, restless_wall_us, &wall_us);
    assert_int_equal(leat_create_view(numbers(context, &place), "numbers"), LEAT_OK);
    leat_query *query = make_query(context, &place);
    assert_int_equal(leat_query_output_mode(query, "update"), LEAT_OK);
    leat_stream *stream = leat_stream_sql(context, sql);
    if (stream == NULL)
        fail_msg("%s", leat_context_error(context));
    assert_int_equal(leat_query_foreach_batch(query, stream, see_times, &times), LEAT_OK);
    if (leat_start(query) != LEAT_OK || leat_await(query, PATIENCE_NS) != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    assert_int_equal(times.count, FILES);
    for (uint32_t i = 0; i < times.count; i++) {
        assert_int_equal(times.rows[i], rows);
        assert_int_equal(times.least[i], times.most[i]);
        assert_true(i == 0 || times.least[i] > times.most[i - 1]);
    }
    leat_query_destroy(query);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

static void the_current_time_stands_still_within_a_batch(void **state)
{
    (void)state;
    expect_one_time_in_each_batch("SELECT unix_millis(current_timestamp()) AS at FROM numbers",
                                  LINES);
    expect_one_time_in_each_batch("SELECT at FROM (SELECT unix_millis(current_timestamp()) AS at "
                                  "FROM numbers) GROUP BY at",
                                  1);
    expect_one_time_in_each_batch("SELECT unix_millis(now()) AS at FROM numbers GROUP BY n", LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_batch_comes_whole_with_its_number),
        cmocka_unit_test(a_batch_that_failed_comes_again),
        cmocka_unit_test(a_batch_has_the_rows_of_all_instances),
        cmocka_unit_test(a_batch_has_all_sides_of_a_union),
        cmocka_unit_test(a_view_is_late_where_its_time_is_read),
        cmocka_unit_test(a_batch_can_be_read_by_queries),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(the_current_time_stands_still_within_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
