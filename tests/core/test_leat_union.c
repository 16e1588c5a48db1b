/* A query that reads several sources: their rows, their positions over a restart, what fails. */
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

/* Counts up in each partition from 0 to `end`; -1: it then waits for ever. */
struct counting {
    const char *schema;
    uint32_t partitions;
    int64_t end;
    bool is_endless;
    int64_t begun_at[4], committed[4];
};

struct counting_partition {
    struct counting *all;
    uint32_t index;
};

static int counting_open(void *user, uint32_t partition, int64_t position, void **state)
{
    struct counting_partition *own = calloc(1, sizeof *own);
    *own = (struct counting_partition){user, partition};
    own->all->begun_at[partition] = position;
    *state = own;
    return LEAT_OK;
}

static enum leat_poll counting_poll(void *state, leat_out *out, uint32_t limit, int64_t *position)
{
    struct counting_partition *own = state;
    if (*position < 0)
        *position = 0;
    for (uint32_t i = 0; i < limit; i++) {
        if (*position >= own->all->end)
            return own->all->is_endless ? LEAT_POLL_IDLE : LEAT_POLL_ENDED;
        leat_row *row = leat_claim(out);
        if (row == NULL)
            return LEAT_POLL_MORE;
        leat_row_set_i64(row, leat_row_column_count(row) - 1, 1000 * own->index + *position);
        leat_commit(out, row);
        (*position)++;
    }
    return LEAT_POLL_MORE;
}

static void counting_commit(void *user, uint32_t partition, int64_t position)
{
    ((struct counting *)user)->committed[partition] = position;
}

static leat_stream *read_counting(leat_context *context, struct counting *counting,
                                  const char *name)
{
    const leat_source source = {.size = sizeof source,
                                .name = name,
                                .schema = counting->schema,
                                .partition_count = counting->partitions,
                                .user = counting,
                                .open = counting_open,
                                .poll = counting_poll,
                                .on_commit = counting_commit,
                                .close = free};
    return leat_read_source(context, &source);
}

/* A query of both: of the one each number, of the other ten times as much; their columns are not
 * the same. */
struct both {
    leat_context *context;
    leat_query *query;
    leat_output *ones, *tens, *dead;
    struct doors_rows ones_rows, tens_rows;
};

static void open_both(struct both *both, struct counting *one, struct counting *ten,
                      leat_options *options, const char *ten_select)
{
    both->context = leat_context_create();
    both->ones = leat_output_create(both->context, DOORS_ROWS_MAX);
    both->tens = leat_output_create(both->context, DOORS_ROWS_MAX);
    both->dead = leat_output_create(both->context, DOORS_ROWS_MAX);
    both->query = leat_query_create(both->context, options);
    leat_stream *ones = read_counting(both->context, one, "one");
    leat_stream *tens = leat_select(read_counting(both->context, ten, "ten"), ten_select);
    assert_int_equal(leat_query_write_output(both->query, ones, both->ones), LEAT_OK);
    assert_int_equal(leat_query_write_output(both->query, tens, both->tens), LEAT_OK);
}

static void run_both(struct both *both)
{
    doors_start(both->query);
    if (leat_await(both->query, DOORS_PATIENCE_NS) != LEAT_OK)
        fail_msg("%s", leat_query_error(both->query));
}

static void close_both(struct both *both)
{
    leat_query_destroy(both->query);
    leat_context_destroy(both->context);
}

static leat_options *options_of(const char *stages, const char *lanes, const char *checkpoint)
{
    leat_options *options = doors_options(stages, checkpoint);
    assert_int_equal(leat_options_set(options, "lanes", lanes, NULL), LEAT_OK);
    return options;
}

static int64_t sum_of(const struct doors_rows *rows)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < rows->count; i++)
        sum += rows->numbers[i];
    return sum;
}

static struct both both; /* too large for a stack */

static void each_source_has_its_own_steps_and_columns(void **state)
{
    static const char *const layouts[][2] = {{"1", "1"}, {"1", "3"}, {"2", "1"}, {"3", "2"}};
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct counting one = {.schema = "n BIGINT", .partitions = 1, .end = 500};
        struct counting ten = {.schema = "t STRING,n BIGINT", .partitions = 3, .end = 100};
        memset(&both, 0, sizeof both);
        open_both(&both, &one, &ten, options_of(layouts[i][0], layouts[i][1], NULL),
                  "n * 10 AS n, 'ten' AS t");
        run_both(&both);
        assert_true(doors_collect(both.ones, &both.ones_rows, 500));
        assert_true(doors_collect(both.tens, &both.tens_rows, 300));
        assert_int_equal(sum_of(&both.ones_rows), 499 * 500 / 2);
        assert_int_equal(sum_of(&both.tens_rows), 10 * (3 * (99 * 100 / 2) + 100 * 3000));
        assert_string_equal(both.tens_rows.texts[0], "ten");
        /* The partitions of the second come after those of the first. */
        for (uint32_t row = 0; row < both.tens_rows.count; row++)
            assert_int_equal(both.tens_rows.partitions[row],
                             1 + both.tens_rows.numbers[row] / 10000);
        assert_int_equal(one.committed[0], 500);
        assert_int_equal(ten.committed[2], 100);
        close_both(&both);
    }
}

static void each_source_goes_on_where_the_checkpoint_says(void **state)
{
    char path[SCRATCH_PATH_SIZE];
    struct counting one = {.schema = "n BIGINT", .partitions = 1, .end = 40};
    struct counting ten = {.schema = "t STRING,n BIGINT", .partitions = 2, .end = 7};
    (void)state;
    scratch_create(path);
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "2", path), "n, t");
    run_both(&both);
    close_both(&both);
    /* A line for each source, as Spark's log has. */
    char *offsets = scratch_read("%s/offsets/0", path);
    assert_non_null(offsets);
    const char *last = strrchr(offsets, '\n');
    assert_non_null(last);
    assert_string_equal(last + 1, "{\"ten\":{\"0\":7,\"1\":7}}");
    assert_non_null(strstr(offsets, "\n{\"one\":{\"0\":40}}\n"));
    free(offsets);
    one.end = 45;
    ten.end = 17;
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "1", path), "n, t");
    run_both(&both);
    assert_int_equal(one.begun_at[0], 40);
    assert_int_equal(ten.begun_at[1], 7);
    assert_true(doors_collect(both.ones, &both.ones_rows, 5));
    assert_true(doors_collect(both.tens, &both.tens_rows, 20));
    assert_int_equal(both.ones_rows.numbers[0], 40);
    close_both(&both);
    scratch_remove(path);
}

static void a_checkpoint_of_two_sources_is_none_for_one(void **state)
{
    char path[SCRATCH_PATH_SIZE];
    struct counting one = {.schema = "n BIGINT", .partitions = 1, .end = 3};
    struct counting ten = {.schema = "n BIGINT", .partitions = 1, .end = 3};
    (void)state;
    scratch_create(path);
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "1", path), "n");
    run_both(&both);
    close_both(&both);
    memset(&both, 0, sizeof both);
    both.context = leat_context_create();
    both.ones = leat_output_create(both.context, 16);
    both.query = leat_query_create(both.context, options_of("1", "1", path));
    assert_int_equal(
        leat_query_write_output(both.query, read_counting(both.context, &one, "one"), both.ones),
        LEAT_OK);
    assert_int_equal(leat_start(both.query), LEAT_ERROR_CHECKPOINT);
    assert_non_null(strstr(leat_query_error(both.query), "[2] sources"));
    close_both(&both);
    scratch_remove(path);
}

static void a_source_that_has_ended_leaves_the_others_running(void **state)
{
    struct counting one = {.schema = "n BIGINT", .partitions = 1, .end = 5};
    struct counting ten = {.schema = "n BIGINT", .partitions = 1, .end = 300, .is_endless = true};
    (void)state;
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "1", NULL), "n");
    doors_start(both.query);
    assert_true(doors_collect(both.ones, &both.ones_rows, 5));
    assert_true(doors_collect(both.tens, &both.tens_rows, 300));
    assert_true(leat_is_active(both.query));
    assert_int_equal(leat_stop(both.query, DOORS_PATIENCE_NS), LEAT_OK);
    close_both(&both);
}

static void progress_tells_of_each_source(void **state)
{
    struct counting one = {.schema = "n BIGINT", .partitions = 1, .end = 5};
    struct counting ten = {.schema = "n BIGINT", .partitions = 2, .end = 30};
    (void)state;
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "2", NULL), "n");
    run_both(&both);
    char *progress = leat_query_recent_progress(both.query, 0);
    assert_non_null(progress);
    const char *first = strstr(progress, "\"sources\":[{\"description\":\"one[1 partitions]\"");
    const char *second = strstr(progress, "{\"description\":\"ten[2 partitions]\"");
    if (first == NULL || second == NULL)
        fail_msg("%s", progress);
    assert_non_null(strstr(first, "\"endOffset\":{\"one\":{\"0\":5}},\"latestOffset\":null,"
                                  "\"numInputRows\":5,"));
    assert_non_null(strstr(second,
                           "\"endOffset\":{\"ten\":{\"0\":30,\"1\":30}},\"latestOffset\":null,"
                           "\"numInputRows\":60,"));
    assert_non_null(strstr(progress, "\"numInputRows\":65,"));
    free(progress);
    char *explained = leat_query_explain(both.query);
    assert_non_null(strstr(explained, "source one: one[1 partitions], 1 partition\n"));
    assert_non_null(strstr(explained, "source ten: ten[2 partitions], 2 partitions\n"));
    free(explained);
    close_both(&both);
}

/* An input knows how far behind it is read; a source of the program's does not say. */
static void progress_tells_how_far_behind_each_source_is(void **state)
{
    struct counting one = {.schema = DOORS_SCHEMA, .partitions = 1, .end = 5, .is_endless = true};
    (void)state;
    memset(&both, 0, sizeof both);
    both.context = leat_context_create();
    both.ones = leat_output_create(both.context, DOORS_ROWS_MAX);
    both.tens = leat_output_create(both.context, DOORS_ROWS_MAX);
    both.query = leat_query_create(both.context, options_of("1", "1", NULL));
    leat_input *input = leat_input_create(both.context, DOORS_SCHEMA, 64);
    leat_stream *counted = leat_select(read_counting(both.context, &one, "one"), "n");
    assert_int_equal(leat_query_write_output(both.query, counted, both.ones), LEAT_OK);
    assert_int_equal(leat_query_write_output(both.query, leat_read_input(input), both.tens),
                     LEAT_OK);
    doors_start(both.query);
    doors_push(input, 0, 7);
    assert_true(doors_collect(both.tens, &both.tens_rows, 7));
    assert_int_equal(leat_stop(both.query, DOORS_PATIENCE_NS), LEAT_OK);
    char *progress = leat_query_recent_progress(both.query, 0);
    const char *first = strstr(progress, "\"offsetsBehindLatest\":\"");
    const char *second = first == NULL ? NULL : strstr(first + 1, "\"offsetsBehindLatest\":\"");
    if (second == NULL)
        fail_msg("%s", progress);
    assert_memory_equal(first, "\"offsetsBehindLatest\":\"-1\"", 26);
    assert_memory_equal(second, "\"offsetsBehindLatest\":\"0\"", 25);
    free(progress);
    close_both(&both);
}

/* ------------------------------------------------------------------------------ what fails */

struct letters {
    uint32_t count;
    char partition[32], source[32], value[64];
};

static void take_header(const leat_row *row, uint32_t index, const char *wanted, char *out,
                        size_t out_bytes)
{
    const char *key;
    const void *value;
    size_t key_bytes, value_bytes;
    leat_row_header(row, 2, index, &key, &key_bytes, &value, &value_bytes);
    if (key_bytes == strlen(wanted) && memcmp(key, wanted, key_bytes) == 0)
        snprintf(out, out_bytes, "%.*s", (int)value_bytes, (const char *)value);
}

static void take_letter(void *user, const leat_row *row)
{
    struct letters *letters = user;
    size_t size_bytes;
    const char *value = leat_row_bytes(row, 1, &size_bytes);
    letters->count++;
    snprintf(letters->value, sizeof letters->value, "%.*s", (int)size_bytes, value);
    for (uint32_t i = 0; i < leat_row_header_count(row, 2); i++) {
        take_header(row, i, "leat.error.partition", letters->partition, sizeof letters->partition);
        take_header(row, i, "leat.error.source", letters->source, sizeof letters->source);
    }
}

static void a_dead_letter_names_the_source_it_came_from(void **state)
{
    struct counting one = {.schema = "n BIGINT", .partitions = 2, .end = 5};
    struct counting ten = {.schema = "t STRING,n BIGINT", .partitions = 2, .end = 1};
    struct letters letters = {0};
    (void)state;
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "1", NULL), "1 / (n - 1000) AS n");
    assert_int_equal(leat_query_dead_letters_output(both.query, both.dead), LEAT_OK);
    run_both(&both);
    (void)leat_output_poll(both.dead, take_letter, &letters, 100);
    assert_int_equal(letters.count, 1);
    assert_string_equal(letters.partition, "ten partition 1");
    assert_string_equal(letters.source, "ten[2 partitions]");
    assert_string_equal(letters.value, "{\"n\":1000}");
    assert_true(doors_collect(both.ones, &both.ones_rows, 10));
    close_both(&both);
}

static void a_record_that_fails_stops_the_query_by_its_sources_name(void **state)
{
    struct counting one = {.schema = "n BIGINT", .partitions = 2, .end = 5};
    struct counting ten = {.schema = "n BIGINT", .partitions = 2, .end = 1};
    (void)state;
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "1", NULL), "1 / (n - 1000) AS n");
    doors_start(both.query);
    assert_int_equal(leat_await(both.query, DOORS_PATIENCE_NS), LEAT_ERROR_RECORD);
    assert_non_null(strstr(leat_query_error(both.query), "record at ten partition 1 offset 0"));
    close_both(&both);
}

static void available_now_needs_an_end_of_each_source(void **state)
{
    struct counting one = {.schema = "n BIGINT", .partitions = 1, .end = 5};
    struct counting ten = {.schema = "n BIGINT", .partitions = 1, .end = 5};
    (void)state;
    memset(&both, 0, sizeof both);
    open_both(&both, &one, &ten, options_of("1", "1", NULL), "n");
    assert_int_equal(leat_query_trigger_available_now(both.query), LEAT_OK);
    assert_int_equal(leat_start(both.query), LEAT_ERROR_UNSUPPORTED);
    assert_non_null(strstr(leat_query_error(both.query), "cannot say where it ends now"));
    close_both(&both);
}

/* Runs the statements one after the other, the queries of INSERT to their end. */
static void run_statements(leat_context *context, const char *rest, char **answer)
{
    leat_sql_result result = {.size = sizeof result};
    do {
        if (leat_sql(context, rest, &rest, &result) != LEAT_OK)
            fail_msg("%s", leat_context_error(context));
        if (result.kind == LEAT_SQL_QUERY) {
            doors_start(result.query);
            if (leat_await(result.query, DOORS_PATIENCE_NS) != LEAT_OK)
                fail_msg("%s", leat_query_error(result.query));
            leat_query_destroy(result.query);
        }
        if (result.text != NULL) {
            free(*answer);
            *answer = result.text;
        }
    } while (result.kind != LEAT_SQL_NONE);
}

static void a_union_of_tables_has_the_rows_of_each(void **state)
{
    leat_context *context = leat_context_create();
    char *answer = NULL;
    (void)state;
    run_statements(context,
                   "CREATE TABLE m (id INT, v STRING) USING memory;"
                   "CREATE TABLE other (t STRING, n BIGINT) USING memory;"
                   "CREATE TABLE united USING memory;"
                   "INSERT INTO m SELECT 1, 'one'; INSERT INTO m SELECT 2, 'two';"
                   "INSERT INTO other SELECT 'three', 3L;"
                   "INSERT INTO united SELECT id, v FROM m WHERE id < 2 UNION ALL SELECT n, t FROM "
                   "other UNION ALL SELECT id, upper(v) FROM m WHERE id = 2;"
                   "SELECT * FROM united WHERE id = 3",
                   &answer);
    assert_string_equal(answer,
                        "+---+-----+\n|id |v    |\n+---+-----+\n|3  |three|\n+---+-----+\n");
    run_statements(context, "SELECT v FROM united WHERE id < 3", &answer);
    assert_string_equal(answer, "+---+\n|v  |\n+---+\n|one|\n|TWO|\n+---+\n");
    free(answer);
    leat_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_source_has_its_own_steps_and_columns),
        cmocka_unit_test(each_source_goes_on_where_the_checkpoint_says),
        cmocka_unit_test(a_checkpoint_of_two_sources_is_none_for_one),
        cmocka_unit_test(a_source_that_has_ended_leaves_the_others_running),
        cmocka_unit_test(progress_tells_of_each_source),
        cmocka_unit_test(progress_tells_how_far_behind_each_source_is),
        cmocka_unit_test(a_dead_letter_names_the_source_it_came_from),
        cmocka_unit_test(a_record_that_fails_stops_the_query_by_its_sources_name),
        cmocka_unit_test(available_now_needs_an_end_of_each_source),
        cmocka_unit_test(a_union_of_tables_has_the_rows_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
