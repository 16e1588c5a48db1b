/* The byte form of rows: every type there and back, the bytes themselves, and bytes that are
 * damaged. */
#include "core/data/row_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct lt_arena *arena;
static struct lt_row_pool *pool;
static struct lt_text_buffer bytes;
static const struct lt_type *schema;

/* A row of every kind of type, with NULLs at several levels. */
static const char *const columns = "n VOID, b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 "
                                   "BIGINT, f32 FLOAT, f64 DOUBLE, short DECIMAL(18,2), "
                                   "long DECIMAL(38,2), s STRING, bin BINARY, d DATE, ts "
                                   "TIMESTAMP, t TIME, dt INTERVAL DAY TO SECOND, "
                                   "ym INTERVAL YEAR TO MONTH, ci INTERVAL, a ARRAY<STRING>, m "
                                   "MAP<INT, DOUBLE>, st STRUCT<x: INT, y: ARRAY<INT>>, "
                                   "none STRING, e STRUCT<>";
enum { COLUMN_COUNT = 23 };

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    struct lt_row_pool_options options = {
        .column_count = COLUMN_COUNT, .capacity = 4, .scratch_size_bytes = 256};
    lt_text_init(&bytes);
    int code = lt_type_parse_ddl(columns, arena, &schema, NULL);
    return code != 0 ? code : lt_row_pool_create(&options, &pool, NULL);
}
static int tear_down(void **state)
{
    (void)state;
    lt_text_fini(&bytes);
    lt_row_pool_destroy(pool);
    lt_arena_destroy(arena);
    return 0;
}

static struct lt_row *claim(void)
{
    struct lt_row *row = lt_row_claim(pool);
    if (row == NULL)
        abort();
    return row;
}

static struct lt_row *make_row(void)
{
    static union lt_value strings[] = {{.i64 = 0}, {.i64 = 0}, {.i64 = 0}};
    static union lt_value keys[] = {{.i64 = 1}, {.i64 = -2}},
                          doubles[] = {{.f64 = 0.5}, {.i64 = 0}};
    static union lt_value inner[] = {{.i64 = 5}, {.i64 = 6}};
    static const uint64_t second_null = 2;
    static struct lt_array texts = {.count = 3, .nulls = &second_null, .values = strings};
    static struct lt_array numbers = {.count = 2, .values = inner};
    static const struct lt_map map = {
        .keys = {.count = 2, .values = keys},
        .values = {.count = 2, .nulls = &second_null, .values = doubles}};
    static union lt_value fields[] = {{.i64 = -7}, {.array = &numbers}};
    static const struct lt_struct structure = {.values = fields}, empty = {0};
    strings[0] = lt_value_text("first");
    strings[2] = lt_value_text("");
    struct lt_row *row = claim();
    union lt_value values[COLUMN_COUNT] = {{.i64 = 0},
                                           {.i64 = 1},
                                           {.i64 = -128},
                                           {.i64 = -32768},
                                           {.i64 = INT32_MIN},
                                           {.i64 = INT64_MIN},
                                           {.f64 = (double)0.1F},
                                           {.f64 = -0.1},
                                           {.i128 = -999},
                                           {.i128 = -((__int128)1 << 100)},
                                           lt_value_text("h\u00e9llo"),
                                           lt_value_bytes("\0\xff", 2),
                                           {.i64 = -1},
                                           {.i64 = 1700000000000000},
                                           {.i64 = 1},
                                           {.i64 = -5},
                                           {.i64 = 14},
                                           {.interval = {-1, 2, -3}},
                                           {.array = &texts},
                                           {.map = &map},
                                           {.structure = &structure},
                                           {.i64 = 0},
                                           {.structure = &empty}};
    memcpy(lt_row_values(row), values, sizeof values);
    lt_row_set_null(row, 0);
    lt_row_set_null(row, 21);
    return row;
}

static void every_type_comes_back_as_it_was(void **state)
{
    (void)state;
    struct lt_row *row = make_row(), *back = claim();
    lt_text_clear(&bytes);
    lt_row_bytes_write(schema, row, &bytes);
    struct lt_error error;
    assert_int_equal(lt_row_bytes_read(schema, bytes.data, bytes.size_bytes, back, &error), 0);
    for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
        assert_int_equal(lt_row_is_null(back, i), lt_row_is_null(row, i));
        const struct lt_type *type = schema->fields[i].type;
        if (!lt_row_is_null(row, i) && type->kind != LT_TYPE_MAP)
            assert_int_equal(
                lt_value_compare(type, &lt_row_values(row)[i], &lt_row_values(back)[i]), 0);
    }
    const struct lt_map *map = lt_row_values(back)[19].map;
    assert_int_equal(map->keys.count, 2);
    assert_int_equal(map->keys.values[1].i64, -2);
    assert_true(map->values.values[0].f64 == 0.5);
    assert_false(lt_bit(map->values.nulls, 0));
    assert_true(lt_bit(map->values.nulls, 1));
    lt_row_release(row);
    lt_row_release(back);
}

static void strings_that_are_read_say_how_much_may_be_read_behind_them(void **state)
{
    (void)state;
    struct lt_row *row = make_row(), *back = claim();
    lt_text_clear(&bytes);
    lt_row_bytes_write(schema, row, &bytes);
    assert_int_equal(lt_row_bytes_read(schema, bytes.data, bytes.size_bytes, back, NULL), 0);
    struct lt_bytes text = lt_row_values(back)[10].bytes;
    assert_ptr_equal(text.data + text.size_bytes + text.padding_bytes,
                     bytes.data + bytes.size_bytes);
    lt_row_release(row);
    lt_row_release(back);
}

/* These bytes are in checkpoints: when this fails, raise the version and keep reading this one. */
static void the_bytes_are_those_of_version_1(void **state)
{
    (void)state;
    const struct lt_type *type;
    assert_int_equal(
        lt_type_parse_ddl("a INT, b STRING, c STRING, d ARRAY<SMALLINT>, e DECIMAL(10,2)", arena,
                          &type, NULL),
        0);
    struct lt_row_pool *small;
    assert_int_equal(
        lt_row_pool_create(&(struct lt_row_pool_options){.column_count = 5, .capacity = 1}, &small,
                           NULL),
        0);
    struct lt_row *row = lt_row_claim(small);
    static union lt_value elements[] = {{.i64 = 1}, {.i64 = 0}, {.i64 = -1}};
    static const uint64_t nulls = 2;
    static struct lt_array array = {.count = 3, .nulls = &nulls, .values = elements};
    lt_row_values(row)[0] = lt_value_i64(-2);
    lt_row_values(row)[1] = lt_value_text("ab");
    lt_row_set_null(row, 2);
    lt_row_values(row)[3].array = &array;
    lt_row_values(row)[4].i128 = 150;
    lt_text_clear(&bytes);
    lt_row_bytes_write(type, row, &bytes);
    static const unsigned char expected[] = {1,    5,    0,    0,    0, /* version, columns */
                                             4,                         /* c is NULL */
                                             0xfe, 0xff, 0xff, 0xff,    /* a */
                                             2,    0,    0,    0,    'a', 'b', /* b */
                                             3,    0,    0,    0,    2,   1,   0, 0xff,
                                             0xff,                                    /* d */
                                             150,  0,    0,    0,    0,   0,   0, 0}; /* e */
    assert_int_equal(bytes.size_bytes, sizeof expected);
    assert_memory_equal(bytes.data, expected, sizeof expected);
    lt_row_release(row);
    lt_row_pool_destroy(small);
}

static int read_copy(const char *data, size_t size_bytes, struct lt_error *error)
{
    char *copy =
        malloc(size_bytes != 0 ? size_bytes : 1); /* its end is where the sanitizer watches */
    memcpy(copy, data, size_bytes);
    struct lt_row *row = claim();
    int code = lt_row_bytes_read(schema, copy, size_bytes, row, error);
    lt_row_release(row);
    free(copy);
    return code;
}

static void every_truncated_row_is_an_error(void **state)
{
    (void)state;
    struct lt_row *row = make_row();
    lt_text_clear(&bytes);
    lt_row_bytes_write(schema, row, &bytes);
    lt_row_release(row);
    struct lt_error error;
    for (size_t size_bytes = 0; size_bytes < bytes.size_bytes; size_bytes++)
        assert_int_equal(read_copy(bytes.data, size_bytes, &error), LT_E_CORRUPT);
    lt_text_append_char(&bytes, 'x');
    assert_int_equal(read_copy(bytes.data, bytes.size_bytes, &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "stored row: there are bytes after its end");
}

static void damaged_bytes_give_a_row_or_an_error(void **state)
{
    (void)state;
    struct lt_row *row = make_row();
    lt_text_clear(&bytes);
    lt_row_bytes_write(schema, row, &bytes);
    lt_row_release(row);
    int errors = 0;
    for (size_t i = 0; i < bytes.size_bytes; i++) {
        for (int flip = 1; flip < 256; flip = flip * 3 + 1) {
            bytes.data[i] = (char)(bytes.data[i] ^ flip);
            errors += read_copy(bytes.data, bytes.size_bytes, NULL) != 0;
            bytes.data[i] = (char)(bytes.data[i] ^ flip);
        }
    }
    assert_true(errors > 100);
}

static void another_version_and_another_schema_are_refused_by_name(void **state)
{
    (void)state;
    struct lt_error error;
    assert_int_equal(read_copy("\x02\x17\0\0\0", 5, &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "stored row: version 2; this release reads version 1");
    assert_int_equal(read_copy("\x01\x05\0\0\0", 5, &error), LT_E_CORRUPT);
    assert_string_equal(error.text, "stored row: it has 5 columns, its schema has 23");
}

static void keys_that_compare_equal_have_equal_bytes(void **state)
{
    (void)state;
    const struct lt_type *type;
    struct lt_arena *types = lt_arena_create();
    struct lt_row_pool *small;
    static const uint32_t indices[] = {2, 0};
    static const unsigned char expected[] = {1, 2, 0, 0, 0, /* version, columns */
                                             2,             /* the second, a, is NULL */
                                             0, 0, 0, 0, 0, 0, 0, 0};
    assert_int_equal(lt_type_parse_ddl("a INT, b STRING, c DOUBLE", types, &type, NULL), 0);
    assert_int_equal(
        lt_row_pool_create(&(struct lt_row_pool_options){.column_count = 3, .capacity = 1}, &small,
                           NULL),
        0);
    struct lt_row *row = lt_row_claim(small);
    lt_row_set_null(row, 0);
    lt_row_values(row)[1] = lt_value_text("left out");
    lt_row_values(row)[2].f64 = -0.0;
    lt_text_clear(&bytes);
    lt_row_bytes_write_key(type, row, indices, 2, &bytes);
    assert_int_equal(bytes.size_bytes, sizeof expected);
    assert_memory_equal(bytes.data, expected, sizeof expected);
    lt_row_release(row);
    lt_row_pool_destroy(small);
    lt_arena_destroy(types);
}

/* The key bytes of one map of numbers and NULLs; keys 1 to count in this order, each with ten times
 * its number but an even one, which has NULL. */
static void write_map_key(const struct lt_type *type, struct lt_row *row, const int *order,
                          uint32_t count)
{
    static const uint32_t column = 0;
    union lt_value keys[16], values[16];
    uint64_t nulls = 0;
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = lt_value_i64(order[i]);
        values[i] = lt_value_i64(10 * order[i]);
        nulls |= (uint64_t)(order[i] % 2 == 0) << i;
    }
    struct lt_map map = {.keys = {.count = count, .values = keys},
                         .values = {.count = count, .values = values, .nulls = &nulls}};
    lt_row_values(row)[0].map = &map;
    lt_text_clear(&bytes);
    lt_text_append(&bytes, "odd"); /* the key need not begin where memory is aligned */
    lt_row_bytes_write_key(type, row, &column, 1, &bytes);
}

static void maps_of_the_same_entries_are_one_key(void **state)
{
    (void)state;
    static const int ordered[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, other[] = {7, 2, 9, 4, 5, 6, 1, 8, 3};
    const struct lt_type *type;
    struct lt_arena *types = lt_arena_create();
    struct lt_row_pool *small;
    assert_int_equal(lt_type_parse_ddl("a MAP<BIGINT, INT>", types, &type, NULL), 0);
    assert_int_equal(
        lt_row_pool_create(&(struct lt_row_pool_options){.column_count = 1, .capacity = 1}, &small,
                           NULL),
        0);
    struct lt_row *row = lt_row_claim(small);
    write_map_key(type, row, ordered, 9);
    char *first = lt_text_take(&bytes);
    write_map_key(type, row, other, 9);
    const size_t size_bytes = 3 + 5 + 1 + (4 + 2 + 9 * 8) + (4 + 2 + 5 * 4);
    assert_int_equal(bytes.size_bytes, size_bytes);
    assert_memory_equal(bytes.data, first, size_bytes);
    write_map_key(type, row, other, 8);
    assert_int_not_equal(bytes.size_bytes, size_bytes);
    free(first);
    lt_row_release(row);
    lt_row_pool_destroy(small);
    lt_arena_destroy(types);
}

static void a_row_is_read_into_the_columns_that_are_asked_for(void **state)
{
    (void)state;
    const struct lt_type *type;
    struct lt_arena *types = lt_arena_create();
    struct lt_row_pool *wide;
    static const uint32_t indices[] = {0, 1};
    assert_int_equal(lt_type_parse_ddl("a INT, b STRING", types, &type, NULL), 0);
    assert_int_equal(
        lt_row_pool_create(&(struct lt_row_pool_options){.column_count = 70, .capacity = 2}, &wide,
                           NULL),
        0);
    struct lt_row *row = lt_row_claim(wide);
    lt_row_set_null(row, 0);
    lt_row_values(row)[1] = lt_value_text("x");
    lt_text_clear(&bytes);
    lt_row_bytes_write_key(type, row, indices, 2, &bytes);
    struct lt_row *back = lt_row_claim(wide);
    lt_row_set_null(back, 62);
    lt_row_set_null(back, 64);
    assert_int_equal(
        lt_row_bytes_read_at(type, bytes.data, bytes.size_bytes, back, 63, NULL), 0);
    assert_true(lt_row_is_null(back, 62));
    assert_true(lt_row_is_null(back, 63));
    assert_false(lt_row_is_null(back, 64));
    assert_int_equal(lt_row_values(back)[64].bytes.size_bytes, 1);
    lt_row_release(back);
    lt_row_release(row);
    lt_row_pool_destroy(wide);
    lt_arena_destroy(types);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_as_it_was),
        cmocka_unit_test(strings_that_are_read_say_how_much_may_be_read_behind_them),
        cmocka_unit_test(the_bytes_are_those_of_version_1),
        cmocka_unit_test(keys_that_compare_equal_have_equal_bytes),
        cmocka_unit_test(maps_of_the_same_entries_are_one_key),
        cmocka_unit_test(a_row_is_read_into_the_columns_that_are_asked_for),
        cmocka_unit_test(every_truncated_row_is_an_error),
        cmocka_unit_test(damaged_bytes_give_a_row_or_an_error),
        cmocka_unit_test(another_version_and_another_schema_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
