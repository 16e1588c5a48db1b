/*
 * transformWithState from a program: state that goes on over restarts with other numbers of
 * partitions, timers that fire though nothing comes, and what is refused when it is built, at the
 * start, and while it runs.
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

#include "core/leat_admin.h"
#include "tests/support/doors.h"
#include "tests/support/scratch.h"

enum { LINES = 400, KEYS = 13 };
#define PATIENCE_NS ((int64_t)60 * 1000000000)
#define OUTPUT "n BIGINT, t STRING"

/* ------------------------------------------------------------------------------ the processors */

/* How often each key has come: a value; and the numbers that it came with: a map. */
struct counting {
    leat_variable *count, *numbers;
};

static int counting_init(void *user, leat_state *state, void **own)
{
    struct counting *counting = calloc(1, sizeof *counting);
    (void)user;
    *own = counting;
    counting->count = leat_state_value(state, "count", "n BIGINT", 0);
    counting->numbers = leat_state_map(state, "numbers", "n BIGINT", "batch BIGINT", 0);
    return LEAT_OK; /* what went wrong is known */
}

static void give(leat_out *out, int64_t n, const char *text)
{
    leat_row *row = leat_claim(out);
    assert_non_null(row);
    leat_row_set_i64(row, 0, n);
    assert_int_equal(leat_row_set_bytes(row, 1, text, strlen(text)), LEAT_OK);
    leat_commit(out, row);
}

static int counting_rows(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                         leat_out *out)
{
    struct counting *counting = own;
    const leat_row *row, *before = leat_value_get(counting->count);
    int64_t count = before == NULL ? 0 : leat_row_i64(before, 0);
    char text[32];
    while ((row = leat_rows_next(rows)) != NULL) {
        leat_row_set_i64(leat_variable_key(counting->numbers), 0, leat_row_i64(row, 0));
        assert_null(leat_map_get(counting->numbers)); /* each number comes once */
        leat_row_set_i64(leat_variable_key(counting->numbers), 0, leat_row_i64(row, 0));
        leat_row_set_i64(leat_variable_row(counting->numbers), 0,
                         (int64_t)leat_state_batch_id(state));
        assert_int_equal(leat_map_put(counting->numbers), LEAT_OK);
        count++;
    }
    leat_row_set_i64(leat_variable_row(counting->count), 0, count);
    assert_int_equal(leat_value_set(counting->count), LEAT_OK);
    snprintf(text, sizeof text, "%lld", (long long)leat_row_i64(key, 0));
    give(out, count, text);
    return LEAT_OK;
}

static const leat_processor counter = {
    .size = sizeof counter,
    .name = "counter",
    .output_schema = OUTPUT,
    .init = counting_init,
    .handle_rows = counting_rows,
    .close = free,
};

/* -------------------------------------------------------------------------- over directories */

struct place {
    char folder[SCRATCH_PATH_SIZE];
    char in[SCRATCH_PATH_SIZE + 8], checkpoint[SCRATCH_PATH_SIZE + 16];
    int files;
};

static void place_init(struct place *place)
{
    *place = (struct place){.files = 0};
    scratch_create(place->folder);
    snprintf(place->in, sizeof place->in, "%s/in", place->folder);
    snprintf(place->checkpoint, sizeof place->checkpoint, "%s/checkpoint", place->folder);
}

static void add_file(struct place *place)
{
    size_t size = LINES * 8, used = 0;
    char *text = malloc(size);
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(text + used, size - used, "%d\n", place->files * LINES + i);
    scratch_write(text, "%s/%d.txt", place->in, place->files++);
    free(text);
}

static leat_stream *numbers(leat_context *context, const struct place *place)
{
    leat_options *options = leat_options_of("path", place->in, "maxFilesPerTrigger", "1", NULL);
    return leat_select(leat_read(context, "text", options, NULL),
                       "CAST(value AS BIGINT) AS n, CAST(value AS BIGINT) % 13 AS k");
}

static leat_query *make_query(leat_context *context, const struct place *place,
                              const char *partitions, const char *provider)
{
    leat_options *options = doors_options("1", place->checkpoint);
    assert_int_equal(leat_options_set(options, "shufflePartitions", partitions, NULL), LEAT_OK);
    assert_int_equal(leat_options_set(options, "stateStore", provider, NULL), LEAT_OK);
    leat_query *query = leat_query_create(context, options);
    assert_non_null(query);
    assert_int_equal(leat_query_trigger_available_now(query), LEAT_OK);
    return query;
}

static leat_stream *checked(leat_context *context, leat_stream *stream)
{
    if (stream == NULL)
        fail_msg("%s", leat_context_error(context));
    return stream;
}

/* Runs it over what is there; the last count of each key is that of all its numbers. */
static void run_counter(struct place *place, const char *partitions, const char *provider)
{
    leat_context *context = leat_context_create();
    leat_output *output = leat_output_create(context, DOORS_ROWS_MAX);
    leat_query *query = make_query(context, place, partitions, provider);
    struct doors_rows *rows = calloc(1, sizeof *rows);
    int64_t counts[KEYS] = {0};
    leat_stream *counted =
        checked(context, leat_transform_with_state(numbers(context, place), "k", &counter));
    assert_int_equal(leat_query_write_output(query, counted, output), LEAT_OK);
    doors_start(query);
    doors_finish(query, NULL, output, rows);
    assert_true(rows->count >= KEYS);
    for (uint32_t i = 0; i < rows->count; i++) {
        int64_t *count = &counts[strtol(rows->texts[i], NULL, 10)];
        assert_true(rows->numbers[i] > *count); /* it grows with each batch */
        *count = rows->numbers[i];
    }
    for (int k = 0; k < KEYS; k++)
        assert_int_equal(counts[k], (place->files * LINES - k + KEYS - 1) / KEYS);
    leat_query_destroy(query);
    leat_context_destroy(context);
    free(rows);
}

static void state_goes_on_with_any_number_of_partitions(void **state)
{
    static const char *const partitions[] = {"4", "1", "3"};
    static const char *const providers[] = {"memory", "rocksdb"};
    (void)state;
    for (int provider = 0; provider < 2; provider++) {
        struct place place;
        place_init(&place);
        for (int i = 0; i < 3; i++) {
            add_file(&place);
            add_file(&place);
            run_counter(&place, partitions[i], providers[provider]);
        }
        scratch_remove(place.folder);
    }
}

static void the_plan_says_what_it_is(void **state)
{
    struct place place;
    (void)state;
    place_init(&place);
    add_file(&place);
    leat_context *context = leat_context_create();
    leat_output *output = leat_output_create(context, 16);
    leat_query *query = make_query(context, &place, "2", "memory");
    leat_stream *counted =
        checked(context, leat_transform_with_state(numbers(context, &place), "k, n", &counter));
    assert_string_equal(leat_stream_schema(counted), "n BIGINT,t STRING");
    assert_int_equal(leat_query_write_output(query, counted, output), LEAT_OK);
    char *text = leat_query_explain(query);
    if (text == NULL || strstr(text, "TransformWithState counter, [k, n], NoTime") == NULL)
        fail_msg("%s", text == NULL ? leat_query_error(query) : text);
    free(text);
    leat_query_destroy(query);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

/* --------------------------------------------------------------------------------------- timers */

static int set_timer(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                     leat_out *out)
{
    (void)own;
    (void)key;
    (void)out;
    while (leat_rows_next(rows) != NULL)
        assert_int_equal(leat_timer_set(state, leat_state_now_ms(state) + 20), LEAT_OK);
    return LEAT_OK;
}

static int fire(void *own, leat_state *state, const leat_row *key, int64_t expiry_ms, leat_out *out)
{
    uint32_t at = 0;
    int64_t listed_ms;
    (void)own;
    assert_true(expiry_ms <= leat_state_now_ms(state));
    assert_true(leat_timer_next(state, &at, &listed_ms)); /* it goes when this returns */
    assert_int_equal(listed_ms, expiry_ms);
    assert_false(leat_timer_next(state, &at, &listed_ms));
    give(out, leat_row_i64(key, 0), "fired");
    return LEAT_OK;
}

static const leat_processor alarm_clock = {
    .size = sizeof alarm_clock,
    .name = "alarm",
    .output_schema = OUTPUT,
    .time_mode = LEAT_TIME_PROCESSING,
    .handle_rows = set_timer,
    .handle_timer = fire,
};

static void run_alarms(const char *provider)
{
    leat_context *context = leat_context_create();
    leat_input *input = leat_input_create(context, DOORS_SCHEMA, 64);
    leat_output *output = leat_output_create(context, 64);
    leat_options *options = doors_options("1", NULL);
    assert_int_equal(leat_options_set(options, "stateStore", provider, NULL), LEAT_OK);
    leat_query *query = leat_query_create(context, options);
    struct doors_rows *rows = calloc(1, sizeof *rows);
    leat_stream *stream =
        checked(context, leat_transform_with_state(leat_read_input(input), "n", &alarm_clock));
    assert_int_equal(leat_query_write_output(query, stream, output), LEAT_OK);
    doors_start(query);
    doors_push(input, 5, 2);
    assert_true(doors_collect(output, rows, 2));
    assert_int_equal(rows->numbers[0] + rows->numbers[1], 11);
    assert_string_equal(rows->texts[0], "fired");
    assert_int_equal(leat_stop(query, -1), LEAT_OK);
    leat_query_destroy(query);
    leat_context_destroy(context);
    free(rows);
}

/* The thread that begins batches asks when the next timer is due; the store is another's. */
static void timers_fire_though_nothing_comes(void **state)
{
    (void)state;
    run_alarms("memory");
    run_alarms("rocksdb");
}

/* --------------------------------------------------------------------------------------- groups */

/* The sum of a key's numbers; given out, and forgotten, when the timeout is over. */
static int sum_up(void *user, leat_group *group, const leat_row *key, leat_rows *rows,
                  leat_out *out)
{
    const leat_row *before = leat_group_get(group), *row;
    int64_t sum = before == NULL ? 0 : leat_row_i64(before, 0);
    char text[32];
    (void)user;
    assert_int_equal(leat_group_has_timed_out(group), rows == NULL);
    if (rows == NULL) {
        snprintf(text, sizeof text, "%lld", (long long)leat_row_i64(key, 0));
        give(out, sum, text);
        return leat_group_remove(group);
    }
    while ((row = leat_rows_next(rows)) != NULL)
        sum += leat_row_i64(row, 0);
    leat_row_set_i64(leat_group_row(group), 0, sum);
    assert_int_equal(leat_group_update(group), LEAT_OK);
    return leat_group_timeout_after(group, 20);
}

static const leat_groups sums = {
    .size = sizeof sums,
    .name = "sums",
    .output_schema = OUTPUT,
    .state_schema = "sum BIGINT",
    .timeout = LEAT_TIME_PROCESSING,
    .function = sum_up,
};

static void a_group_has_one_state_and_one_timeout(void **state)
{
    (void)state;
    leat_context *context = leat_context_create();
    leat_input *input = leat_input_create(context, DOORS_SCHEMA, 64);
    leat_output *output = leat_output_create(context, 64);
    leat_query *query = leat_query_create(context, doors_options("1", NULL));
    struct doors_rows *rows = calloc(1, sizeof *rows);
    leat_stream *stream = leat_select(leat_read_input(input), "n, n % 2 AS k");
    stream = checked(context, leat_map_groups_with_state(stream, "k", &sums));
    assert_int_equal(leat_query_write_output(query, stream, output), LEAT_OK);
    doors_start(query);
    doors_push(input, 1, 4); /* in one batch or several: each key is told of when none has come */
    int64_t sum[2] = {0};
    while (sum[0] < 6 || sum[1] < 4) {
        assert_true(doors_collect(output, rows, rows->count + 1));
        sum[rows->texts[rows->count - 1][0] - '0'] += rows->numbers[rows->count - 1];
    }
    assert_int_equal(sum[0], 6);
    assert_int_equal(sum[1], 4);
    assert_int_equal(leat_stop(query, -1), LEAT_OK);
    leat_query_destroy(query);
    leat_context_destroy(context);
    free(rows);
}

static int set_wrong_timeout(void *user, leat_group *group, const leat_row *key, leat_rows *rows,
                             leat_out *out)
{
    (void)user;
    (void)key;
    (void)rows;
    (void)out;
    (void)!leat_group_timeout_at(group, 5);
    return LEAT_OK;
}

/* ------------------------------------------------------------------------------------- refusals */

static int refuse_rows(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                       leat_out *out)
{
    (void)own;
    (void)key;
    (void)rows;
    (void)out;
    leat_state_reason(state, "no luck today");
    return LEAT_ERROR_LIMIT;
}

static int set_timer_without_time(void *own, leat_state *state, const leat_row *key,
                                  leat_rows *rows, leat_out *out)
{
    (void)own;
    (void)key;
    (void)rows;
    (void)out;
    (void)!leat_timer_set(state, 5);
    return LEAT_OK;
}

static int use_value_as_list(void *own, leat_state *state, const leat_row *key, leat_rows *rows,
                             leat_out *out)
{
    struct counting *counting = own;
    (void)state;
    (void)key;
    (void)rows;
    (void)out;
    (void)!leat_list_append(counting->count);
    return LEAT_OK;
}

static int declare_wrongly(void *user, leat_state *state, void **own)
{
    (void)user;
    (void)own;
    assert_null(leat_state_value(state, "v", "n SOMETHING", 0));
    return LEAT_OK;
}

static int init_fails(void *user, leat_state *state, void **own)
{
    (void)user;
    (void)own;
    leat_state_reason(state, "nothing to begin with");
    return LEAT_ERROR_NOT_FOUND;
}

/* Of a processor, or of groups. */
static void expect_fails_either(const leat_processor *processor, const leat_groups *groups,
                                int code, const char *condition, const char *text)
{
    struct place place;
    place_init(&place);
    add_file(&place);
    leat_context *context = leat_context_create();
    leat_output *output = leat_output_create(context, 64);
    leat_query *query = make_query(context, &place, "2", "memory");
    leat_stream *in = numbers(context, &place);
    leat_stream *stream = checked(context, processor != NULL
                                               ? leat_transform_with_state(in, "k", processor)
                                               : leat_map_groups_with_state(in, "k", groups));
    assert_int_equal(leat_query_write_output(query, stream, output), LEAT_OK);
    int status = leat_start(query);
    if (status == LEAT_OK)
        status = leat_await(query, PATIENCE_NS);
    if (status != code || strcmp(leat_query_error_condition(query), condition) != 0 ||
        strstr(leat_query_error(query), text) == NULL)
        fail_msg("%d: %s: %s", status, leat_query_error_condition(query), leat_query_error(query));
    leat_query_destroy(query);
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

static void expect_fails(const leat_processor *processor, int code, const char *condition,
                         const char *text)
{
    expect_fails_either(processor, NULL, code, condition, text);
}

static void what_a_processor_does_wrong_stops_the_query(void **state)
{
    leat_processor wrong = counter;
    leat_groups groups = sums;
    (void)state;
    groups.function = set_wrong_timeout;
    expect_fails_either(NULL, &groups, LEAT_ERROR_STATE, "",
                        "Cannot set timeout timestamp without enabling event time timeout in "
                        "[map|flatMap]GroupsWithState");
    wrong.handle_rows = refuse_rows;
    expect_fails(&wrong, LEAT_ERROR_LIMIT, "TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR",
                 "processor \"counter\": An error occurred in the user-defined function "
                 "handleInputRows of the StatefulProcessor. Reason: no luck today.");
    wrong.handle_rows = set_timer_without_time;
    expect_fails(&wrong, LEAT_ERROR_STATE,
                 "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE",
                 "operation=register_timer with invalid timeMode=NoTime");
    wrong.handle_rows = use_value_as_list;
    expect_fails(&wrong, LEAT_ERROR_INVALID, "",
                 "state variable \"count\" is a value, and is used as a list");
    wrong = counter;
    wrong.close = NULL;
    wrong.init = declare_wrongly;
    expect_fails(&wrong, LEAT_ERROR_PARSE, "UNSUPPORTED_DATATYPE",
                 "state variable \"v\": its schema");
    wrong.init = init_fails;
    expect_fails(&wrong, LEAT_ERROR_NOT_FOUND, "TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR",
                 "function init of the StatefulProcessor. Reason: nothing to begin with.");
}

static void expect_unbuilt(leat_context *context, const leat_stream *stream, const char *condition,
                           const char *text)
{
    if (stream != NULL || strcmp(leat_context_error_condition(context), condition) != 0 ||
        strstr(leat_context_error(context), text) == NULL)
        fail_msg("%s: %s", leat_context_error_condition(context), leat_context_error(context));
    leat_context_clear_error(context);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct place place;
    leat_processor wrong = counter;
    (void)state;
    place_init(&place);
    add_file(&place);
    leat_context *context = leat_context_create();
    leat_stream *stream = numbers(context, &place);
    expect_unbuilt(context, leat_transform_with_state(stream, "user", &counter),
                   "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", "\"user\" among ([n, k])");
    expect_unbuilt(context, leat_transform_with_state(stream, NULL, &counter), "", "needs keys");
    wrong.time_mode = LEAT_TIME_EVENT;
    expect_unbuilt(context, leat_transform_with_state(stream, "k", &wrong), "",
                   "goes by event time, and its input has none");
    wrong.time_mode = (enum leat_time_mode)7;
    expect_unbuilt(context, leat_transform_with_state(stream, "k", &wrong),
                   "STATEFUL_PROCESSOR_UNKNOWN_TIME_MODE", "Unknown time mode 7.");
    wrong = counter;
    wrong.handle_rows = NULL;
    expect_unbuilt(context, leat_transform_with_state(stream, "k", &wrong), "",
                   "has no handle_rows function");
    wrong = counter;
    wrong.output_schema = NULL;
    expect_unbuilt(context, leat_transform_with_state(stream, "k", &wrong), "",
                   "has no output schema");
    wrong = counter;
    leat_groups nothing = sums;
    nothing.function = NULL;
    expect_unbuilt(context, leat_map_groups_with_state(stream, "k", &nothing), "",
                   "needs a function");
    wrong.size = 4;
    expect_unbuilt(context, leat_transform_with_state(stream, "k", &wrong), "",
                   "set it to sizeof(leat_processor)");
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

static void expect_refused(leat_context *context, leat_stream *stream, const char *mode,
                           bool is_continuous, const char *text)
{
    leat_query *query = leat_query_create(context, NULL);
    assert_int_equal(leat_query_write(query, stream, "noop", NULL), LEAT_OK);
    assert_int_equal(leat_query_output_mode(query, mode), LEAT_OK);
    if (is_continuous)
        assert_int_equal(leat_query_trigger_continuous(query, 1000000000), LEAT_OK);
    int code = leat_admin_check(query);
    if (text == NULL ? code != LEAT_OK
                     : code == LEAT_OK || strstr(leat_query_error(query), text) == NULL)
        fail_msg("%d: %s", code, leat_query_error(query));
    leat_query_destroy(query);
}

static void modes_that_do_not_fit_are_refused(void **state)
{
    struct place place;
    (void)state;
    place_init(&place);
    add_file(&place);
    leat_context *context = leat_context_create();
    leat_stream *stream =
        checked(context, leat_transform_with_state(numbers(context, &place), "k", &counter));
    expect_refused(context, stream, "append", false, NULL);
    expect_refused(context, stream, "update", false, NULL);
    expect_refused(context, stream, "complete", false, "no streaming aggregations");
    expect_refused(context, stream, "append", true,
                   "Continuous processing does not support TransformWithState operations.");
    leat_context_destroy(context);
    scratch_remove(place.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_goes_on_with_any_number_of_partitions),
        cmocka_unit_test(the_plan_says_what_it_is),
        cmocka_unit_test(timers_fire_though_nothing_comes),
        cmocka_unit_test(a_group_has_one_state_and_one_timeout),
        cmocka_unit_test(what_a_processor_does_wrong_stops_the_query),
        cmocka_unit_test(what_cannot_be_built_is_refused),
        cmocka_unit_test(modes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
