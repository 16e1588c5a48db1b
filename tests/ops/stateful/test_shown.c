/* What aggregates hold, as people see it: by the name of their column, and not otherwise. */
#include "ops/stateful/shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "ops/aggregate/aggregate.h"
#include "ops/expr/scratch.h"

enum { ROWS = 3, COLUMNS = 2 };

static struct lt_arena *arena;
static struct lt_shown *shown;
static struct lt_text_buffer json;

static int set_up(void **state)
{
    (void)state;
    arena = lt_arena_create();
    shown = lt_shown_create();
    lt_text_init(&json);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lt_shown_destroy(shown);
    lt_arena_destroy(arena);
    lt_text_fini(&json);
    return 0;
}

/* The bytes of aggregates over the rows (1, "a"), (2, "b"), (3, "c"). */
static struct lt_bytes aggregate(const struct lt_plan_aggregate *plans, uint32_t count,
                                 const char **schema)
{
    static const char *const words[ROWS] = {"a", "b", "c"};
    const struct lt_row_pool_options options = {.column_count = COLUMNS, .capacity = 1};
    const struct lt_type *input;
    struct lt_aggregates *aggregates;
    struct lt_scratch memory = {0};
    struct lt_row_pool *pool;
    struct lt_error error;
    struct lt_text_buffer bytes;
    lt_text_init(&bytes);
    assert_int_equal(lt_type_parse_ddl("n BIGINT, w STRING", arena, &input, &error), 0);
    if (lt_aggregates_create(plans, count, input, NULL, &aggregates, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(lt_row_pool_create(&options, &pool, &error), 0);
    uint32_t size = lt_aggregates_size_bytes(aggregates);
    void *group = lt_scratch_alloc(&memory, size);
    memset(group, 0, size);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct lt_row *row = lt_row_claim(pool);
        lt_row_values(row)[0].i64 = i + 1;
        lt_row_values(row)[1] = lt_value_bytes(words[i], 1);
        assert_true(lt_aggregates_update(aggregates, group, row, &memory));
        lt_row_release(row);
    }
    lt_aggregates_write(aggregates, group, &bytes);
    *schema = lt_arena_text(arena, lt_aggregates_schema(aggregates));
    const char *copy = lt_arena_text_n(arena, lt_text_get(&bytes), bytes.size_bytes);
    struct lt_bytes result = {.data = (const uint8_t *)copy,
                              .size_bytes = (uint32_t)bytes.size_bytes};
    lt_text_fini(&bytes);
    lt_scratch_fini(&memory);
    lt_row_pool_destroy(pool);
    lt_aggregates_destroy(aggregates);
    return result;
}

static int write_one(const char *name, const union lt_value *value, struct lt_error *error)
{
    const struct lt_field field = {.name = name, .type = lt_type_simple(LT_TYPE_BINARY)};
    const struct lt_type *type = lt_type_struct(arena, &field, 1);
    const struct lt_struct structure = {.values = value};
    const union lt_value whole = {.structure = &structure};
    lt_text_clear(&json);
    return lt_shown_write(shown, type, &whole, &json, error);
}

static const uint32_t first[] = {0}, second[] = {1};

static void aggregates_are_shown_as_what_they_would_give(void **state)
{
    (void)state;
    struct lt_error error;
    const char *schema;
    const struct lt_type *bigint = lt_type_simple(LT_TYPE_BIGINT);
    const struct lt_plan_aggregate plans[] = {
        {.function = "count", .filter = -1, .type = bigint},
        {.function = "sum", .arguments = first, .argument_count = 1, .filter = -1, .type = bigint},
        {.function = "max", .arguments = second, .argument_count = 1, .filter = -1,
         .type = lt_type_simple(LT_TYPE_STRING)}};
    union lt_value value = {.bytes = aggregate(plans, 3, &schema)};
    assert_string_equal(schema, "count(),sum(BIGINT),max(STRING)");
    for (int i = 0; i < 2; i++) { /* the second time what the name says is known */
        if (write_one(schema, &value, &error) != 0)
            fail_msg("%s", error.text);
        assert_string_equal(lt_text_get(&json),
                            "{\"count(),sum(BIGINT),max(STRING)\":"
                            "{\"count(*)\":3,\"sum(BIGINT)\":6,\"max(STRING)\":\"c\"}}");
    }
}

static void sessions_are_shown_alike(void **state)
{
    (void)state;
    struct lt_error error;
    const char *schema;
    const struct lt_plan_aggregate plan = {
        .function = "count", .filter = -1, .type = lt_type_simple(LT_TYPE_BIGINT)};
    union lt_value values[2] = {{.i64 = 0}, {.bytes = aggregate(&plan, 1, &schema)}};
    const struct lt_field fields[] = {
        {.name = "start", .type = lt_type_simple(LT_TYPE_TIMESTAMP)},
        {.name = schema, .type = lt_type_simple(LT_TYPE_BINARY)}};
    const struct lt_type *type =
        lt_type_array(arena, lt_type_struct(arena, fields, 2), false);
    const struct lt_struct session = {.values = values};
    const union lt_value element = {.structure = &session};
    struct lt_array array = {.count = 1, .values = &element};
    const union lt_value whole = {.array = &array};
    assert_int_equal(lt_shown_write(shown, type, &whole, &json, &error), 0);
    assert_string_equal(lt_text_get(&json),
                        "[{\"start\":\"1970-01-01T00:00:00.000Z\",\"count()\":{\"count(*)\":3}}]");
}

static void bytes_of_which_the_name_says_not_enough_stay_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"plain",        "nothing(BIGINT)",
                                        "count(",       "sum(NOTYPE)",
                                        "sum(BIGINT))", "approx_percentile(DOUBLE)"};
    struct lt_error error;
    union lt_value value = {.bytes = {.data = (const uint8_t *)"ab", .size_bytes = 2}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(write_one(names[i], &value, &error), 0);
        assert_non_null(strstr(lt_text_get(&json), ":\"YWI=\"}"));
    }
}

static void damaged_aggregates_are_an_error(void **state)
{
    (void)state;
    struct lt_error error;
    const char *schema;
    const struct lt_plan_aggregate plan = {
        .function = "count", .filter = -1, .type = lt_type_simple(LT_TYPE_BIGINT)};
    union lt_value value = {.bytes = aggregate(&plan, 1, &schema)};
    value.bytes.size_bytes--;
    assert_int_equal(write_one(schema, &value, &error), LT_E_CORRUPT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(aggregates_are_shown_as_what_they_would_give),
        TEST(sessions_are_shown_alike),
        TEST(bytes_of_which_the_name_says_not_enough_stay_bytes),
        TEST(damaged_aggregates_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
