/*
 * transformWithState that begins with the rows of a table: once, by whichever instance has the key,
 * before the first rows of the input; and what is refused.
 */
#include "core/leat_processor.h"

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

enum { LINES = 200, KEYS = 13 };

/* Keys 0 and 12 begin with 1000 and 7; 99 never comes. */
#define INITIAL                                                                                    \
    "SELECT * FROM VALUES (400L, 0L), (600L, 0L), (7L, 12L), (CAST(NULL AS BIGINT), 12L), "        \
    "(1L, 99L) AS v(n, key)"

/* ------------------------------------------------------------------------------- the processor */

static int count_init(void *user, leat_state *state, void **own)
{
    (void)user;
    *own = leat_state_value(state, "count", "n BIGINT", 0);
    return LEAT_OK; /* what went wrong is known */
}

static int64_t count_of(leat_variable *count)
{
    const leat_row *before = leat_value_get(count);
    return before == NULL ? 0 : leat_row_i64(before, 0);
}

/* A count begins with the sum of what the table has for the key. */
static int count_initial(void *own, leat_state *state, const leat_row *key, leat_rows *rows)
{
    const leat_row *row;
    int64_t sum = 0;
    assert_int_equal(leat_state_batch_id(state), 0);
    assert_false(leat_variable_exists(own));
    while ((row = leat_rows_next(rows)) != NULL) {
        assert_int_equal(leat_row_i64(row, 1), leat_row_i64(key, 0));
        sum += leat_row_is_null(row, 0) ? 0 : leat_row_i64(row, 0);
    }
    leat_row_set_i64(leat_variable_row(own), 0, sum);
    return leat_value_set(own);
}

static int count_rows(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                      leat_out *out)
{
    int64_t count = count_of(own);
    char text[32];
    (void)state;
    while (leat_rows_next(rows) != NULL)
        count++;
    leat_row_set_i64(leat_variable_row(own), 0, count);
    assert_int_equal(leat_value_set(own), LEAT_OK);
    leat_row *row = leat_claim(out);
    assert_non_null(row);
    (void)snprintf(text, sizeof text, "%lld", (long long)leat_row_i64(key, 0));
    leat_row_set_i64(row, 0, count);
    assert_int_equal(leat_row_set_bytes(row, 1, text, strlen(text)), LEAT_OK);
    leat_commit(out, row);
    return LEAT_OK;
}

static const leat_processor counter = {
    .size = sizeof counter,
    .name = "counter",
    .output_schema = "n BIGINT, t STRING",
    .init = count_init,
    .handle_rows = count_rows,
    .handle_initial = count_initial,
};

/* -------------------------------------------------------------------------- over directories */

struct place {
    char folder[SCRATCH_PATH_SIZE];
    char in[SCRATCH_PATH_SIZE + 8], checkpoint[SCRATCH_PATH_SIZE + 16];
    int files;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    scratch_create(place->folder);
    snprintf(place->in, sizeof place->in, "%s/in", place->folder);
    snprintf(place->checkpoint, sizeof place->checkpoint, "%s/checkpoint", place->folder);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    scratch_remove(place->folder);
    free(place);
    return 0;
}

static void add_file(struct place *place)
{
    char text[LINES * 8];
    size_t used = 0;
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d\n",
                                 place->files * LINES + i);
    scratch_write(text, "%s/%d.txt", place->in, place->files++);
}

static leat_stream *checked(leat_context *context, leat_stream *stream)
{
    if (stream == NULL)
        fail_msg("%s", leat_context_error(context));
    return stream;
}

static leat_stream *numbers(leat_context *context, const struct place *place)
{
    leat_options *options = leat_options_of("path", place->in, "maxFilesPerTrigger", "1", NULL);
    return checked(context, leat_select(leat_read(context, "text", options, NULL),
                                        "CAST(value AS BIGINT) % 13 AS k"));
}

static int64_t initial_of(int key)
{
    return key == 0 ? 1000 : key == 12 ? 7 : 0;
}

static int64_t wanted_of(const struct place *place, int key)
{
    return initial_of(key) + (place->files * LINES - key + KEYS - 1) / KEYS;
}

/* Runs over what is there; the last count of each key has all its numbers, and what it began
 * with. */
static void run(const struct place *place, const char *partitions, const char *provider)
{
    leat_context *context = leat_context_create();
    leat_output *output = leat_output_create(context, DOORS_ROWS_MAX);
    leat_options *options = doors_options("1", place->checkpoint);
    struct doors_rows *rows = calloc(1, sizeof *rows);
    int64_t counts[KEYS] = {0};
    assert_int_equal(leat_options_set(options, "shufflePartitions", partitions, NULL), LEAT_OK);
    assert_int_equal(leat_options_set(options, "stateStore", provider, NULL), LEAT_OK);
    leat_query *query = leat_query_create(context, options);
    assert_int_equal(leat_query_trigger_available_now(query), LEAT_OK);
    leat_stream *table = checked(context, leat_stream_sql(context, INITIAL));
    leat_stream *counted =
        checked(context, leat_transform_with_initial_state(numbers(context, place), "k", &counter,
                                                           table, "key"));
    assert_int_equal(leat_query_write_output(query, counted, output), LEAT_OK);
    doors_start(query);
    doors_finish(query, NULL, output, rows);
    for (uint32_t i = 0; i < rows->count; i++) {
        int64_t *count = &counts[strtol(rows->texts[i], NULL, 10)];
        *count = rows->numbers[i] > *count ? rows->numbers[i] : *count;
    }
    for (int key = 0; key < KEYS; key++)
        assert_int_equal(counts[key], wanted_of(place, key));
    leat_query_destroy(query);
    leat_context_destroy(context);
    free(rows);
}

static void run_thrice(struct place *place, const char *provider)
{
    static const char *const partitions[] = {"3", "1", "4"};
    for (int i = 0; i < 3; i++) {
        add_file(place);
        add_file(place);
        run(place, partitions[i], provider);
    }
}

static void it_is_taken_once_by_any_number_of_partitions(void **state)
{
    run_thrice(*state, "memory");
}

static void so_it_is_with_rocksdb(void **state)
{
    run_thrice(*state, "rocksdb");
}

static void refuse(const struct place *place, const leat_processor *processor, const char *sql,
                   const char *keys, const char *part)
{
    leat_context *context = leat_context_create();
    leat_stream *in = numbers(context, place);
    assert_int_equal(leat_create_view(in, "s"), LEAT_OK);
    leat_stream *table = checked(context, leat_stream_sql(context, sql));
    assert_null(leat_transform_with_initial_state(in, "k", processor, table, keys));
    if (strstr(leat_context_error(context), part) == NULL)
        fail_msg("%s", leat_context_error(context));
    leat_context_destroy(context);
}

static void one_that_cannot_be_is_refused(void **state)
{
    struct place *place = *state;
    leat_processor without = counter;
    without.handle_initial = NULL;
    add_file(place);
    refuse(place, &without, INITIAL, "key",
           "processor \"counter\" has no handle_initial function");
    refuse(place, &counter, "SELECT k AS key FROM s", "key",
           "a stream cannot be its initial state");
    refuse(place, &counter, "SELECT * FROM VALUES (1L, 'x') AS v(n, key)", "key",
           "the keys of its initial state are not of the types of its keys");
    refuse(place, &counter, INITIAL, "key, n",
           "the keys of its initial state are not of the types of its keys");
    refuse(place, &counter, INITIAL, "nosuch", "nosuch");
    refuse(place, &counter, INITIAL, NULL, "an initial state needs keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_taken_once_by_any_number_of_partitions, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(so_it_is_with_rocksdb, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
