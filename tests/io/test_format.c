/*
 * Formats at bind: what is refused, and in which words; and what is rescued of records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text/json_write.h"
#include "io/feed.h"
#include "tests/support/collector.h"

struct reading {
    struct lt_out out;
    struct lt_arena *arena;
    struct lt_options *options;
    const struct lt_format *format;
    struct lt_text_buffer rows;
    struct lt_error error;
};

static void show_row(struct lt_out *out, struct lt_row *row)
{
    struct reading *reading = (struct reading *)(void *)out;
    const struct lt_struct values = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    lt_json_write_value(&reading->rows, reading->format->schema,
                        &(union lt_value){.structure = &values}, NULL);
    lt_text_append_char(&reading->rows, '\n');
    lt_row_release(row);
}

static void show_fault(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    struct reading *reading = (struct reading *)(void *)out;
    lt_text_format(&reading->rows, "!%s: %s\n", fault->stage, fault->text);
    lt_fault_destroy(fault);
    lt_row_release(row);
}

static int bind_format(struct reading *reading, const char *name, const char *ddl,
                       const char *const *options)
{
    const struct lt_type *schema = NULL;
    *reading = (struct reading){.out = {.emit = show_row, .fail = show_fault},
                                .arena = lt_arena_create(),
                                .options = collector_options(options)};
    lt_text_init(&reading->rows);
    if (ddl != NULL)
        assert_int_equal(lt_type_parse_ddl(ddl, reading->arena, &schema, NULL), 0);
    const struct lt_format_setup setup = {.name = name,
                                          .options = reading->options,
                                          .user_schema = schema,
                                          .owner = "source test"};
    return lt_format_bind(&setup, reading->arena, &reading->format, &reading->error);
}

static void tear_down(struct reading *reading)
{
    lt_text_fini(&reading->rows);
    lt_options_destroy(reading->options);
    lt_arena_destroy(reading->arena);
}

static void refuses(const char *name, const char *ddl, const char *option, const char *expected)
{
    struct reading reading;
    const char *const options[] = {option, NULL};
    assert_int_not_equal(bind_format(&reading, name, ddl, option == NULL ? NULL : options), 0);
    assert_string_equal(reading.error.text, expected);
    tear_down(&reading);
}

static void what_cannot_be_read_is_told_at_the_start(void **state)
{
    (void)state;
    refuses("xml", NULL, NULL, "source test: the format \"xml\" is unknown");
    refuses("json", NULL, NULL,
            "source test: Schema must be specified when creating a streaming source DataFrame: the "
            "format json has the columns that it is given; hint: --schema 'id BIGINT, name "
            "STRING', or the columns of CREATE TABLE");
    refuses("text", "a INT, b INT", NULL,
            "source test: the format text has one column, of the type STRING, and the schema has "
            "others; hint: leave the schema out, or choose the format json or csv");
    refuses("csv", "a ARRAY<INT>", NULL,
            "source test: Unsupported data type \"ARRAY<INT>\"; hint: CSV holds no such column as "
            "\"a\"");
    refuses("json", "a INT, _corrupt_record INT", NULL,
            "source test: the column \"_corrupt_record\" for corrupt records must have the "
            "nullable STRING type");
    refuses("json", "a INT", "sep=;",
            "source test: option \"sep\" (test): the format json has no such option");
    refuses("text", NULL, "header=true",
            "source test: option \"header\" (test): the format text has no such option");
    refuses("csv", "a INT", "quote=ab",
            "source test: option \"quote\" (test): CSV option \"quote\": \"ab\" is not one ASCII "
            "character");
    refuses("csv", "a INT", "encoding=UTF-16",
            "source test: option \"encoding\": UTF-16 has its byte order in front of the first "
            "line alone; hint: name it, as UTF-16LE or UTF-16BE");
    refuses("csv", "a INT", "charset=KOI8-R",
            "source test: option \"encoding\": \"KOI8-R\" is not supported; hint: UTF-8, "
            "US-ASCII, ISO-8859-1, windows-1252, UTF-16LE, UTF-16BE, UTF-32LE and UTF-32BE are, "
            "and of whole files UTF-16 and UTF-32");
    refuses("json", "a INT", "encoding=UTF-16LE",
            "source test: The lineSep option must be specified for the UTF-16LE encoding; hint: "
            "lineSep \\n");
    refuses("raw", NULL, "encoding=UTF-16LE",
            "source test: option \"encoding\" (test): the format raw has no such option");
    static const char *const many[] = {"encoding=utf-32be", "multiLine=true", NULL};
    struct reading reading;
    assert_int_not_equal(bind_format(&reading, "csv", "a INT", many), 0);
    assert_string_equal(reading.error.text,
                        "source test: option \"encoding\": UTF-32BE is not read with multiLine; "
                        "hint: make it UTF-8");
    tear_down(&reading);
    refuses("csv", "a INT, b INT, A STRING", NULL,
            "source test: The column `a` already exists. Choose another name or rename the "
            "existing column.");
    refuses("csv", "a DATE", "dateFormat=qq",
            "source test: option \"dateFormat\": Unrecognized datetime pattern: qq. Illegal "
            "pattern character found in datetime pattern: q. Please provide legal character");
    refuses("json", "a INT", "rescuedDataColumn=r",
            "source test: option \"rescuedDataColumn\": the schema has no column \"r\" of the type "
            "STRING; hint: add it to the schema");
    refuses("csv", "r STRING, a INT", "rescuedDataColumn=r",
            "source test: option \"rescuedDataColumn\": \"r\" is not the last column; hint: values "
            "of CSV go to columns by their place");
}

static void frames_that_make_no_sense_are_told_at_the_start(void **state)
{
    (void)state;
    refuses("text", NULL, "frame=fixed",
            "source test: option \"frame\": fixed needs the option frameBytes");
    refuses("text", NULL, "frameBytes=3",
            "source test: option \"frameBytes\": only records of frame fixed have it");
    refuses("text", NULL, "byteOrder=little",
            "source test: option \"byteOrder\": only the frames length2 and length4 have one");
    refuses("text", NULL, "lineSep=", "source test: option \"lineSep\": it has 1 to 64 bytes");
    struct reading reading;
    static const char *const both[] = {"frame=length2", "lineSep=;", NULL};
    assert_int_not_equal(bind_format(&reading, "text", NULL, both), 0);
    assert_string_equal(reading.error.text,
                        "source test: option \"lineSep\": only records of frame line end with it");
    tear_down(&reading);
}

static void a_query_of_the_corrupt_record_alone_is_refused(void **state)
{
    (void)state;
    struct reading reading;
    struct lt_format_reader *reader;
    static const uint64_t used = 2;
    assert_int_equal(bind_format(&reading, "json", "a INT, _corrupt_record STRING", NULL), 0);
    assert_int_not_equal(
        lt_format_reader_create(reading.format, &used, "source test", &reader, &reading.error), 0);
    assert_string_equal(reading.error.condition,
                        "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN");
    tear_down(&reading);
}

static void reads_bytes(const char *name, const char *ddl, const char *const *options,
                        const char *text, size_t size_bytes, const char *expected)
{
    struct reading reading;
    struct lt_format_reader *reader;
    struct lt_feed *feed;
    enum lt_poll_status status;
    assert_int_equal(bind_format(&reading, name, ddl, options), 0);
    assert_int_equal(lt_format_reader_create(reading.format, NULL, "source test", &reader, NULL),
                     0);
    const struct lt_feed_options feed_options = {
        .reader = reader,
        .clock = lt_clock_system(),
        .column_count = reading.format->schema->field_count,
        .row_capacity = 2};
    assert_int_equal(lt_feed_create(&feed_options, &feed, NULL), 0);
    struct lt_feed_space space = lt_feed_space(feed, size_bytes);
    memcpy(space.data, text, size_bytes);
    lt_feed_filled(feed, size_bytes);
    lt_feed_end(feed);
    do {
        (void)lt_feed_poll(feed, &reading.out, 10, &status);
    } while (status == LT_POLL_MORE);
    assert_int_equal(status, LT_POLL_ENDED);
    assert_string_equal(lt_text_get(&reading.rows), expected);
    lt_feed_destroy(feed);
    lt_format_reader_destroy(reader);
    tear_down(&reading);
}

static void reads(const char *name, const char *ddl, const char *const *options, const char *text,
                  const char *expected)
{
    reads_bytes(name, ddl, options, text, strlen(text), expected);
}

/* The text in the charset, which is not to be seen in what is read. */
static void reads_in(const char *charset, const char *name, const char *ddl, const char *option,
                     const char *text, const char *expected)
{
    char bytes[512], encoding[64];
    size_t size_bytes;
    assert_true(lt_charset_from_utf8(lt_charset_of(charset), text, strlen(text), bytes,
                                     sizeof bytes, &size_bytes));
    snprintf(encoding, sizeof encoding, "encoding=%s", charset);
    const char *const options[] = {encoding, option, NULL};
    reads_bytes(name, ddl, options, bytes, size_bytes, expected);
}

static void records_of_other_charsets_are_read_as_what_they_say(void **state)
{
    (void)state;
    static const char *const charsets[] = {"ISO-8859-1", "windows-1252", "UTF-16LE",
                                           "UTF-16BE",   "UTF-32LE",     "UTF-32BE"};
    for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++) {
        reads_in(charsets[i], "text", NULL, NULL, "\xc3\xbc 1\r\n\n\xc3\xa9",
                 "{\"value\":\"\xc3\xbc 1\"}\n{\"value\":\"\"}\n{\"value\":\"\xc3\xa9\"}\n");
        reads_in(charsets[i], "csv", "a INT, b STRING", "sep=\xc2\xa7",
                 "1\xc2\xa7\xc3\xa4\n2\xc2\xa7x\n",
                 "{\"a\":1,\"b\":\"\xc3\xa4\"}\n{\"a\":2,\"b\":\"x\"}\n");
        reads_in(charsets[i], "json", "a STRING", "lineSep=\n",
                 "[{\"a\":\"\xc3\xbc\"},{\"a\":\"y\"},{\"a\":\"z\"}]\n{\"a\":\"\xc3\xb6\"}",
                 "{\"a\":\"\xc3\xbc\"}\n{\"a\":\"y\"}\n{\"a\":\"z\"}\n{\"a\":\"\xc3\xb6\"}\n");
    }
    /* U+010A and U+0A00 have a line feed's bytes, of which none begins where a character does. */
    reads_in("UTF-16BE", "text", NULL, NULL, "a\xc4\x8a\xe0\xa8\x80z\nb",
             "{\"value\":\"a\xc4\x8a\xe0\xa8\x80z\"}\n{\"value\":\"b\"}\n");
}

static void marks_of_the_byte_order_are_no_part_of_the_text(void **state)
{
    (void)state;
    static const char *const little[] = {"encoding=UTF-16LE", NULL};
    static const char *const any[] = {"encoding=UTF-16", "wholetext=true", NULL};
    static const char *const ascii[] = {"encoding=US-ASCII", NULL};
    reads_bytes("text", NULL, little, "\xff\xfe\x61\0\n\0\xff\xfe", 8,
                "{\"value\":\"a\"}\n{\"value\":\"\xef\xbb\xbf\"}\n");
    reads_bytes("text", NULL, any, "\xff\xfe\x61\0\n\0", 6, "{\"value\":\"a\\n\"}\n");
    reads_bytes("text", NULL, any, "\xfe\xff\0\x61", 4, "{\"value\":\"a\"}\n");
    reads_bytes("text", NULL, any, "\0\x61", 2, "{\"value\":\"a\"}\n");
    /* What is no character: half of a pair, half of a unit, a byte of no ASCII. */
    reads_bytes("text", NULL, little, "\x00\xd8\x61\0\x62", 5,
                "{\"value\":\"\xef\xbf\xbd\x61\xef\xbf\xbd\"}\n");
    reads_bytes("text", NULL, ascii, "a\xe4", 2, "{\"value\":\"a\xef\xbf\xbd\"}\n");
}

static void what_columns_do_not_show_is_rescued_of_json(void **state)
{
    (void)state;
    static const char *const options[] = {"rescuedDataColumn=r", NULL};
    static const char *const drops[] = {"rescuedDataColumn=r", "mode=DROPMALFORMED", NULL};
    static const char *const fails[] = {"rescuedDataColumn=r", "mode=FAILFAST", NULL};
    const char *ddl = "a INT, r STRING, s STRUCT<p: INT>";
    reads("json", ddl, options, "{\"a\":1}\n{\"a\":1,\"b\":[1, \"x\"],\"c\":null}\n",
          "{\"a\":1}\n{\"a\":1,\"r\":\"{\\\"b\\\":[1,\\\"x\\\"],\\\"c\\\":null}\"}\n");
    reads("json", ddl, options, "{\"a\":\"x\",\"r\":5}\n{\"a\":null,\"s\":{\"p\":1}}\n",
          "{\"r\":\"{\\\"a\\\":\\\"x\\\",\\\"r\\\":5}\"}\n{\"s\":{\"p\":1}}\n");
    reads("json", ddl, options, "{\"a\":1,\"s\":{\"p\":\"x\"}}\n{\"a\":1\n",
          "{\"a\":1,\"r\":\"{\\\"s\\\":{\\\"p\\\":\\\"x\\\"}}\",\"s\":{}}\n{}\n");
    reads("json", ddl, options, "[{\"a\":1},{\"a\":2,\"b\":3},{\"a\":true}]\n[]\n",
          "{\"a\":1}\n{\"a\":2,\"r\":\"{\\\"b\\\":3}\"}\n{\"r\":\"{\\\"a\\\":true}\"}\n");
    reads("json", ddl, drops, "{\"a\":\"x\"}\n{\"a\":1\nnull\n",
          "{\"r\":\"{\\\"a\\\":\\\"x\\\"}\"}\n");
    reads("json", ddl, fails, "{\"a\":\"x\"}\n1\n",
          "{\"r\":\"{\\\"a\\\":\\\"x\\\"}\"}\n!source test: Malformed records are detected in "
          "record parsing: a value does not fit its field. Parse Mode: FAILFAST. To process "
          "malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'\n");
}

static void what_columns_do_not_show_is_rescued_of_csv(void **state)
{
    (void)state;
    static const char *const options[] = {"rescuedDataColumn=r", "mode=FAILFAST", NULL};
    reads("csv", "a INT, b STRING, r STRING", options,
          "1,x\n2,y,z,,w\nv,y\n3\n,\n4,\"q\\\"\",\"u\"\n",
          "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\",\"r\":\"{\\\"_c2\\\":\\\"z\\\",\\\"_c4\\\":"
          "\\\"w\\\"}\"}\n{\"b\":\"y\",\"r\":\"{\\\"a\\\":\\\"v\\\"}\"}\n{\"a\":3}\n{}\n"
          "{\"a\":4,\"b\":\"q\\\"\",\"r\":\"{\\\"_c2\\\":\\\"u\\\"}\"}\n");
}

static void malformed_records_are_counted(void **state)
{
    (void)state;
    struct reading reading;
    struct lt_format_reader *reader;
    struct lt_feed *feed;
    struct lt_counters *counters;
    enum lt_poll_status status;
    static const char *const options[] = {"mode=DROPMALFORMED", NULL};
    static const char text[] = "{\"a\":1}\n{\"a\":\"x\"}\n{\n\n";
    assert_int_equal(bind_format(&reading, "json", "a INT", options), 0);
    assert_int_equal(lt_format_reader_create(reading.format, NULL, "source test", &reader, NULL),
                     0);
    assert_int_equal(lt_counters_create(NULL, "test", &counters, NULL), 0);
    const struct lt_feed_options feed_options = {.reader = reader,
                                                 .clock = lt_clock_system(),
                                                 .counters = counters,
                                                 .counter_prefix = "test.",
                                                 .column_count = 1,
                                                 .row_capacity = 2};
    assert_int_equal(lt_feed_create(&feed_options, &feed, NULL), 0);
    memcpy(lt_feed_space(feed, sizeof text).data, text, strlen(text));
    lt_feed_filled(feed, strlen(text));
    assert_int_equal(lt_feed_poll(feed, &reading.out, 10, &status), 1);
    assert_int_equal(lt_feed_poll(feed, &reading.out, 10, &status), 0);
    assert_int_equal(lt_counters_count(counters), 2);
    for (size_t i = 0; i < 2; i++) {
        struct lt_counter_info counter = lt_counters_at(counters, i);
        assert_string_equal(counter.name, i == 0 ? "test.malformed" : "test.malformed_dropped");
        assert_int_equal(lt_load_relaxed_u64(counter.value), 2);
    }
    lt_feed_destroy(feed);
    lt_counters_close(counters);
    lt_format_reader_destroy(reader);
    tear_down(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_read_is_told_at_the_start),
        cmocka_unit_test(frames_that_make_no_sense_are_told_at_the_start),
        cmocka_unit_test(a_query_of_the_corrupt_record_alone_is_refused),
        cmocka_unit_test(records_of_other_charsets_are_read_as_what_they_say),
        cmocka_unit_test(marks_of_the_byte_order_are_no_part_of_the_text),
        cmocka_unit_test(what_columns_do_not_show_is_rescued_of_json),
        cmocka_unit_test(what_columns_do_not_show_is_rescued_of_csv),
        cmocka_unit_test(malformed_records_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
