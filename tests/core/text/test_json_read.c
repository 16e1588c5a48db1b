/* Typed reading of JSON: what Spark's from_json and its file source give. */
#include "core/text/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/json_write.h"
#include "tests/support/iso_times.h"

static struct lt_arena *arena;
static struct lt_json_options options;
static size_t memory_left;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    lt_json_options_init(&options);
    memory_left = SIZE_MAX;
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
    if (size_bytes > memory_left)
        return NULL;
    memory_left -= size_bytes;
    return lt_arena_alloc(arena, size_bytes);
}
static const struct lt_codec_memory memory = {.alloc = take_memory};

static struct lt_json_reader *create(const char *type_text, struct lt_json_read_setup setup)
{
    struct lt_json_reader *reader;
    struct lt_error error;
    assert_int_equal(lt_type_parse_any(type_text, arena, &setup.type, &error), 0);
    setup.options = &options;
    setup.times = iso_times;
    assert_int_equal(lt_json_reader_create(&setup, &reader, &error), 0);
    return reader;
}

/* The document in memory of its exact size, so that a sanitizer sees a byte too many. */
static enum lt_codec_result read_exactly(struct lt_json_reader *reader, const char *json,
                                         size_t size_bytes, union lt_value *value, uint8_t **copy)
{
    *copy = malloc(size_bytes != 0 ? size_bytes : 1);
    assert_non_null(*copy);
    memcpy(*copy, json, size_bytes);
    struct lt_bytes document = {.data = *copy, .size_bytes = (uint32_t)size_bytes};
    return lt_json_read(reader, document, &memory, value);
}

/* NULL, or the value as to_json shows it with its NULL fields; free() it. */
static char *shown(struct lt_json_reader *reader, const struct lt_type *type, const char *json,
                   size_t size_bytes)
{
    static const struct lt_json_write_options all = {.keep_null_fields = true};
    struct lt_text_buffer out;
    union lt_value value;
    uint8_t *copy;
    lt_text_init(&out);
    enum lt_codec_result result = read_exactly(reader, json, size_bytes, &value, &copy);
    if (result == LT_CODEC_VALUE)
        lt_json_write_value(&out, type, &value, &all);
    else
        lt_text_append(&out, result == LT_CODEC_NULL     ? "NULL"
                             : result == LT_CODEC_FAILED ? lt_json_reader_condition(reader)
                                                         : "dropped");
    free(copy);
    return lt_text_take(&out);
}

static void reads_with(struct lt_json_read_setup setup, const char *type_text, const char *json,
                       const char *expected)
{
    const struct lt_type *type;
    assert_int_equal(lt_type_parse_any(type_text, arena, &type, NULL), 0);
    if (setup.splits_arrays)
        type = lt_type_array(arena, type, true);
    struct lt_json_reader *reader = create(type_text, setup);
    char *text = shown(reader, type, json, strlen(json));
    assert_string_equal(text, expected);
    free(text);
    lt_json_reader_destroy(reader);
}

static void reads(const char *type_text, const char *json, const char *expected)
{
    reads_with((struct lt_json_read_setup){0}, type_text, json, expected);
}

static void set(const char *key, const char *value)
{
    assert_int_equal(lt_json_options_set(&options, arena, key, value, NULL), 0);
}

static void integers_take_integers_only_and_tinyint_wraps(void **state)
{
    (void)state;
    reads("a INT", "{\"a\":2147483647}", "{\"a\":2147483647}");
    reads("a INT", "{\"a\":2147483648}", "{\"a\":null}");
    reads("a INT", "{\"a\":1.0}", "{\"a\":null}");
    reads("a INT", "{\"a\":1e1}", "{\"a\":null}");
    reads("a INT", "{\"a\":\"1\"}", "{\"a\":null}");
    reads("a INT", "{\"a\":true}", "{\"a\":null}");
    reads("a BIGINT", "{\"a\":-9223372036854775808}", "{\"a\":-9223372036854775808}");
    reads("a BIGINT", "{\"a\":9223372036854775808}", "{\"a\":null}");
    reads("a TINYINT", "{\"a\":255}", "{\"a\":-1}");
    reads("a TINYINT", "{\"a\":256}", "{\"a\":null}");
    reads("a TINYINT", "{\"a\":-129}", "{\"a\":null}");
    reads("a SMALLINT", "{\"a\":32768}", "{\"a\":null}");
}

static void floats_and_decimals_take_what_spark_takes(void **state)
{
    (void)state;
    reads("a DOUBLE", "{\"a\":-0}", "{\"a\":0.0}");
    reads("a DOUBLE", "{\"a\":-0.0}", "{\"a\":-0.0}");
    reads("a DOUBLE", "{\"a\":12345678901234567890}", "{\"a\":1.2345678901234567E19}");
    reads("a DOUBLE", "{\"a\":1e400}", "{\"a\":\"Infinity\"}");
    reads("a DOUBLE", "{\"a\":\"1.5\"}", "{\"a\":null}");
    reads("a DOUBLE", "{\"a\":\"NaN\"}", "{\"a\":\"NaN\"}");
    reads("a DOUBLE", "{\"a\":-INF}", "{\"a\":\"-Infinity\"}");
    reads("a FLOAT", "{\"a\":3.5e38}", "{\"a\":\"Infinity\"}");
    reads("a DECIMAL(5,2)", "{\"a\":1.005}", "{\"a\":1.01}");
    reads("a DECIMAL(5,2)", "{\"a\":\"1,5\"}", "{\"a\":15.00}");
    reads("a DECIMAL(5,2)", "{\"a\":\" 1\"}", "{\"a\":null}");
    reads("a DECIMAL(5,2)", "{\"a\":1000}", "{\"a\":null}");
    set("allowNonNumericNumbers", "false");
    reads("a DOUBLE", "{\"a\":\"NaN\"}", "{\"a\":null}");
    reads("a DOUBLE, b INT", "{\"b\":1,\"a\":NaN}", "{\"a\":null,\"b\":null}");
}

static void a_string_takes_any_value_rendered_anew_or_as_it_stands(void **state)
{
    (void)state;
    static const struct lt_json_read_setup source = {.keeps_text = true};
    static const char json[] = "{\"a\":{\"b\":[1, 1.50]},\"b\":1E5,\"c\":true}";
    reads("a STRING, b STRING, c STRING", json,
          "{\"a\":\"{\\\"b\\\":[1,1.5]}\",\"b\":\"100000.0\",\"c\":\"true\"}");
    reads_with(source, "a STRING, b STRING, c STRING", json,
               "{\"a\":\"{\\\"b\\\":[1, 1.50]}\",\"b\":\"1E5\",\"c\":\"true\"}");
    reads("a STRING", "{\"a\":\"\\u0041\\ud83d\\ude00\\n\"}", "{\"a\":\"A\U0001F600\\n\"}");
    reads("a STRING", "{\"a\":\"x\xffy\"}", "{\"a\":\"x\xef\xbf\xbdy\"}");
    reads_with(source, "a STRING", "{\"a\":\"x\xffy\"}", "{\"a\":null}");
}

static void binary_is_base64_with_its_padding(void **state)
{
    (void)state;
    reads("a BINARY", "{\"a\":\"AQID\"}", "{\"a\":\"AQID\"}");
    reads("a BINARY", "{\"a\":\"AQ== \"}", "{\"a\":\"AQ==\"}");
    reads("a BINARY", "{\"a\":\"\"}", "{\"a\":\"\"}");
    reads("a BINARY", "{\"a\":\"AQ\"}", "{\"a\":null}");
    reads("a BINARY", "{\"a\":\"A=Q=\"}", "{\"a\":null}");
    reads("a BINARY", "{\"a\":\"!\"}", "{\"a\":null}");
}

static void times_are_the_callers_but_for_seconds(void **state)
{
    (void)state;
    reads("a DATE", "{\"a\":\"2024-02-29\"}", "{\"a\":\"2024-02-29\"}");
    reads("a DATE", "{\"a\":19000}", "{\"a\":null}");
    reads("a TIMESTAMP", "{\"a\":1700000000}", "{\"a\":\"2023-11-14T22:13:20.000Z\"}");
    reads("a TIMESTAMP", "{\"a\":1700000000.5}", "{\"a\":null}");
    reads("a TIMESTAMP_NTZ", "{\"a\":1}", "{\"a\":null}");
    reads("a TIMESTAMP", "{\"a\":\"\"}", "{\"a\":null}");
}

static void what_does_not_fit_is_null_and_the_rest_is_kept(void **state)
{
    (void)state;
    reads("a STRUCT<b:INT,c:STRING>, d INT", "{\"a\":{\"b\":\"q\",\"c\":\"z\"},\"d\":1}",
          "{\"a\":{\"b\":null,\"c\":\"z\"},\"d\":1}");
    reads("a ARRAY<INT>, d INT", "{\"a\":[1,{\"d\":7},[3]],\"d\":1}", "{\"a\":null,\"d\":1}");
    reads("a ARRAY<STRUCT<b:INT>>", "{\"a\":[{\"b\":\"q\"},{\"b\":1}]}",
          "{\"a\":[{\"b\":null},{\"b\":1}]}");
    reads("a MAP<STRING,INT>, y INT", "{\"a\":{\"x\":\"z\",\"y\":5},\"y\":6}",
          "{\"a\":null,\"y\":6}");
    reads("a MAP<STRING,ARRAY<INT>>", "{\"a\":{\"x\":[1,null],\"x\":[]}}",
          "{\"a\":{\"x\":[1,null],\"x\":[]}}");
    reads("a INT", "{\"a\":1,\"a\":\"x\"}", "{\"a\":1}");
    reads("a INT", "{\"a\":1,\"a\":null}", "{\"a\":null}");
    reads("a INT", "{\"A\":1}", "{\"a\":null}");
    reads("a INT, `a\"b` INT", "{\"\\u0061\":1,\"a\\\"b\":2}", "{\"a\":1,\"a\\\"b\":2}");
}

static void a_fault_of_json_makes_all_fields_null(void **state)
{
    (void)state;
    static const char *const broken[] = {"{\"a\":1",
                                         "{\"a\":1,}",
                                         "{\"a\":1 \"b\":2}",
                                         "{\"a\":1,\"b\":bad}",
                                         "{\"a\":1,\"b\":[1}",
                                         "{\"a\":01}",
                                         "{\"a\":+1}",
                                         "{\"a\":1,\"b\":\"\\q\"}",
                                         "{a:1}",
                                         "{\"a\":1,\"b\":\"x",
                                         "{\"a\" 1}",
                                         "{",
                                         "bad",
                                         "\"x\"",
                                         "{\"a\":1,\"b\":{\"c\"}}",
                                         "1"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        reads("a INT", broken[i], "{\"a\":null}");
    reads("a INT", "{\"a\":1} x", "{\"a\":1}");
    reads("a INT", "{\"a\":1}{\"a\":2}", "{\"a\":1}");
}

static void the_outermost_value_follows_sparks_rules(void **state)
{
    (void)state;
    reads("a INT", "", "NULL");
    reads("a INT", " \n", "NULL");
    reads("a INT", "null", "{\"a\":null}");
    reads("a INT", "[{\"a\":1}]", "{\"a\":null}");
    reads("ARRAY<INT>", "[1,null]", "[1,null]");
    reads("ARRAY<INT>", "[1,\"x\"]", "NULL");
    reads("ARRAY<INT>", "1", "NULL");
    reads("ARRAY<STRUCT<a:INT>>", "{\"a\":\"x\"}", "[{\"a\":null}]");
    reads("MAP<STRING,INT>", "{\"a\":1,\"b\":null}", "{\"a\":1,\"b\":null}");
    reads("MAP<STRING,INT>", "[]", "NULL");
}

static void options_widen_what_is_json(void **state)
{
    (void)state;
    reads("a INT", "{'a':3}", "{\"a\":3}");
    set("allowSingleQuotes", "false");
    reads("a INT", "{'a':3}", "{\"a\":null}");
    set("allowUnquotedFieldNames", "true");
    set("allowNumericLeadingZeros", "true");
    set("allowComments", "TRUE");
    set("allowBackslashEscapingAnyCharacter", "true");
    reads("a INT, b STRING", "{a:01 /* c */, b: \"\\q\"}", "{\"a\":1,\"b\":\"q\"}");
}

static void modes_decide_about_malformed_records(void **state)
{
    (void)state;
    static const char type[] = "a INT, _corrupt_record STRING";
    reads(type, "{\"a\":1,\"_corrupt_record\":\"x\"}", "{\"a\":1,\"_corrupt_record\":null}");
    reads(type, "{\"a\":\"x\"}", "{\"a\":null,\"_corrupt_record\":\"{\\\"a\\\":\\\"x\\\"}\"}");
    reads(type, "{bad", "{\"a\":null,\"_corrupt_record\":\"{bad\"}");
    set("columnNameOfCorruptRecord", "c");
    reads("a INT, c STRING", "[]", "{\"a\":null,\"c\":\"[]\"}");
    set("mode", "DropMalformed");
    reads("a INT", "{\"a\":\"x\"}", "dropped");
    set("mode", "FAILFAST");
    reads("a INT", "{\"a\":\"x\"}", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION");
    reads("a INT", "[]", "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS");
    reads("a DOUBLE", "{\"a\":\"x\"}",
          "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_STRING_AS_DATATYPE");
    set("mode", "NOPE");
    reads("a INT", "{\"a\":1}", "{\"a\":1}");
}

static void a_file_source_splits_an_outermost_array_into_rows(void **state)
{
    (void)state;
    static const struct lt_json_read_setup rows = {.splits_arrays = true};
    reads_with(rows, "a INT", "[{\"a\":1},{\"a\":2}]", "[{\"a\":1},{\"a\":2}]");
    reads_with(rows, "a INT", "{\"a\":1}", "[{\"a\":1}]");
    reads_with(rows, "a INT", "[]", "[]");
    reads_with(rows, "a INT, _corrupt_record STRING", "[{\"a\":1},null]",
               "[{\"a\":null,\"_corrupt_record\":\"[{\\\"a\\\":1},null]\"}]");
    reads_with(rows, "a INT, _corrupt_record STRING", "[{\"a\":1},{\"a\":\"x\"}]",
               "[{\"a\":1,\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"a\\\":\\\"x\\\"}]\"},"
               "{\"a\":null,\"_corrupt_record\":\"[{\\\"a\\\":1},{\\\"a\\\":\\\"x\\\"}]\"}]");
}

static void types_that_json_does_not_give_are_refused(void **state)
{
    (void)state;
    struct lt_json_reader *reader;
    struct lt_error error;
    struct lt_json_read_setup setup = {.options = &options, .times = iso_times};
    assert_int_equal(lt_type_parse("map<int,string>", arena, &setup.type, NULL), 0);
    assert_int_equal(lt_json_reader_create(&setup, &reader, &error), LT_E_ANALYSIS);
    assert_string_equal(error.condition, "INVALID_JSON_MAP_KEY_TYPE");
    assert_int_equal(lt_type_parse_ddl("a INT, _corrupt_record INT", arena, &setup.type, NULL), 0);
    assert_int_equal(lt_json_reader_create(&setup, &reader, &error), LT_E_ANALYSIS);
    assert_string_equal(error.condition, "INVALID_CORRUPT_RECORD_TYPE");
    assert_int_equal(lt_json_options_set(&options, arena, "allowComment", "true", &error),
                     LT_E_NOT_FOUND);
    assert_string_equal(error.text, "JSON option \"allowComment\": unknown; hint: did you mean "
                                    "\"allowComments\"?");
    assert_int_equal(lt_json_options_set(&options, arena, "pretty", "yes", &error), LT_E_INVALID);
}

static void only_the_fields_of_the_type_are_parsed(void **state)
{
    (void)state;
    static const char json[] = "{\"x\":[1,2,{\"a\":3}],\"a\":1,\"y\":{\"a\":2},\"b\":\"t\"}";
    struct lt_json_reader *reader = create("b STRING", (struct lt_json_read_setup){0});
    union lt_value value;
    uint8_t *copy;
    assert_int_equal(read_exactly(reader, json, strlen(json), &value, &copy), LT_CODEC_VALUE);
    struct lt_json_read_counters counters = lt_json_reader_counters(reader);
    assert_int_equal(counters.fields_seen, 4);
    assert_int_equal(counters.fields_parsed, 1);
    assert_int_equal(counters.rescanned, 0);
    /* The string is borrowed, and what may be read behind it is told. */
    const struct lt_bytes *text = &value.structure->values[0].bytes;
    assert_ptr_equal(text->data, copy + strlen(json) - 3);
    assert_int_equal(text->padding_bytes, 2);
    free(copy);
    lt_json_reader_destroy(reader);
}

static void without_memory_the_call_says_so(void **state)
{
    (void)state;
    static const char json[] = "{\"a\":[1,null,\"x\"],\"b\":\"\\n\",\"c\":{\"k\":[1.5]}}";
    struct lt_json_reader *reader = create("a ARRAY<STRING>, b STRING, c MAP<STRING,ARRAY<DOUBLE>>",
                                           (struct lt_json_read_setup){0});
    union lt_value value;
    size_t refused = 0;
    for (size_t limit = 0;; limit += 8) {
        uint8_t *copy;
        memory_left = limit;
        enum lt_codec_result result = read_exactly(reader, json, strlen(json), &value, &copy);
        free(copy);
        if (result == LT_CODEC_VALUE)
            break;
        assert_int_equal(result, LT_CODEC_NO_MEMORY);
        refused++;
    }
    assert_in_range(refused, 10, 100);
    lt_json_reader_destroy(reader);
}

/* ----------------------------------------------------------------------------- random documents */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33);
}

static size_t mutate(uint64_t *seed, const char *from, char *out, size_t capacity)
{
    static const char alphabet[] = "{}[]:,\"\\' \n01-.eEtrufalsnN/*\x80\xc3\xa9";
    size_t size_bytes = strlen(from);
    memcpy(out, from, size_bytes);
    for (uint32_t edits = next_random(seed) % 4; edits > 0; edits--) {
        size_t at = next_random(seed) % size_bytes;
        char c = alphabet[next_random(seed) % (sizeof alphabet - 1)];
        uint32_t kind = next_random(seed) % 3;
        if (kind == 0) {
            out[at] = c;
        } else if (kind == 1 && size_bytes > 1) {
            memmove(out + at, out + at + 1, size_bytes - at - 1);
            size_bytes--;
        } else if (size_bytes < capacity) {
            memmove(out + at + 1, out + at, size_bytes - at);
            out[at] = c;
            size_bytes++;
        }
    }
    return size_bytes;
}

/* A comment in front makes a document one that only the scanner reads. */
static void the_index_and_the_scanner_read_alike(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{\"a\":1,\"b\":\"x\\ny\",\"c\":[1.5,null,-2e3],\"d\":{\"e\":true,\"f\":[[1],[]]}}",
        "{\"b\":{\"k\": [1, 2]},\"a\":-12345678901234567890,\"m\":{\"x\":1,\"y\":null}}",
        "[{\"a\":1},{\"a\":2}]", "{\"a\":\"caf\xc3\xa9\",\"z\":[{},{\"q\":[]}],\"c\":[]}"};
    static const char type_text[] = "a BIGINT, b STRING, c ARRAY<DOUBLE>, d STRUCT<e:BOOLEAN,"
                                    "f:ARRAY<ARRAY<INT>>>, m MAP<STRING,INT>";
    const struct lt_type *type;
    uint64_t seed = 20240229;
    set("allowComments", "true");
    assert_int_equal(lt_type_parse_ddl(type_text, arena, &type, NULL), 0);
    struct lt_json_reader *reader = create(type_text, (struct lt_json_read_setup){0});
    for (int i = 0; i < 20000; i++) {
        char text[256] = "/**/";
        size_t size_bytes = mutate(&seed, documents[i % 4], text + 4, sizeof text - 8);
        char *by_index = shown(reader, type, text + 4, size_bytes);
        char *by_scanner = shown(reader, type, text, size_bytes + 4);
        if (strcmp(by_index, by_scanner) != 0)
            print_error("%.*s\n", (int)size_bytes, text + 4);
        assert_string_equal(by_index, by_scanner);
        free(by_index);
        free(by_scanner);
    }
    struct lt_json_read_counters counters = lt_json_reader_counters(reader);
    assert_in_range(counters.documents - counters.rescanned, 5000, 15000);
    lt_json_reader_destroy(reader);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(integers_take_integers_only_and_tinyint_wraps),
        CASE(floats_and_decimals_take_what_spark_takes),
        CASE(a_string_takes_any_value_rendered_anew_or_as_it_stands),
        CASE(binary_is_base64_with_its_padding),
        CASE(times_are_the_callers_but_for_seconds),
        CASE(what_does_not_fit_is_null_and_the_rest_is_kept),
        CASE(a_fault_of_json_makes_all_fields_null),
        CASE(the_outermost_value_follows_sparks_rules),
        CASE(options_widen_what_is_json),
        CASE(modes_decide_about_malformed_records),
        CASE(a_file_source_splits_an_outermost_array_into_rows),
        CASE(types_that_json_does_not_give_are_refused),
        CASE(only_the_fields_of_the_type_are_parsed),
        CASE(without_memory_the_call_says_so),
        CASE(the_index_and_the_scanner_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
