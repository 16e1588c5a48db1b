/*
 * The console's tables, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/console.h"
#include "io/console_table.h"
#include "tests/support/collector.h"

static void expect_table(const char *ddl, bool truncate, const union lt_value *values,
                         const uint64_t *nulls, uint32_t row_count, const char *wanted)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema;
    assert_int_equal(lt_type_parse_ddl(ddl, arena, &schema, NULL), 0);
    struct lt_console_table table;
    lt_console_table_init(&table, schema, truncate);
    for (uint32_t i = 0; i < row_count; i++)
        lt_console_table_add(&table, values + i * schema->field_count, &nulls[i]);
    struct lt_text_buffer out;
    lt_text_init(&out);
    lt_console_table_print(&table, &out);
    assert_string_equal(lt_text_get(&out), wanted);
    lt_text_fini(&out);
    lt_console_table_fini(&table);
    lt_arena_destroy(arena);
}

static void truncated_cells_stand_to_the_right(void **state)
{
    (void)state;
    const union lt_value values[] = {
        lt_value_text("cat"),
        lt_value_i64(2),
        lt_value_text("abcdefghijklmnopqrstu"),
        lt_value_i64(1),
        lt_value_text("abcdefghijklmnopqrst"),
        lt_value_i64(0),
    };
    const uint64_t nulls[] = {0, 0, 2};
    expect_table("word STRING, count BIGINT", true, values, nulls, 3,
                 "+--------------------+-----+\n"
                 "|                word|count|\n"
                 "+--------------------+-----+\n"
                 "|                 cat|    2|\n"
                 "|abcdefghijklmnopq...|    1|\n"
                 "|abcdefghijklmnopqrst| NULL|\n"
                 "+--------------------+-----+\n");
}

static void whole_cells_stand_to_the_left(void **state)
{
    (void)state;
    const union lt_value values[] = {lt_value_text("abcdefghijklmnopqrstu"), lt_value_i64(1)};
    const uint64_t nulls[] = {0};
    expect_table("w STRING, b BOOLEAN", false, values, nulls, 1,
                 "+---------------------+----+\n"
                 "|w                    |b   |\n"
                 "+---------------------+----+\n"
                 "|abcdefghijklmnopqrstu|true|\n"
                 "+---------------------+----+\n");
}

static void an_empty_table_is_a_header(void **state)
{
    (void)state;
    expect_table("v INT, value STRING", true, NULL, NULL, 0,
                 "+---+-----+\n"
                 "|  v|value|\n"
                 "+---+-----+\n"
                 "+---+-----+\n");
}

static void wide_characters_count_two_and_control_characters_are_escaped(void **state)
{
    (void)state;
    const union lt_value values[] = {lt_value_text("\xe6\x97\xa5\xe6\x9c\xac"),
                                     lt_value_text("a\tb\nc")};
    const uint64_t nulls[] = {0, 0};
    expect_table("v STRING", true, values, nulls, 2,
                 "+-------+\n"
                 "|      v|\n"
                 "+-------+\n"
                 "|   \xe6\x97\xa5\xe6\x9c\xac|\n"
                 "|a\\tb\\nc|\n"
                 "+-------+\n");
}

static void expect_cell(const char *type_text, union lt_value value, const char *wanted)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *type;
    assert_int_equal(lt_type_parse(type_text, arena, &type, NULL), 0);
    struct lt_text_buffer out;
    lt_text_init(&out);
    lt_console_cell(&out, type, &value);
    assert_string_equal(lt_text_get(&out), wanted);
    lt_text_fini(&out);
    lt_arena_destroy(arena);
}

static void cells_print_as_sparks(void **state)
{
    (void)state;
    expect_cell("double", lt_value_f64(1e10), "1.0E10");
    expect_cell("float", lt_value_f64(0.1f), "0.1");
    expect_cell("decimal(10,2)", (union lt_value){.i128 = -12345}, "-123.45");
    expect_cell("boolean", lt_value_i64(0), "false");
    expect_cell("tinyint", lt_value_i64(-7), "-7");
    expect_cell("binary", lt_value_bytes("ab\xff", 3), "[61 62 FF]");
    expect_cell("binary", lt_value_bytes("", 0), "[]");
    expect_cell("date", lt_value_i64(19723), "2024-01-01");
    expect_cell("timestamp", lt_value_i64(1704067200100000), "2024-01-01 00:00:00.1");
}

static void nested_cells_print_as_sparks(void **state)
{
    (void)state;
    union lt_value numbers[] = {lt_value_i64(1), lt_value_i64(2)};
    const uint64_t second = 2;
    struct lt_array array = {.count = 2, .nulls = &second, .values = numbers};
    expect_cell("array<int>", (union lt_value){.array = &array}, "[1, NULL]");
    array.count = 0;
    expect_cell("array<int>", (union lt_value){.array = &array}, "[]");
    union lt_value fields[] = {lt_value_text("a"), lt_value_i64(1)};
    struct lt_struct structure = {.values = fields};
    expect_cell("struct<n:string,v:int>", (union lt_value){.structure = &structure}, "{a, 1}");
    union lt_value keys[] = {lt_value_text("k"), lt_value_text("l")};
    struct lt_map map = {.keys = {.count = 2, .values = keys},
                         .values = {.count = 2, .nulls = &second, .values = numbers}};
    expect_cell("map<string,int>", (union lt_value){.map = &map}, "{k -> 1, l -> NULL}");
}

/* Two lanes and two epochs; the second is empty. */
static void fill_epochs(struct lt_writer *writers[2], struct lt_row_pool *pool)
{
    for (uint32_t lane = 2; lane-- > 0;) { /* the second lane comes first */
        for (uint32_t i = 0; i < 2 - lane; i++) {
            struct lt_row *row = lt_row_claim(pool);
            lt_row_values(row)[0] = lt_value_i64(lane * 10 + i);
            struct lt_fault *fault;
            assert_int_equal(writers[lane]->ops->write(writers[lane], row, &fault), LT_WRITE_DONE);
        }
        for (uint64_t epoch = 3; epoch < 5; epoch++)
            writers[lane]->ops->prepare(writers[lane], epoch);
    }
}

/* What commits print on standard output. */
static void commit_and_read(struct lt_sink *sink, char *out, size_t out_size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fflush(stdout), 0);
    int saved = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    int code = sink->ops->commit(sink, 3, "", NULL);
    int again = sink->ops->commit(sink, 3, "", NULL); /* prints nothing more */
    int empty = sink->ops->commit(sink, 4, "", NULL);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_int_equal(code, 0);
    assert_int_equal(again, 0);
    assert_int_equal(empty, 0);
    ssize_t size_bytes = pread(fileno(file), out, out_size - 1, 0);
    assert_true(size_bytes > 0);
    out[size_bytes] = '\0';
    fclose(file);
}

static void a_batch_shows_its_first_rows_and_says_so(void **state)
{
    (void)state;
    static const char *const options[] = {"numRows=2", NULL};
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *schema;
    assert_int_equal(lt_type_parse_ddl("value BIGINT", arena, &schema, NULL), 0);
    struct lt_connector_env env = collector_env(lt_clock_system(), NULL);
    struct lt_sink *sink = collector_sink(&lt_console_sink_type, options, schema, arena, &env);
    const struct lt_row_pool_options pool_options = {.column_count = 1, .capacity = 8};
    struct lt_row_pool *pool;
    assert_int_equal(lt_row_pool_create(&pool_options, &pool, NULL), 0);
    struct lt_writer *writers[2];
    for (uint32_t lane = 0; lane < 2; lane++) {
        env.lane = lane;
        assert_int_equal(sink->ops->open_writer(sink, &env, &writers[lane], NULL), 0);
    }
    fill_epochs(writers, pool);
    char got[2048];
    commit_and_read(sink, got, sizeof got);
    assert_string_equal(got, "-------------------------------------------\n"
                             "Batch: 3\n"
                             "-------------------------------------------\n"
                             "+-----+\n"
                             "|value|\n"
                             "+-----+\n"
                             "|    0|\n"
                             "|    1|\n"
                             "+-----+\n"
                             "only showing top 2 rows\n"
                             "\n"
                             "-------------------------------------------\n"
                             "Batch: 4\n"
                             "-------------------------------------------\n"
                             "+-----+\n"
                             "|value|\n"
                             "+-----+\n"
                             "+-----+\n"
                             "\n");
    for (uint32_t lane = 0; lane < 2; lane++)
        writers[lane]->ops->close(writers[lane]);
    sink->ops->close(sink);
    lt_row_pool_destroy(pool);
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_cells_stand_to_the_right),
        cmocka_unit_test(whole_cells_stand_to_the_left),
        cmocka_unit_test(an_empty_table_is_a_header),
        cmocka_unit_test(wide_characters_count_two_and_control_characters_are_escaped),
        cmocka_unit_test(cells_print_as_sparks),
        cmocka_unit_test(nested_cells_print_as_sparks),
        cmocka_unit_test(a_batch_shows_its_first_rows_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
