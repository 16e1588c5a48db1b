/*
 * Partition columns: the types below are what a live Spark 4.1 made of such directories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/files_name.h"
#include "io/files_partition.h"

enum { VALUES_MAX = 3 };

struct fixture {
    struct lt_arena *arena;
    struct lt_zones *zones;
    struct lt_datetime_context times;
    struct lt_files_inference *inference;
    struct lt_files_partitions partitions;
    struct lt_error error;
};

static void set_up(struct fixture *fixture)
{
    fixture->arena = lt_arena_create();
    fixture->zones = lt_zones_create();
    fixture->times = (struct lt_datetime_context){
        .zone = lt_zone_utc(), .zones = fixture->zones, .clock = lt_clock_system()};
    fixture->inference = lt_files_inference_create(&fixture->times, fixture->arena);
}

static void tear_down(struct fixture *fixture)
{
    lt_files_inference_destroy(fixture->inference);
    lt_zones_destroy(fixture->zones);
    lt_arena_destroy(fixture->arena);
}

static int infer(struct fixture *fixture, const char *const *paths, const char *schema)
{
    const struct lt_type *user_schema = NULL;
    int code = 0;
    if (schema != NULL)
        assert_int_equal(lt_type_parse_ddl(schema, fixture->arena, &user_schema, NULL), 0);
    for (; *paths != NULL && code == 0; paths++)
        code = lt_files_inference_add(fixture->inference, *paths, strlen("/in"), &fixture->error);
    if (code == 0)
        code = lt_files_inference_end(fixture->inference, user_schema, &fixture->partitions,
                                      &fixture->error);
    return code;
}

static const char *columns(const struct fixture *fixture)
{
    return lt_type_simple_string(
        fixture->arena,
        lt_type_struct(fixture->arena, fixture->partitions.columns, fixture->partitions.count));
}

static void types_are_the_narrowest_that_take_all_values(void **state)
{
    (void)state;
    static const struct {
        const char *values[VALUES_MAX], *type;
    } cases[] = {
        {{"1", "2"}, "int"},
        {{"1", "3000000000"}, "bigint"},
        {{"1", "1.5"}, "double"},
        {{"1.5", "3000000000"}, "string"},
        {{"1", "123456789012345678901"}, "decimal(21,0)"},
        {{"123456789012", "123456789012345678901"}, "decimal(21,0)"},
        {{"1.5", "123456789012345678901"}, "string"},
        {{"2024-01-01", "2024-01-01 10%3A00%3A00"}, "timestamp"},
        {{"2024-01-01", "2024-01-02"}, "date"},
        {{"2024-01-01", "5"}, "string"},
        {{"2024-01-01", "x"}, "string"},
        {{"__HIVE_DEFAULT_PARTITION__"}, "void"},
        {{"__HIVE_DEFAULT_PARTITION__", "7"}, "int"},
        {{"a%2Fb", "c d"}, "string"},
        {{"2024-01-01 10%3A00%3A00"}, "timestamp"},
        {{"2024-01-01T10%3A00%3A00"}, "string"},
        {{"2024-01-01 10%3A00"}, "string"},
        {{"01", "002"}, "int"},
        {{"+1", "-2"}, "int"},
        {{"-0"}, "int"},
        {{"1f", "2d"}, "double"},
        {{"1e3", "2"}, "decimal(10,0)"},
        {{"1.", "2"}, "decimal(10,0)"},
        {{"NaN", "1"}, "double"},
        {{" 1", "2 "}, "double"},
        {{"111111111111111111111111111111111111111"}, "double"},
        {{"1e400"}, "double"},
        {{"0x10"}, "string"},
        {{"true"}, "string"},
        {{"2024-1-2"}, "string"},
        {{"2024-01"}, "string"},
        {{"2024-13-01"}, "string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int turn = 0; turn < 2; turn++) { /* in either order */
            struct fixture fixture;
            const char *paths[VALUES_MAX] = {NULL};
            size_t count = cases[i].values[1] == NULL ? 1 : 2;
            set_up(&fixture);
            for (size_t j = 0; j < count; j++)
                paths[turn == 0 ? j : count - 1 - j] =
                    lt_arena_format(fixture.arena, "/in/K=%s/a.txt", cases[i].values[j]);
            assert_int_equal(infer(&fixture, paths, NULL), 0);
            assert_string_equal(columns(&fixture),
                                lt_arena_format(fixture.arena, "struct<K:%s>", cases[i].type));
            tear_down(&fixture);
        }
    }
}

static void directories_are_judged_as_spark_does(void **state)
{
    (void)state;
    static const struct {
        const char *paths[4], *schema, *says;
    } cases[] = {
        {{"/in/a=1/f", "/in/b=1/f"}, NULL, "[CONFLICTING_PARTITION_COLUMN_NAMES]"},
        {{"/in/a=1/b=2/f", "/in/a=1/f"}, NULL, "\"/in/a=1/f\" has (a), others have (a, b)"},
        {{"/in/a=1/f", "/in/x/f"}, NULL, "[CONFLICTING_DIRECTORY_STRUCTURES]"},
        {{"/in/x/f", "/in/a=1/f"}, NULL, "file:/in/a=1/, file:/in/x/"},
        {{"/in/x/a=1/f", "/in/y/a=1/f"}, NULL, "[CONFLICTING_DIRECTORY_STRUCTURES]"},
        {{"/in/=1/f"}, NULL, "empty partition column name in \"/in/=1/f\""},
        {{"/in/a=/f"}, NULL, "empty partition column value in \"/in/a=/f\""},
        {{"/in/a=1/f", "/in/f"}, NULL, "struct<a:int>"},
        {{"/in/a=1/x/f"}, NULL, "struct<a:int>"},
        {{"/in/a=1/f", "/in/A=2/f"}, NULL, "struct<A:int>"},
        {{"/in/x/f", "/in/f"}, NULL, "struct<>"},
        {{"/in/a=1/b=x/f", "/in/a=2/b=y/f"}, NULL, "struct<a:int,b:string>"},
        {{"/in/a=1/b=x/f"}, "v int, A string", "struct<A:string,b:string>"},
        {{"/in/a%3D=1/f"}, NULL, "struct<a=:int>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture fixture;
        set_up(&fixture);
        int code = infer(&fixture, cases[i].paths, cases[i].schema);
        const char *says = code == 0 ? columns(&fixture) : fixture.error.text;
        if (strstr(says, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].says, says);
        tear_down(&fixture);
    }
}

static void a_path_is_cut_into_its_parts(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    struct lt_files_parts parts;
    assert_int_equal(lt_files_parts_of("/in/a=1/b=%20x/f.json", 3, arena, &parts, NULL), 0);
    assert_int_equal(parts.count, 2);
    assert_string_equal(parts.names[1], "b");
    assert_string_equal(parts.values[1], " x");
    assert_int_equal(parts.base_size, 3);
    assert_int_equal(lt_files_parts_of("/a=1/f.json", 1, arena, &parts, NULL), 0);
    assert_int_equal(parts.count, 1); /* the root is "/" */
    assert_int_equal(lt_files_parts_of("/a=1/f=2", 4, arena, &parts, NULL), 0);
    assert_int_equal(parts.count, 0); /* neither the root's nor the file's own name */
    lt_arena_destroy(arena);
}

static void values_are_of_the_columns_type(void **state)
{
    (void)state;
    static const struct {
        const char *type, *text;
        int64_t value; /* -1: refused */
    } cases[] = {
        {"int", "7", 7},
        {"int", "abc", -1},
        {"int", " 7", -1},
        {"int", "3000000000", -1},
        {"bigint", "3000000000", 3000000000},
        {"tinyint", "257", 1},
        {"boolean", "TRUE", 1},
        {"boolean", "1", -1},
        {"date", "1970-01-03", 2},
        {"date", "x", -1},
        {"timestamp", "1970-01-01 00:00:01", 1000000},
        {"timestamp", "1970-01-02", 86400000000},
        {"array<int>", "1", -1},
    };
    struct fixture fixture;
    set_up(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_field column = {.name = "k"};
        union lt_value value;
        bool is_null;
        assert_int_equal(lt_type_parse(cases[i].type, fixture.arena, &column.type, NULL), 0);
        int code = lt_files_partition_value(&column, cases[i].text, &fixture.times, &value,
                                            &is_null, &fixture.error);
        assert_int_equal(code, cases[i].value == -1 ? LT_E_INVALID : 0);
        if (code == 0)
            assert_int_equal(value.i64, cases[i].value);
        assert_int_equal(lt_files_partition_value(&column, LT_FILES_NULL_PARTITION, &fixture.times,
                                                  &value, &is_null, NULL),
                         0);
        assert_true(is_null);
    }
    assert_string_equal(fixture.error.condition, "INVALID_PARTITION_VALUE");
    assert_non_null(strstr(fixture.error.text, "Failed to cast value '1' to data type "
                                               "\"ARRAY<INT>\" for partition column `k`."));
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_the_narrowest_that_take_all_values),
        cmocka_unit_test(directories_are_judged_as_spark_does),
        cmocka_unit_test(a_path_is_cut_into_its_parts),
        cmocka_unit_test(values_are_of_the_columns_type),
    };
    return cmocka_run_group_tests_name("files_partition", tests, NULL, NULL);
}
