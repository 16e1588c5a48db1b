/*
 * Writers: what records look like in each format and frame.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/format_write.h"
#include "tests/support/collector.h"

struct fixture {
    struct lt_arena *arena;
    struct lt_options *options;
    struct lt_row_pool *pool;
    struct lt_format_writer *writer;
    struct lt_text_buffer out;
    struct lt_error error;
};

/* Of the next writer: the columns that it does not write, and its frame. */
static const uint64_t *left_out_columns;
static enum lt_frame_kind default_frame;

static int create(struct fixture *fixture, const char *format, const char *schema,
                  const char *const *options)
{
    const struct lt_type *type;
    *fixture = (struct fixture){.arena = lt_arena_create()};
    fixture->options = collector_options(options);
    lt_text_init(&fixture->out);
    assert_int_equal(lt_type_parse_ddl(schema, fixture->arena, &type, NULL), 0);
    const struct lt_row_pool_options pool = {
        .column_count = type->field_count, .capacity = 2, .scratch_size_bytes = 256};
    assert_int_equal(lt_row_pool_create(&pool, &fixture->pool, NULL), 0);
    const struct lt_format_write_setup setup = {
        .name = format,
        .options = fixture->options,
        .schema = type,
        .left_out = left_out_columns,
        .owner = "sink test",
        .default_frame = default_frame};
    return lt_format_writer_create(&setup, &fixture->writer, &fixture->error);
}

static void tear_down(struct fixture *fixture)
{
    lt_format_writer_destroy(fixture->writer);
    lt_row_pool_destroy(fixture->pool);
    lt_text_fini(&fixture->out);
    lt_options_destroy(fixture->options);
    lt_arena_destroy(fixture->arena);
}

/* Writes a row of one text; NULL: a NULL. */
static bool write_text(struct fixture *fixture, const char *text, struct lt_fault **fault)
{
    struct lt_row *row = lt_row_claim(fixture->pool);
    assert_non_null(row);
    if (text == NULL)
        lt_row_set_null(row, 0);
    else
        lt_row_values(row)[0] = lt_value_text(text);
    bool is_written = lt_format_write(fixture->writer, row, &fixture->out, "sink test", fault);
    lt_row_release(row);
    return is_written;
}

static void expect_texts(const char *format, const char *const *options, const char *expected,
                         size_t size)
{
    struct fixture fixture;
    struct lt_fault *fault = NULL;
    assert_int_equal(create(&fixture, format, "line STRING", options), 0);
    assert_true(write_text(&fixture, "one", &fault));
    assert_true(write_text(&fixture, NULL, &fault));
    assert_true(write_text(&fixture, "two", &fault));
    assert_int_equal(fixture.out.size_bytes, size);
    assert_memory_equal(fixture.out.data, expected, size);
    tear_down(&fixture);
}

static void texts_stand_in_their_frames(void **state)
{
    (void)state;
    expect_texts("text", NULL, "one\n\ntwo\n", 9);
    expect_texts("raw", NULL, "one\n\ntwo\n", 9);
    static const char *const separator[] = {"lineSep=\r\n", NULL};
    expect_texts("text", separator, "one\r\n\r\ntwo\r\n", 12);
    static const char *const length2[] = {"frame=length2", NULL};
    expect_texts("text", length2, "\0\3one\0\0\0\3two", 12);
    static const char *const little[] = {"frame=length4", "byteOrder=little", NULL};
    expect_texts("text", little, "\3\0\0\0one\0\0\0\0\3\0\0\0two", 18);
    static const char *const varint[] = {"frame=varint", NULL};
    expect_texts("text", varint, "\3one\0\3two", 9);
    default_frame = LT_FRAME_DATAGRAM;
    expect_texts("text", NULL, "onetwo", 6);
    default_frame = LT_FRAME_LINE;
}

static void texts_are_written_in_other_charsets(void **state)
{
    (void)state;
    static const char *const latin[] = {"encoding=latin1", NULL};
    static const char *const wide[] = {"encoding=UTF-16LE", "lineSep=;", NULL};
    static const char *const counted[] = {"encoding=UTF-16BE", "frame=length2", NULL};
    struct fixture fixture;
    struct lt_fault *fault = NULL;
    expect_texts("text", latin, "one\n\ntwo\n", 9);
    expect_texts("text", wide, "o\0n\0e\0;\0;\0t\0w\0o\0;\0", 18);
    expect_texts("text", counted, "\0\6\0o\0n\0e\0\0\0\6\0t\0w\0o", 18);
    assert_int_equal(create(&fixture, "json", "a STRING", latin), 0);
    assert_true(write_text(&fixture, "\xc3\xbc\xe2\x82\xac", &fault)); /* and what it lacks */
    assert_string_equal(lt_text_get(&fixture.out), "{\"a\":\"\xfc?\"}\n");
    tear_down(&fixture);
}

static void a_record_that_fits_no_frame_fails_and_leaves_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    struct lt_fault *fault = NULL;
    static const char *const options[] = {"frame=fixed", "frameBytes=3", NULL};
    assert_int_equal(create(&fixture, "text", "line STRING", options), 0);
    assert_true(write_text(&fixture, "abc", &fault));
    assert_false(write_text(&fixture, "abcd", &fault));
    assert_string_equal(fault->text, "the record has another size than frameBytes");
    assert_string_equal(fault->stage, "sink test");
    assert_int_equal(fixture.out.size_bytes, 3);
    lt_fault_destroy(fault);
    tear_down(&fixture);
}

/* A row of "id INT, name STRING, at TIMESTAMP", and one whose columns are NULL but for the id. */
static void expect_rows(const char *format, const char *const *options, const uint64_t *left_out,
                        const char *expected)
{
    struct fixture fixture;
    struct lt_fault *fault = NULL;
    left_out_columns = left_out;
    assert_int_equal(create(&fixture, format, "id INT, name STRING, at TIMESTAMP", options), 0);
    left_out_columns = NULL;
    lt_format_write_begin(fixture.writer, &fixture.out);
    for (int64_t id = 1; id <= 2; id++) {
        struct lt_row *row = lt_row_claim(fixture.pool);
        lt_row_values(row)[0] = lt_value_i64(id);
        lt_row_values(row)[1] = lt_value_text("a, \"b\" ");
        lt_row_values(row)[2] = lt_value_i64(1767323045123456);
        for (uint32_t column = 1; id == 2 && column <= 2; column++)
            lt_row_set_null(row, column);
        assert_true(
            lt_format_write(fixture.writer, row, &fixture.out, "sink test", &fault));
        lt_row_release(row);
    }
    assert_string_equal(lt_text_get(&fixture.out), expected);
    tear_down(&fixture);
}

static void rows_are_objects(void **state)
{
    (void)state;
    expect_rows("json", NULL, NULL,
                "{\"id\":1,\"name\":\"a, \\\"b\\\" \",\"at\":\"2026-01-02T03:04:05.123Z\"}\n"
                "{\"id\":2}\n");
    static const char *const all[] = {"ignoreNullFields=false", "timeZone=Europe/Paris",
                                      "lineSep=|", NULL};
    static const uint64_t name = 2;
    expect_rows("json", all, &name,
                "{\"id\":1,\"at\":\"2026-01-02T04:04:05.123+01:00\"}|{\"id\":2,\"at\":null}|");
    static const char *const pattern[] = {"timestampFormat=dd/MM/yyyy HH:mm", NULL};
    expect_rows("json", pattern, &name, "{\"id\":1,\"at\":\"02/01/2026 03:04\"}\n{\"id\":2}\n");
}

static void rows_are_records_of_csv(void **state)
{
    (void)state;
    expect_rows("csv", NULL, NULL,
                "1,\"a, \\\"b\\\"\",2026-01-02T03:04:05.123Z\n2,,\n");
    static const char *const options[] = {"header=true", "sep=;", "nullValue=-", NULL};
    static const uint64_t at = 4;
    expect_rows("csv", options, &at, "id;name\n1;\"a, \\\"b\\\"\"\n2;-\n");
}

static void expect_error(const char *format, const char *schema, const char *const *options,
                         const char *expected)
{
    struct fixture fixture;
    assert_int_not_equal(create(&fixture, format, schema, options), 0);
    assert_string_equal(fixture.error.text, expected);
    tear_down(&fixture);
}

static void what_cannot_be_written_is_told_at_the_start(void **state)
{
    (void)state;
    expect_error("text", "a STRING, b STRING", NULL,
                 "sink test: Text data source supports only a single column, and you have 2 "
                 "columns; hint: choose the format json or csv");
    expect_error("text", "a INT", NULL,
                 "sink test: the Text datasource doesn't support the column `a` of the type "
                 "\"INT\"; hint: make it a STRING, or choose the format json or csv");
    static const char *const fixed[] = {"frame=fixed", NULL};
    expect_error("text", "a STRING", fixed,
                 "sink test: option \"frame\": fixed needs the option frameBytes");
    expect_error("csv", "a ARRAY<INT>", NULL,
                 "sink test: The CSV datasource doesn't support the column `a` of the type "
                 "\"ARRAY<INT>\"");
    static const char *const encoding[] = {"encoding=UTF-16", NULL};
    expect_error("json", "a INT", encoding,
                 "sink test: option \"encoding\": \"UTF-16\" is not written; hint: UTF-8, "
                 "US-ASCII, ISO-8859-1, windows-1252, UTF-16LE, UTF-16BE, UTF-32LE and "
                 "UTF-32BE are");
    static const char *const foreign[] = {"header=true", NULL};
    expect_error("text", "a STRING", foreign,
                 "sink test: option \"header\" (test): the format text has no such option");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stand_in_their_frames),
        cmocka_unit_test(texts_are_written_in_other_charsets),
        cmocka_unit_test(a_record_that_fits_no_frame_fails_and_leaves_nothing),
        cmocka_unit_test(rows_are_objects),
        cmocka_unit_test(rows_are_records_of_csv),
        cmocka_unit_test(what_cannot_be_written_is_told_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
