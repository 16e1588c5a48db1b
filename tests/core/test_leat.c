/*
 * The builder, and rows through whole queries: pushed in, filtered, selected, read out, fused and
 * in stages, to one sink and to several.
 */
#include "core/leat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/doors.h"

struct fixture {
    leat_context *context;
    leat_input *input;
    leat_output *output;
    leat_stream *in;
    struct doors_rows *rows;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->context = leat_context_create();
    f->input = leat_input_create(f->context, DOORS_SCHEMA, 4096);
    f->output = leat_output_create(f->context, 4096);
    f->in = leat_read_input(f->input);
    f->rows = calloc(1, sizeof *f->rows);
    *state = f;
    return f->in == NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    leat_context_destroy(f->context);
    free(f->rows);
    free(f);
    return 0;
}

/* ------------------------------------------------------------------------------------- builder */

static void the_version_and_the_statuses_have_names(void **state)
{
    (void)state;
    assert_true(strchr(leat_version(), '.') != NULL);
    assert_string_equal(leat_status_name(LEAT_ERROR_NOT_FOUND), "NOT_FOUND");
    assert_string_equal(leat_status_name(LEAT_OK), "OK");
    assert_non_null(leat_status_name(-999));
}

static void null_handles_are_refused_and_never_crash(void **state)
{
    (void)state;
    leat_context_destroy(NULL);
    leat_query_destroy(NULL);
    leat_options_destroy(NULL);
    assert_null(leat_read(NULL, "rate", leat_options_of("rowsPerSecond", "1", NULL), NULL));
    assert_null(leat_filter(NULL, "true"));
    assert_null(leat_select(NULL, "*"));
    assert_null(leat_apply(NULL, NULL));
    assert_null(leat_read_input(NULL));
    assert_null(leat_stream_schema(NULL));
    assert_null(leat_query_create(NULL, leat_options_of("queryName", "q", NULL)));
    assert_int_equal(leat_start(NULL), LEAT_ERROR_INVALID);
    assert_int_equal(leat_await(NULL, 0), LEAT_ERROR_INVALID);
    assert_int_equal(leat_query_write(NULL, NULL, "noop", leat_options_create()),
                     LEAT_ERROR_INVALID);
    assert_string_equal(leat_query_error(NULL), "");
    assert_string_equal(leat_context_error(NULL), "");
    assert_false(leat_is_active(NULL));
}

static void an_unknown_source_names_the_nearest(void **state)
{
    struct fixture *f = *state;
    assert_null(leat_read(f->context, "ratte", NULL, NULL));
    assert_string_equal(leat_context_error(f->context),
                        "unknown source \"ratte\"; hint: did you mean \"rate\"");
    assert_string_equal(leat_context_error_condition(f->context), "DATA_SOURCE_NOT_FOUND");
    assert_string_equal(leat_context_error_sqlstate(f->context), "42K02");
    assert_int_equal(leat_context_error_status(f->context), LEAT_ERROR_NOT_FOUND);
}

static void the_first_error_of_a_chain_stays_readable(void **state)
{
    struct fixture *f = *state;
    assert_null(leat_select(leat_filter(leat_read(f->context, "nothing", NULL, NULL), "n >"), "*"));
    assert_non_null(strstr(leat_context_error(f->context), "unknown source \"nothing\""));
    leat_query *query = leat_query_create(f->context, NULL);
    assert_int_equal(leat_query_write(query, NULL, "noop", NULL), LEAT_ERROR_NOT_FOUND);
    assert_string_equal(leat_query_error(query), leat_context_error(f->context));
    leat_context_clear_error(f->context);
    assert_string_equal(leat_context_error(f->context), "");
    assert_int_equal(leat_query_write(query, NULL, "noop", NULL), LEAT_ERROR_INVALID);
    leat_query_destroy(query);
}

static void a_text_that_does_not_parse_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    assert_null(leat_filter(f->in, "n > > 1"));
    assert_string_equal(leat_context_error_condition(f->context), "PARSE_SYNTAX_ERROR");
    assert_int_equal(leat_context_error_status(f->context), LEAT_ERROR_PARSE);
    leat_context_clear_error(f->context);
    assert_null(leat_select(f->in, "n,"));
    assert_int_equal(leat_context_error_status(f->context), LEAT_ERROR_PARSE);
    leat_context_clear_error(f->context);
    assert_null(leat_input_create(f->context, "n BIGGINT", 16));
    assert_int_not_equal(leat_context_error_status(f->context), LEAT_OK);
}

static void a_name_that_does_not_resolve_is_told_by_the_schema(void **state)
{
    struct fixture *f = *state;
    leat_stream *stream = leat_filter(f->in, "m > 1");
    assert_non_null(stream);
    assert_null(leat_stream_schema(stream));
    assert_string_equal(leat_context_error_condition(f->context),
                        "UNRESOLVED_COLUMN.WITH_SUGGESTION");
}

static void a_name_that_does_not_resolve_is_told_by_the_start(void **state)
{
    struct fixture *f = *state;
    leat_query *query = leat_query_create(f->context, doors_options("1", NULL));
    assert_int_equal(leat_query_write_output(query, leat_filter(f->in, "m > 1"), f->output), 0);
    assert_int_equal(leat_start(query), LEAT_ERROR_ANALYSIS);
    assert_string_equal(leat_query_error_condition(query), "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    assert_string_equal(leat_query_error_sqlstate(query), "42703");
    assert_non_null(strstr(leat_query_error(query), "cannot start the query: "));
    assert_false(leat_is_active(query));
    leat_query_destroy(query);
}

static void the_schema_of_a_stream_is_its_ddl(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(leat_stream_schema(f->in), DOORS_SCHEMA);
    const char *schema = leat_stream_schema(leat_select(f->in, "t, n + 1 as next"));
    assert_string_equal(schema, "t STRING,next BIGINT");
}

static void an_unknown_setting_names_the_nearest(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(leat_context_set(f->context, "spark.sql.ansi.enable", "false"),
                     LEAT_ERROR_INVALID);
    assert_string_equal(leat_context_error(f->context),
                        "no setting of expressions is called \"spark.sql.ansi.enable\"; hint: did "
                        "you mean \"spark.sql.ansi.enabled\"?");
    leat_context_clear_error(f->context);
    assert_int_equal(leat_context_set(f->context, "spark.sql.session.timeZone", "Mars/Olympus"),
                     LEAT_ERROR_INVALID);
    assert_string_equal(leat_context_error_condition(f->context), "INVALID_CONF_VALUE.TIME_ZONE");
    assert_int_equal(leat_context_set(f->context, NULL, "x"), LEAT_ERROR_INVALID);
}

static void a_wrong_option_is_told_by_who_it_is_for(void **state)
{
    struct fixture *f = *state;
    leat_query *query = leat_query_create(f->context, leat_options_of("stagse", "2", NULL));
    assert_int_equal(leat_query_write_output(query, f->in, f->output), LEAT_OK);
    assert_int_equal(leat_start(query), LEAT_ERROR_INVALID);
    assert_non_null(strstr(leat_query_error(query), "stagse"));
    assert_non_null(strstr(leat_query_error(query), "stages"));
    leat_query_destroy(query);
    assert_null(leat_read(f->context, "rate", leat_options_of("", "x", NULL), NULL));
    assert_int_equal(leat_context_error_status(f->context), LEAT_ERROR_INVALID);
}

static void structs_of_another_size_are_refused_or_completed(void **state)
{
    struct fixture *f = *state;
    leat_operator op = {.size = 0, .name = "none"};
    assert_null(leat_apply(f->in, &op));
    assert_non_null(strstr(leat_context_error(f->context), "sizeof(leat_operator)"));
    leat_context_clear_error(f->context);
    op.size = sizeof op + 8;
    char bigger[sizeof op + 8] = {0};
    memcpy(bigger, &op, sizeof op);
    assert_null(leat_apply(f->in, (const leat_operator *)(void *)bigger));
    assert_int_equal(leat_context_error_status(f->context), LEAT_ERROR_UNSUPPORTED);
    leat_context_clear_error(f->context);
    op.size = sizeof op;
    assert_null(leat_apply(f->in, &op));
    assert_string_equal(leat_context_error(f->context),
                        "operator \"none\" has no process function");
}

/* ------------------------------------------------------------------------------- whole queries */

static leat_query *query_of(struct fixture *f, leat_stream *stream, const char *stages)
{
    leat_query *query = leat_query_create(f->context, doors_options(stages, NULL));
    int code = leat_query_write_output(query, stream, f->output);
    if (code != LEAT_OK)
        fail_msg("%s", leat_query_error(query));
    return query;
}

static uint64_t filtered_by(leat_query *query)
{
    leat_totals totals = {.size = sizeof totals};
    assert_int_equal(leat_query_totals(query, &totals), LEAT_OK);
    return totals.records_filtered;
}

static void settings_say_what_is_built_after_them(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(leat_context_set(f->context, "spark.sql.ansi.enabled", "false"), LEAT_OK);
    leat_stream *after = leat_select(f->in, "cast(t as bigint) as n, t");
    leat_query *query = query_of(f, after, "1");
    doors_start(query);
    doors_push(f->input, 0, 3);
    doors_finish(query, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 3);
    assert_int_equal(f->rows->numbers[2], -1); /* "t2" is no number: NULL, not an error */
    leat_query_destroy(query);
}

static void what_was_built_before_a_setting_keeps_the_older_one(void **state)
{
    struct fixture *f = *state;
    leat_stream *before = leat_select(f->in, "cast(t as bigint) as n, t");
    assert_int_equal(leat_context_set(f->context, "spark.sql.ansi.enabled", "false"), LEAT_OK);
    leat_query *query = query_of(f, before, "1");
    doors_start(query);
    doors_push(f->input, 0, 1);
    leat_input_end(f->input);
    assert_int_equal(leat_await(query, DOORS_PATIENCE_NS), LEAT_ERROR_RECORD);
    assert_string_equal(leat_query_error_condition(query), "CAST_INVALID_INPUT");
    assert_string_equal(leat_query_error_sqlstate(query), "22018");
    leat_query_destroy(query);
}

static void run_through(struct fixture *f, const char *stages)
{
    leat_stream *kept = leat_select(leat_filter(f->in, "n % 3 = 0"), "n * 2 as n, concat(t, '!')");
    leat_query *query = query_of(f, kept, stages);
    doors_start(query);
    doors_push(f->input, 0, 3000);
    doors_finish(query, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(f->rows->numbers[i], i * 6);
        assert_int_equal(f->rows->offsets[i], i * 3);
    }
    assert_string_equal(f->rows->texts[1], "t3!");
    assert_int_equal(filtered_by(query), 2000);
    leat_query_destroy(query);
}

static void rows_pass_a_fused_lane_in_order(void **state)
{
    run_through(*state, "1");
}

static void rows_pass_two_stages_in_order(void **state)
{
    run_through(*state, "2");
}

static void rows_pass_three_stages_in_order(void **state)
{
    run_through(*state, "3");
}

/* `never` would fail for every row; as in Spark, what nobody reads is not computed. */
static void steps_are_put_together_and_keep_what_is_read(void **state)
{
    struct fixture *f = *state;
    leat_stream *first = leat_select(f->in, "n * 2 as m, upper(t) as t, 1 / (n - n) as never");
    leat_stream *last = leat_select(leat_filter(first, "m % 6 = 0"), "m + 1 as n, t || m");
    leat_query *query = query_of(f, last, "1");
    doors_start(query);
    doors_push(f->input, 0, 300);
    doors_finish(query, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 100);
    assert_int_equal(f->rows->numbers[1], 7);
    assert_string_equal(f->rows->texts[1], "T36");
    assert_int_equal(filtered_by(query), 200);
    leat_query_destroy(query);
}

static void rows_pushed_before_the_start_are_read(void **state)
{
    struct fixture *f = *state;
    leat_query *query = query_of(f, f->in, "1");
    doors_push(f->input, 0, 10);
    assert_int_equal(leat_query_trigger_available_now(query), LEAT_OK);
    doors_start(query);
    doors_finish(query, NULL, f->output, f->rows);
    assert_int_equal(f->rows->count, 10);
    leat_query_destroy(query);
}

static void several_sinks_share_a_stream_and_have_their_own_steps(void **state)
{
    struct fixture *f = *state;
    leat_output *even = leat_output_create(f->context, 4096);
    leat_stream *shared = leat_filter(f->in, "n < 100");
    leat_query *query = query_of(f, shared, "1");
    assert_int_equal(leat_query_write_output(query, leat_filter(shared, "n % 2 = 0"), even), 0);
    assert_int_equal(leat_query_write(query, shared, "noop", NULL), 0);
    doors_start(query);
    doors_push(f->input, 0, 200);
    struct doors_rows *even_rows = calloc(1, sizeof *even_rows);
    assert_true(doors_collect(even, even_rows, 50));
    doors_finish(query, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 100);
    assert_int_equal(even_rows->numbers[49], 98);
    int64_t read = 0;
    assert_true(leat_query_counter(query, "lane0.source.records", &read));
    assert_int_equal(read, 200);               /* once, not once per sink */
    assert_int_equal(filtered_by(query), 100); /* by the filter that they share */
    free(even_rows);
    leat_query_destroy(query);
}

static void one_output_cannot_be_two_sinks(void **state)
{
    struct fixture *f = *state;
    leat_query *query = query_of(f, f->in, "1");
    assert_int_equal(leat_query_write_output(query, f->in, f->output), LEAT_OK);
    assert_int_equal(leat_start(query), LEAT_ERROR_BUSY);
    leat_query_destroy(query);
}

static void a_full_output_holds_the_input_back(void **state)
{
    struct fixture *f = *state;
    leat_output *narrow = leat_output_create(f->context, 64);
    leat_input *small = leat_input_create(f->context, DOORS_SCHEMA, 256);
    leat_query *query = leat_query_create(f->context, doors_options("1", NULL));
    assert_int_equal(leat_query_write_output(query, leat_read_input(small), narrow), LEAT_OK);
    doors_start(query);
    uint32_t pushed = 0, refused = 0;
    while (refused < 200) {
        leat_row *row = leat_input_claim(small);
        if (row == NULL) {
            refused++;
            doors_nap();
            continue;
        }
        leat_row_set_i64(row, 0, pushed++);
        (void)leat_input_commit(small, row); /* the offset is `pushed` */
    }
    assert_int_equal(pushed, 320); /* 256 rows on their way, and 64 copies in the output */
    leat_query_destroy(query);
}

static void columns_that_were_not_set_are_null(void **state)
{
    struct fixture *f = *state;
    leat_query *query = query_of(f, f->in, "1");
    doors_start(query);
    leat_row *aborted = leat_input_claim(f->input);
    leat_input_abort(f->input, aborted);
    leat_row *row = leat_input_claim(f->input);
    assert_int_equal(leat_row_column_count(row), 2);
    assert_true(leat_row_is_null(row, 0));
    assert_true(leat_row_is_null(row, 1));
    size_t size_bytes = 7;
    assert_null(leat_row_bytes(row, 1, &size_bytes));
    assert_int_equal(size_bytes, 0);
    assert_int_equal(leat_row_set_bytes(row, 1, "", 0), LEAT_OK);
    assert_non_null(leat_row_bytes(row, 1, &size_bytes));
    leat_row_set_null(row, 1);
    assert_true(leat_row_is_null(row, 1));
    memcpy(leat_row_reserve(row, 1, 2), "ok", 2);
    assert_int_equal(leat_input_commit(f->input, row), 0);
    doors_finish(query, f->input, f->output, f->rows);
    assert_int_equal(f->rows->count, 1);
    assert_int_equal(f->rows->numbers[0], -1);
    assert_string_equal(f->rows->texts[0], "ok");
    leat_query_destroy(query);
}

static void two_queries_of_one_context_share_a_source_description(void **state)
{
    struct fixture *f = *state;
    leat_stream *stream =
        leat_read(f->context, "rate", leat_options_of("rowsPerSecond", "1000", NULL), NULL);
    leat_output *second = leat_output_create(f->context, 4096);
    leat_stream *values = leat_select(stream, "value");
    leat_query *a = query_of(f, values, "1");
    leat_query *b = leat_query_create(f->context, doors_options("1", NULL));
    assert_int_equal(leat_query_write_output(b, values, second), LEAT_OK);
    doors_start(a);
    doors_start(b);
    assert_true(doors_collect(f->output, f->rows, 5));
    leat_query_destroy(a);
    f->rows->count = 0;
    assert_true(doors_collect(second, f->rows, 5));
    leat_query_destroy(b);
}

static void rows_that_were_not_taken_outlive_the_query(void **state)
{
    struct fixture *f = *state;
    leat_query *query = query_of(f, f->in, "1");
    doors_start(query);
    doors_push(f->input, 0, 20);
    leat_input_end(f->input);
    assert_int_equal(leat_await(query, DOORS_PATIENCE_NS), LEAT_OK);
    leat_query_destroy(query);
    assert_true(doors_collect(f->output, f->rows, 20));
    assert_int_equal(f->rows->numbers[19], 19);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_version_and_the_statuses_have_names),
        TEST(null_handles_are_refused_and_never_crash),
        TEST(an_unknown_source_names_the_nearest),
        TEST(the_first_error_of_a_chain_stays_readable),
        TEST(a_text_that_does_not_parse_is_refused_at_once),
        TEST(a_name_that_does_not_resolve_is_told_by_the_schema),
        TEST(a_name_that_does_not_resolve_is_told_by_the_start),
        TEST(the_schema_of_a_stream_is_its_ddl),
        TEST(an_unknown_setting_names_the_nearest),
        TEST(a_wrong_option_is_told_by_who_it_is_for),
        TEST(structs_of_another_size_are_refused_or_completed),
        TEST(settings_say_what_is_built_after_them),
        TEST(what_was_built_before_a_setting_keeps_the_older_one),
        TEST(rows_pass_a_fused_lane_in_order),
        TEST(rows_pass_two_stages_in_order),
        TEST(rows_pass_three_stages_in_order),
        TEST(steps_are_put_together_and_keep_what_is_read),
        TEST(rows_pushed_before_the_start_are_read),
        TEST(several_sinks_share_a_stream_and_have_their_own_steps),
        TEST(one_output_cannot_be_two_sinks),
        TEST(a_full_output_holds_the_input_back),
        TEST(columns_that_were_not_set_are_null),
        TEST(two_queries_of_one_context_share_a_source_description),
        TEST(rows_that_were_not_taken_outlive_the_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
