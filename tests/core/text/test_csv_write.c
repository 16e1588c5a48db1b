/* Structs to CSV records, as Spark's to_csv writes them, and types inferred from records. */
#include "core/text/csv_write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/csv_infer.h"
#include "core/text/csv_read.h"
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

static void set(const char *key, const char *value)
{
    assert_int_equal(lt_csv_options_set(&options, arena, key, value, NULL), 0);
}

/* Two columns, of which the second may be NULL. */
static void writes(const char *ddl, union lt_value a, const union lt_value *b, const char *expected)
{
    const struct lt_type *type;
    struct lt_text_buffer out;
    union lt_value values[2] = {a, b != NULL ? *b : (union lt_value){0}};
    uint64_t nulls = b == NULL ? 2 : 0;
    struct lt_csv_write_setup setup = {.options = &options, .times = iso_times};
    lt_text_init(&out);
    assert_int_equal(lt_type_parse_ddl(ddl, arena, &type, NULL), 0);
    lt_csv_write_row(&out, type, values, &nulls, &setup);
    assert_int_equal(out.size_bytes, strlen(expected));
    assert_memory_equal(lt_text_get(&out), expected, out.size_bytes);
    lt_text_fini(&out);
}

static void writes_text(const char *text, const char *expected)
{
    union lt_value value = lt_value_text(text);
    writes("a INT, b STRING", lt_value_i64(1), &value, expected);
}

static void strings_are_in_quotes_where_they_have_to_be(void **state)
{
    (void)state;
    writes_text("x", "1,x");
    writes_text("x,y", "1,\"x,y\"");
    writes_text("x\"y", "1,\"x\\\"y\"");
    writes_text("n\nl", "1,\"n\nl\"");
    writes_text("back\\slash", "1,back\\slash");
    writes_text("back\\,slash", "1,\"back\\\\,slash\"");
    writes_text("sq'", "1,sq'");
    writes_text("#x", "1,#x");
    union lt_value one = lt_value_i64(1);
    writes("a STRING, b INT", lt_value_text("#x"), &one, "\"#x\",1");
}

static void blanks_are_trimmed_and_nothing_is_told_from_empty(void **state)
{
    (void)state;
    writes_text(" pad ", "1,pad");
    writes_text("\r\ncrlf\r\n", "1,\"crlf\"");
    writes_text(" ", "1,\"\"");
    writes_text("", "1,\"\"");
    writes("a INT, b STRING", lt_value_i64(1), NULL, "1,");
    set("nullValue", "NA");
    set("emptyValue", "E");
    set("ignoreLeadingWhiteSpace", "false");
    writes("a INT, b STRING", lt_value_i64(1), NULL, "1,NA");
    writes_text("", "1,E");
    writes_text(" pad ", "1, pad");
}

static void options_change_the_form(void **state)
{
    (void)state;
    set("quoteAll", "true");
    writes_text("x", "\"1\",\"x\"");
    writes_text("", "\"1\",\"\"");
    writes("a INT, b STRING", lt_value_i64(1), NULL, "\"1\",\"\"");
    set("quoteAll", "false");
    set("escapeQuotes", "false");
    writes_text("x\"y", "1,x\"y");
    set("sep", "||");
    writes_text("x|y", "1||x|y");
    writes_text("x||y", "1||\"x||y\"");
    set("escape", "\"");
    writes_text("\"x\"", "1||\"\"\"x\"\"\"");
}

static void values_have_the_text_of_their_types(void **state)
{
    (void)state;
    union lt_value b = lt_value_f64((double)NAN);
    writes("a DOUBLE, b FLOAT", lt_value_f64(1), &b, "1.0,NaN");
    b.i128 = 150;
    writes("a BOOLEAN, b DECIMAL(5,2)", lt_value_i64(1), &b, "true,1.50");
    b = lt_value_i64(1704164645678000);
    writes("a DATE, b TIMESTAMP", lt_value_i64(19724), &b, "2024-01-02,2024-01-02T03:04:05.678Z");
    b = lt_value_i64(86400000000);
    writes("a BINARY, b INTERVAL DAY", lt_value_bytes("AB", 2), &b, "[41 42],INTERVAL '1' DAY");
    const uint64_t second_is_null = 2;
    union lt_value elements[2] = {{.i64 = 7}};
    struct lt_array array = {.count = 2, .nulls = &second_is_null, .values = elements};
    b.array = &array;
    writes("a INT, b ARRAY<INT>", lt_value_i64(1), &b, "1,\"[7,]\"");
}

static void *take_memory(void *context, size_t size_bytes)
{
    (void)context;
    return lt_arena_alloc(arena, size_bytes);
}

/* Strings that neither begin nor end with blanks and are not empty come back as they were. */
static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char *const texts[] = {"x",   "a\"b",  "\"",    "\\",       "\\\"",
                                        "a,b", "\"a\"", "a\\,b", "\xc3\xa9,"};
    static const struct lt_codec_memory memory = {.alloc = take_memory};
    struct lt_csv_read_setup setup = {.options = &options};
    struct lt_csv_write_setup write_setup = {.options = &options};
    struct lt_csv_reader *reader;
    assert_int_equal(lt_type_parse_ddl("a STRING, b STRING", arena, &setup.type, NULL), 0);
    assert_int_equal(lt_csv_reader_create(&setup, &reader, NULL), 0);
    for (size_t i = 0; i < 81; i++) {
        union lt_value values[2] = {lt_value_text(texts[i / 9]), lt_value_text(texts[i % 9])}, out;
        struct lt_text_buffer text;
        size_t used_bytes;
        lt_text_init(&text);
        lt_csv_write_row(&text, setup.type, values, NULL, &write_setup);
        struct lt_bytes record = {.data = (const uint8_t *)lt_text_get(&text),
                                  .size_bytes = (uint32_t)text.size_bytes};
        assert_int_equal(lt_csv_read(reader, record, &memory, &used_bytes, &out), LT_CODEC_VALUE);
        for (size_t c = 0; c < 2; c++) {
            const struct lt_bytes *read = &out.structure->values[c].bytes;
            assert_int_equal(read->size_bytes, values[c].bytes.size_bytes);
            assert_memory_equal(read->data, values[c].bytes.data, read->size_bytes);
        }
        lt_text_fini(&text);
    }
    lt_csv_reader_destroy(reader);
}

static void infers(const char *csv, const char *expected)
{
    const struct lt_type *type;
    assert_int_equal(lt_csv_infer(csv, strlen(csv), &options, &iso_times, arena, &type, NULL), 0);
    assert_string_equal(lt_type_sql(arena, type), expected);
}

static void types_are_inferred_from_a_record(void **state)
{
    (void)state;
    infers("1,abc,2.5,true,2024-01-01T00:00:00Z,", "STRUCT<_c0: INT, _c1: STRING, _c2: DOUBLE, "
                                                   "_c3: BOOLEAN, _c4: DATE, _c5: STRING>");
    infers("3000000000,12345678901234567890,Inf", "STRUCT<_c0: BIGINT, _c1: DECIMAL(20,0), "
                                                  "_c2: DOUBLE>");
    set("preferDate", "false");
    infers("2024-01-01", "STRUCT<_c0: TIMESTAMP>");
    const struct lt_type *type;
    assert_int_equal(lt_csv_infer("", 0, &options, &iso_times, arena, &type, NULL), LT_E_PARSE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(strings_are_in_quotes_where_they_have_to_be),
        CASE(blanks_are_trimmed_and_nothing_is_told_from_empty),
        CASE(options_change_the_form),
        CASE(values_have_the_text_of_their_types),
        CASE(what_is_written_is_read_again),
        CASE(types_are_inferred_from_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
