/* Types inferred from JSON, as schema_of_json gives them. */
#include "core/text/json_infer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/iso_times.h"

static struct lt_arena *arena;
static struct lt_json_options options;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    lt_json_options_init(&options);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    lt_arena_destroy(arena);
    return 0;
}

static void infers(const char *json, const char *expected)
{
    const struct lt_type *type;
    struct lt_error error;
    int code = lt_json_infer(json, strlen(json), &options, &iso_times, arena, &type, &error);
    assert_int_equal(code, 0);
    assert_string_equal(lt_type_sql(arena, type), expected);
}

static void values_have_the_types_that_spark_gives_them(void **state)
{
    (void)state;
    infers("{\"a\":1,\"b\":\"x\",\"c\":[1,2.5],\"d\":{\"e\":null},\"f\":true}",
           "STRUCT<a: BIGINT, b: STRING, c: ARRAY<DOUBLE>, d: STRUCT<e: STRING>, f: BOOLEAN>");
    infers("[{\"a\":1},{\"b\":2}]", "ARRAY<STRUCT<a: BIGINT, b: BIGINT>>");
    infers("{\"a\":12345678901234567890}", "STRUCT<a: DECIMAL(20,0)>");
    infers("[12345678901234567890,1]", "ARRAY<DECIMAL(20,0)>");
    infers("[1,\"x\"]", "ARRAY<STRING>");
    infers("[[1],[2.5],null]", "ARRAY<ARRAY<DOUBLE>>");
    infers("1", "BIGINT");
    infers("[]", "ARRAY<STRING>");
    infers("{}", "STRUCT<>");
    infers("{\"a\":{}}", "STRUCT<>");
    infers("{\"a\":\"\"}", "STRUCT<a: STRING>");
    infers("", "STRING");
    infers("{\"c.d\":2,\"a b\":1}", "STRUCT<`a b`: BIGINT, `c.d`: BIGINT>");
}

static void names_stand_in_the_order_of_java_strings(void **state)
{
    (void)state;
    infers("{\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":2,\"b\":3,\"ab\":4}",
           "STRUCT<ab: BIGINT, b: BIGINT, `\xf0\x9f\x98\x80`: BIGINT, `\xef\xbf\xbd`: BIGINT>");
}

static void options_change_the_types(void **state)
{
    (void)state;
    options.prefers_decimal = true;
    infers("{\"a\":1.1,\"b\":\"1.25\",\"c\":1}",
           "STRUCT<a: DECIMAL(2,1), b: DECIMAL(3,2), c: BIGINT>");
    infers("0.001", "DECIMAL(3,3)");
    lt_json_options_init(&options);
    options.primitives_as_string = true;
    infers("[1,true]", "ARRAY<STRING>");
    lt_json_options_init(&options);
    options.drop_field_if_all_null = true;
    infers("{\"a\":null,\"b\":[],\"c\":1}", "STRUCT<c: BIGINT>");
    lt_json_options_init(&options);
    options.infer_timestamp = true;
    infers("{\"t\":\"2024-01-01T00:00:00Z\",\"u\":\"x\"}", "STRUCT<t: TIMESTAMP, u: STRING>");
}

static void faults_are_told_with_their_place(void **state)
{
    (void)state;
    const struct lt_type *type;
    struct lt_error error;
    char deep[128];
    assert_int_equal(lt_json_infer("{\n bad", 6, &options, NULL, arena, &type, &error), LT_E_PARSE);
    assert_string_equal(error.text, "JSON: line 2, column 2: a name in quotes is expected");
    assert_int_equal(lt_json_infer("[", 1, &options, NULL, arena, &type, &error), LT_E_PARSE);
    memset(deep, '[', sizeof deep);
    assert_int_equal(lt_json_infer(deep, sizeof deep, &options, NULL, arena, &type, &error),
                     LT_E_LIMIT);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(values_have_the_types_that_spark_gives_them),
        CASE(names_stand_in_the_order_of_java_strings),
        CASE(options_change_the_types),
        CASE(faults_are_told_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
