/* CSV records to structs: what Spark's from_csv and its file source give. */
#include "core/text/csv_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/json_write.h"
#include "tests/support/iso_times.h"

static struct lt_arena *arena;
static struct lt_csv_options options;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    lt_csv_options_init(&options);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static void *take_memory(void *context, size_t size_bytes)
{
    (void)context;
    return lt_arena_alloc(arena, size_bytes);
}
static const struct lt_codec_memory memory = {.alloc = take_memory};

static void set(const char *key, const char *value)
{
    assert_int_equal(lt_csv_options_set(&options, arena, key, value, NULL), 0);
}

/* All records of the text, as to_json shows them, one behind the other. */
static char *shown(struct lt_csv_reader *reader, const struct lt_type *type, const char *csv,
                   size_t size_bytes)
{
    static const struct lt_json_write_options all = {.keep_null_fields = true};
    struct lt_text_buffer out;
    size_t at = 0, used_bytes;
    lt_text_init(&out);
    do {
        /* In memory of its exact size, so that a sanitizer sees a byte too many. */
        union lt_value value;
        uint8_t *copy = malloc(size_bytes - at + 1);
        assert_non_null(copy);
        memcpy(copy + 1, csv + at, size_bytes - at);
        struct lt_bytes text = {.data = copy + 1, .size_bytes = (uint32_t)(size_bytes - at)};
        enum lt_codec_result result = lt_csv_read(reader, text, &memory, &used_bytes, &value);
        if (result == LT_CODEC_VALUE)
            lt_json_write_value(&out, type, &value, &all);
        else
            lt_text_append(&out, result == LT_CODEC_NULL     ? "-"
                                 : result == LT_CODEC_FAILED ? lt_csv_reader_condition(reader)
                                                             : "dropped");
        free(copy);
        assert_true(used_bytes != 0 || size_bytes == at);
        at += used_bytes;
    } while (at < size_bytes);
    return lt_text_take(&out);
}

static void reads_with(struct lt_csv_read_setup setup, const char *ddl, const char *csv,
                       const char *expected)
{
    struct lt_csv_reader *reader;
    assert_int_equal(lt_type_parse_ddl(ddl, arena, &setup.type, NULL), 0);
    setup.options = &options;
    setup.times = iso_times;
    assert_int_equal(lt_csv_reader_create(&setup, &reader, NULL), 0);
    char *text = shown(reader, setup.type, csv, strlen(csv));
    assert_string_equal(text, expected);
    free(text);
    lt_csv_reader_destroy(reader);
}

static void reads(const char *ddl, const char *csv, const char *expected)
{
    reads_with((struct lt_csv_read_setup){0}, ddl, csv, expected);
}

static const char two[] = "a INT, b STRING";

static void tokens_go_to_fields_and_the_rest_is_null(void **state)
{
    (void)state;
    reads(two, "1,x", "{\"a\":1,\"b\":\"x\"}");
    reads(two, "1", "{\"a\":1,\"b\":null}");
    reads(two, "1,x,y", "{\"a\":1,\"b\":\"x\"}");
    reads(two, "", "{\"a\":null,\"b\":null}");
    reads(two, ",", "{\"a\":null,\"b\":null}");
    reads(two, "x,y", "{\"a\":null,\"b\":\"y\"}");
    reads(two, " 1, x ", "{\"a\":null,\"b\":\" x \"}");
    reads(two, "1\nx", "{\"a\":null,\"b\":null}");
}

static void quotes_hold_delimiters_and_escapes(void **state)
{
    (void)state;
    reads(two, "1,\"x,y\"", "{\"a\":1,\"b\":\"x,y\"}");
    reads(two, "\"1\",x", "{\"a\":1,\"b\":\"x\"}");
    reads(two, "1,\"a\\\"b\"", "{\"a\":1,\"b\":\"a\\\"b\"}");
    reads(two, "1,\"a\\\\b\"", "{\"a\":1,\"b\":\"a\\\\b\"}");
    reads(two, "1,\"a\\b\"", "{\"a\":1,\"b\":\"a\\\\b\"}");
    reads(two, "1,a\\\"b", "{\"a\":1,\"b\":\"a\\\\\\\"b\"}");
    reads(two, "1,\"x\" ", "{\"a\":1,\"b\":\"x\"}");
    reads(two, "1,\"unterminated", "{\"a\":1,\"b\":\"unterminated\"}");
    reads(two, "1,\"", "{\"a\":1,\"b\":\"\\\"\"}");
    reads(two, "1,\"\"", "{\"a\":1,\"b\":null}");
    set("escape", "\"");
    reads(two, "1,\"x\"\"y\"", "{\"a\":1,\"b\":\"x\\\"y\"}");
    set("quote", "");
    reads(two, "1,\"x\"", "{\"a\":1,\"b\":\"\\\"x\\\"\"}");
}

static void unescaped_quotes_are_handled_as_asked(void **state)
{
    (void)state;
    static const char csv[] = "1,\"x\"y,z\",w";
    static const char type[] = "a INT, b STRING, c STRING, d STRING";
    reads(type, csv, "{\"a\":1,\"b\":\"\\\"x\\\"y\",\"c\":\"z\\\"\",\"d\":\"w\"}");
    reads(two, "1,\"x\"\"y\"", "{\"a\":1,\"b\":\"\\\"x\\\"\\\"y\\\"\"}");
    reads(type, "1,\"x\" y,z,w", "{\"a\":1,\"b\":\"\\\"x\\\" y\",\"c\":\"z\",\"d\":\"w\"}");
    set("unescapedQuoteHandling", "STOP_AT_CLOSING_QUOTE");
    reads(type, csv, "{\"a\":1,\"b\":\"x\\\"y,z\",\"c\":\"w\",\"d\":null}");
    set("unescapedQuoteHandling", "skip_value");
    reads(type, csv, "{\"a\":1,\"b\":null,\"c\":\"z\\\"\",\"d\":\"w\"}");
    set("unescapedQuoteHandling", "RAISE_ERROR");
    reads(type, csv, "MALFORMED_CSV_RECORD");
}

static void numbers_are_those_of_java(void **state)
{
    (void)state;
    static const char real[] = "a DOUBLE";
    reads(real, "1e3", "{\"a\":1000.0}");
    reads(real, "1d", "{\"a\":1.0}");
    reads(real, " 1.5 ", "{\"a\":1.5}");
    reads(real, "Inf", "{\"a\":\"Infinity\"}");
    reads(real, "-Infinity", "{\"a\":\"-Infinity\"}");
    reads(real, "inf", "{\"a\":null}");
    reads(real, "nan", "{\"a\":null}");
    reads("a FLOAT", "0.1", "{\"a\":0.1}");
    reads("a INT", "+1", "{\"a\":1}");
    reads("a TINYINT", "128", "{\"a\":null}");
    reads("a DECIMAL(5,2)", "\"1,000\"", "{\"a\":null}");
    reads("a DECIMAL(6,2)", "\"1,000\"", "{\"a\":1000.00}");
    reads("a DECIMAL(5,2)", "1.005", "{\"a\":1.01}");
    reads("a BOOLEAN", "TRUE", "{\"a\":true}");
    reads("a BOOLEAN", "t", "{\"a\":null}");
    reads("a BINARY", "abc", "{\"a\":\"YWJj\"}");
    reads("a TIMESTAMP, b DATE", "2024-01-02 03:04:05,2024-2-9",
          "{\"a\":\"2024-01-02T03:04:05.000Z\",\"b\":\"2024-02-09\"}");
}

static void options_say_what_is_nothing_and_what_parts(void **state)
{
    (void)state;
    set("sep", "||");
    reads(two, "1||x|y", "{\"a\":1,\"b\":\"x|y\"}");
    set("sep", "\\t");
    reads(two, "1\tx", "{\"a\":1,\"b\":\"x\"}");
    set("delimiter", ",");
    set("nullValue", "NA");
    set("emptyValue", "E");
    reads(two, "1,NA", "{\"a\":1,\"b\":null}");
    reads(two, "1,", "{\"a\":1,\"b\":null}");
    reads(two, "1,\"\"", "{\"a\":1,\"b\":\"E\"}");
    set("ignoreLeadingWhiteSpace", "true");
    set("ignoreTrailingWhiteSpace", "true");
    reads(two, " 1 , x ", "{\"a\":1,\"b\":\"x\"}");
    set("comment", "#");
    reads(two, "#1,x", "{\"a\":null,\"b\":null}");
    set("maxColumns", "1");
    reads(two, "1,x", "MALFORMED_CSV_RECORD");
    set("maxColumns", "2");
    set("maxCharsPerColumn", "2");
    reads(two, "1,xyz", "MALFORMED_CSV_RECORD");
}

static void modes_decide_about_malformed_records(void **state)
{
    (void)state;
    static const char type[] = "a INT, _corrupt_record STRING, b STRING";
    reads(type, "1,x", "{\"a\":1,\"_corrupt_record\":null,\"b\":\"x\"}");
    reads(type, "bad,x", "{\"a\":null,\"_corrupt_record\":\"bad,x\",\"b\":\"x\"}");
    reads(type, "1", "{\"a\":1,\"_corrupt_record\":\"1\",\"b\":null}");
    set("mode", "DROPMALFORMED");
    reads(two, "bad,x", "dropped");
    set("mode", "FAILFAST");
    reads(two, "1", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
}

static void a_source_has_lines_and_passes_over_what_is_no_record(void **state)
{
    (void)state;
    static const struct lt_csv_read_setup source = {.is_source = true};
    reads_with(source, two, "  ", "-");
    set("comment", "#");
    reads_with(source, two, "#1,x", "-");
    set("multiLine", "true");
    reads_with(source, two, "1,x\r\n#c\n\n2,\"y\nz\"\n3,\n",
               "{\"a\":1,\"b\":\"x\"}--{\"a\":2,\"b\":\"y\\nz\"}{\"a\":3,\"b\":null}");
}

static void fields_that_are_not_wanted_are_not_parsed(void **state)
{
    (void)state;
    static const bool wanted[] = {false, true};
    reads_with((struct lt_csv_read_setup){.is_wanted = wanted}, two, "bad,x,too,many",
               "{\"a\":null,\"b\":\"x\"}");
}

static void what_csv_does_not_hold_is_refused(void **state)
{
    (void)state;
    struct lt_csv_reader *reader;
    struct lt_error error;
    struct lt_csv_read_setup setup = {.options = &options, .times = iso_times};
    assert_int_equal(lt_type_parse_ddl("a ARRAY<INT>", arena, &setup.type, NULL), 0);
    assert_int_equal(lt_csv_reader_create(&setup, &reader, &error), LT_E_UNSUPPORTED);
    assert_string_equal(error.condition, "UNSUPPORTED_DATATYPE");
    assert_int_equal(lt_csv_options_set(&options, arena, "separator", ";", &error), LT_E_NOT_FOUND);
    assert_int_equal(lt_csv_options_set(&options, arena, "quote", "xy", &error), LT_E_INVALID);
    assert_int_equal(lt_csv_options_set(&options, arena, "sep", "", &error), LT_E_INVALID);
    assert_string_equal(options.separator, ",");
    assert_int_equal(
        lt_csv_options_set(&options, arena, "unescapedQuoteHandling", "SKIP_VALU", &error),
        LT_E_INVALID);
    assert_string_equal(error.text, "CSV option \"unescapedQuoteHandling\": \"SKIP_VALU\" is "
                                    "unknown; hint: did you mean \"SKIP_VALUE\"?");
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33);
}

/* Whatever the text and the options: all of it is used up, and each row has its fields. */
static void any_text_is_split_to_its_end(void **state)
{
    (void)state;
    static const char alphabet[] = "\",\\|#\n\r ax1";
    static const char *const handling[] = {"STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE",
                                           "BACK_TO_DELIMITER", "SKIP_VALUE", "RAISE_ERROR"};
    uint64_t seed = 7;
    const struct lt_type *type;
    size_t rows = 0;
    assert_int_equal(lt_type_parse_ddl("a STRING, b INT, c STRING", arena, &type, NULL), 0);
    for (int round = 0; round < 200; round++) {
        struct lt_csv_reader *reader;
        struct lt_csv_read_setup setup = {.type = type, .options = &options, .is_source = true};
        lt_csv_options_init(&options);
        set("unescapedQuoteHandling", handling[round % 5]);
        set("sep", round % 3 == 0 ? ",|" : ",");
        set("escape", round % 7 == 0 ? "\"" : "\\");
        set("charToEscapeQuoteEscaping", round % 11 == 0 ? "#" : "");
        set("multiLine", round % 2 == 0 ? "true" : "false");
        set("ignoreTrailingWhiteSpace", round % 4 == 0 ? "true" : "false");
        set("ignoreLeadingWhiteSpace", round % 4 == 1 ? "true" : "false");
        assert_int_equal(lt_csv_reader_create(&setup, &reader, NULL), 0);
        for (int i = 0; i < 100; i++) {
            char text[40];
            size_t size_bytes = next_random(&seed) % sizeof text;
            for (size_t c = 0; c < size_bytes; c++)
                text[c] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
            char *out = shown(reader, type, text, size_bytes);
            rows += strstr(out, "\"c\":") != NULL;
            free(out);
        }
        lt_csv_reader_destroy(reader);
    }
    assert_in_range(rows, 10000, 20000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(tokens_go_to_fields_and_the_rest_is_null),
        CASE(quotes_hold_delimiters_and_escapes),
        CASE(unescaped_quotes_are_handled_as_asked),
        CASE(numbers_are_those_of_java),
        CASE(options_say_what_is_nothing_and_what_parts),
        CASE(modes_decide_about_malformed_records),
        CASE(a_source_has_lines_and_passes_over_what_is_no_record),
        CASE(fields_that_are_not_wanted_are_not_parsed),
        CASE(what_csv_does_not_hold_is_refused),
        CASE(any_text_is_split_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
