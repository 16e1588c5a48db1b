/* Writing JSON as Spark's to_json does. */
#include "core/text/json_write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct lt_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static void writes(const char *type_text, union lt_value value,
                   const struct lt_json_write_options *options, const char *expected)
{
    const struct lt_type *type;
    struct lt_text_buffer out;
    lt_text_init(&out);
    assert_int_equal(lt_type_parse(type_text, arena, &type, NULL), 0);
    lt_json_write_value(&out, type, &value, options);
    assert_string_equal(lt_text_get(&out), expected);
    lt_text_fini(&out);
}

static void strings_are_escaped_as_jackson_escapes_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size_bytes;
        const char *json;
    } cases[] = {{"", 0, "\"\""},
                 {"q\"uo\\te\n\t\x01/\u00e9\U0001F600", 17,
                  "\"q\\\"uo\\\\te\\n\\t\\u0001/\u00e9\U0001F600\""},
                 {"\b\f\r\x1f\x7f", 5, "\"\\b\\f\\r\\u001F\x7f\""},
                 {"a\0b", 3, "\"a\\u0000b\""},
                 {"<&>'", 4, "\"<&>'\""},
                 {"a\xff\xe2\x82z\xef\xbf\xbd", 8, "\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\""}};
    struct lt_text_buffer out;
    lt_text_init(&out);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lt_text_clear(&out);
        lt_json_write_string(&out, cases[i].text, cases[i].size_bytes);
        assert_string_equal(lt_text_get(&out), cases[i].json);
    }
    lt_text_fini(&out);
}

static void scalars_are_written_by_their_types(void **state)
{
    (void)state;
    writes("boolean", lt_value_i64(1), NULL, "true");
    writes("tinyint", lt_value_i64(-128), NULL, "-128");
    writes("bigint", lt_value_i64(INT64_MAX), NULL, "9223372036854775807");
    writes("double", lt_value_f64(1e20), NULL, "1.0E20");
    writes("double", lt_value_f64((double)NAN), NULL, "\"NaN\"");
    writes("float", lt_value_f64((double)0.1F), NULL, "0.1");
    writes("float", lt_value_f64(-(double)INFINITY), NULL, "\"-Infinity\"");
    writes("decimal(10,2)", (union lt_value){.i128 = 150}, NULL, "1.50");
    writes("string", lt_value_text("x"), NULL, "\"x\"");
    writes("binary", lt_value_bytes("\x01\x02", 2), NULL, "\"AQI=\"");
    writes("binary", lt_value_bytes("\xfb\xff\xfe\x00", 4), NULL, "\"+//+AA==\"");
    writes("binary", lt_value_bytes("", 0), NULL, "\"\"");
    writes("date", lt_value_i64(19724), NULL, "\"2024-01-02\"");
    writes("timestamp", lt_value_i64(1704164645123456), NULL, "\"2024-01-02T03:04:05.123Z\"");
    writes("timestamp_ntz", lt_value_i64(1704164645000000), NULL, "\"2024-01-02T03:04:05.000\"");
    writes("time", lt_value_i64(3600000000000), NULL, "\"01:00:00\"");
    writes("interval day to second", lt_value_i64(93600000000), NULL,
           "\"INTERVAL '1 02:00:00' DAY TO SECOND\"");
    writes("interval month", lt_value_i64(3), NULL, "\"INTERVAL '3' MONTH\"");
}

static int32_t pacific(void *context, int64_t us)
{
    assert_int_equal(us, 1704164645000000);
    return *(int32_t *)context;
}

static void timestamps_have_the_offset_of_the_session(void **state)
{
    (void)state;
    int32_t offset_s = -8 * 3600;
    struct lt_json_write_options options = {.offset_s = pacific, .context = &offset_s};
    writes("timestamp", lt_value_i64(1704164645000000), &options,
           "\"2024-01-01T19:04:05.000-08:00\"");
}

static void null_fields_are_left_out_and_null_elements_are_not(void **state)
{
    (void)state;
    union lt_value numbers[] = {lt_value_i64(1), lt_value_i64(0), lt_value_i64(3)};
    uint64_t second = 2, all = 7;
    struct lt_struct structure = {.nulls = &second, .values = numbers};
    writes("struct<a:int,b:int,c:int>", (union lt_value){.structure = &structure}, NULL,
           "{\"a\":1,\"c\":3}");
    struct lt_json_write_options keep = {.keep_null_fields = true};
    writes("struct<a:int,b:int,c:int>", (union lt_value){.structure = &structure}, &keep,
           "{\"a\":1,\"b\":null,\"c\":3}");
    struct lt_struct empty = {.nulls = &all, .values = numbers};
    writes("struct<a:int>", (union lt_value){.structure = &empty}, NULL, "{}");
    struct lt_array array = {.count = 3, .nulls = &second, .values = numbers};
    writes("array<int>", (union lt_value){.array = &array}, NULL, "[1,null,3]");
    union lt_value keys[] = {lt_value_text("a"), lt_value_text("b\"")};
    struct lt_map map = {.keys = {.count = 2, .values = keys},
                         .values = {.count = 2, .nulls = &second, .values = numbers}};
    writes("map<string,int>", (union lt_value){.map = &map}, NULL, "{\"a\":1,\"b\\\"\":null}");
    struct lt_map none = {0};
    writes("map<string,int>", (union lt_value){.map = &none}, NULL, "{}");
}

static void key_writes(const char *key_type, union lt_value key, const char *expected)
{
    union lt_value one = lt_value_i64(1);
    struct lt_map map = {.keys = {.count = 1, .values = &key},
                         .values = {.count = 1, .values = &one}};
    char type_text[128];
    snprintf(type_text, sizeof type_text, "map<%s,int>", key_type);
    writes(type_text, (union lt_value){.map = &map}, NULL, expected);
}

static void map_keys_are_written_as_spark_stores_them(void **state)
{
    (void)state;
    key_writes("int", lt_value_i64(1), "{\"1\":1}");
    key_writes("date", lt_value_i64(19723), "{\"19723\":1}");
    key_writes("double", lt_value_f64(1.5), "{\"1.5\":1}");
    key_writes("boolean", lt_value_i64(0), "{\"false\":1}");
    key_writes("decimal(5,2)", (union lt_value){.i128 = 150}, "{\"1.50\":1}");
    union lt_value fields[] = {lt_value_i64(1), lt_value_text("x\"")};
    struct lt_struct structure = {.values = fields};
    key_writes("struct<k:int,s:string>", (union lt_value){.structure = &structure},
               "{\"[1,x\\\"]\":1}");
    struct lt_array array = {.count = 1, .values = fields};
    key_writes("array<int>", (union lt_value){.array = &array}, "{\"[1]\":1}");
}

static void pretty_puts_each_field_on_a_line(void **state)
{
    (void)state;
    struct lt_json_write_options pretty = {.pretty = true};
    union lt_value inner_values[] = {lt_value_i64(5)};
    struct lt_struct inner = {.values = inner_values};
    union lt_value elements[] = {lt_value_i64(1), lt_value_i64(2)};
    struct lt_array array = {.count = 2, .values = elements}, empty = {0};
    union lt_value fields[] = {
        lt_value_i64(1), {.structure = &inner}, {.array = &array}, {.array = &empty}};
    struct lt_struct outer = {.values = fields};
    writes(
        "struct<a:int,s:struct<x:int>,l:array<int>,e:array<int>>",
        (union lt_value){.structure = &outer}, &pretty,
        "{\n  \"a\" : 1,\n  \"s\" : {\n    \"x\" : 5\n  },\n  \"l\" : [ 1, 2 ],\n  \"e\" : [ ]\n}");
    uint64_t null = 1;
    struct lt_struct nothing = {.nulls = &null, .values = inner_values};
    writes("struct<a:int>", (union lt_value){.structure = &nothing}, &pretty, "{ }");
}

static void a_row_is_an_object_of_its_columns(void **state)
{
    (void)state;
    const struct lt_type *schema;
    struct lt_row_pool *pool;
    assert_int_equal(lt_type_parse_ddl("key BINARY, `x y` STRING, n INT", arena, &schema, NULL), 0);
    assert_int_equal(
        lt_row_pool_create(&(struct lt_row_pool_options){.column_count = 3, .capacity = 1}, &pool,
                           NULL),
        0);
    struct lt_row *row = lt_row_claim(pool);
    if (row == NULL)
        abort();
    lt_row_set_null(row, 0);
    lt_row_values(row)[1] = lt_value_text("v");
    lt_row_values(row)[2] = lt_value_i64(7);
    struct lt_text_buffer out;
    lt_text_init(&out);
    lt_json_write_row(&out, schema, row);
    assert_string_equal(lt_text_get(&out), "{\"x y\":\"v\",\"n\":7}");
    lt_text_fini(&out);
    lt_row_release(row);
    lt_row_pool_destroy(pool);
}

static void format_oddly(void *context, const struct lt_type *type, const union lt_value *value,
                         struct lt_text_buffer *out)
{
    (void)type;
    lt_text_format(out, "%s%d", (const char *)context, (int)value->i64);
}

static void times_are_written_by_the_callers_patterns_and_escaped(void **state)
{
    (void)state;
    char plain[] = "day ", quoted[] = "\"\\";
    struct lt_codec_times times = {.format = format_oddly, .context = plain};
    struct lt_json_write_options options = {.times = &times};
    writes("date", lt_value_i64(7), &options, "\"day 7\"");
    times.context = quoted;
    writes("timestamp", lt_value_i64(7), &options, "\"\\\"\\\\7\"");
    struct lt_array keys = {.count = 1, .values = (union lt_value[]){lt_value_text("q\"")}};
    struct lt_map map = {.keys = keys, .values = keys};
    writes("map<varchar(9),string>", (union lt_value){.map = &map}, &options,
           "{\"q\\\"\":\"q\\\"\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped_as_jackson_escapes_them),
        cmocka_unit_test(scalars_are_written_by_their_types),
        cmocka_unit_test(timestamps_have_the_offset_of_the_session),
        cmocka_unit_test(null_fields_are_left_out_and_null_elements_are_not),
        cmocka_unit_test(map_keys_are_written_as_spark_stores_them),
        cmocka_unit_test(pretty_puts_each_field_on_a_line),
        cmocka_unit_test(a_row_is_an_object_of_its_columns),
        cmocka_unit_test(times_are_written_by_the_callers_patterns_and_escaped),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
