/*
 * ORDER BY and LIMIT: the order by several columns with NULLs, ties, batches after each other, many
 * rows; a limit for each batch and one for the query's life.
 */
#include "tests/ops/stateful/times.h"
#include "tests/support/stateful_world.h"

#define SCHEMA "k STRING, n INT, xs ARRAY<STRING>"

static void open_sort(struct stateful_world *world, const struct lt_plan_order *orders,
                      uint32_t count)
{
    stateful_world_init(world, LT_PLAN_SORT, SCHEMA, NULL);
    world->node->orders = orders;
    world->node->order_count = count;
    stateful_world_open(world, NULL);
}

#define ROW(k, n) "{\"k\":" k ",\"n\":" n ",\"xs\":null}"

static void rows_come_in_order_with_nulls_where_they_were_asked_for(void **state)
{
    static const struct {
        struct lt_plan_order orders[2];
        const char *lines;
    } cases[] = {
        {{{.column = 0}, {.column = 1}},
         ROW("null", "3") "\n" ROW("\"a\"", "null") "\n" ROW("\"a\"", "2") "\n" ROW("\"b\"", "1")},
        {{{.column = 0, .nulls_last = true}, {.column = 1, .nulls_last = true}},
         ROW("\"a\"", "2") "\n" ROW("\"a\"", "null") "\n" ROW("\"b\"", "1") "\n" ROW("null", "3")},
        {{{.column = 0, .is_descending = true, .nulls_last = true},
          {.column = 1, .is_descending = true}},
         ROW("\"b\"", "1") "\n" ROW("\"a\"", "null") "\n" ROW("\"a\"", "2") "\n" ROW("null", "3")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stateful_world world;
        open_sort(&world, cases[i].orders, 2);
        for (int batch = 0; batch < 3; batch++) {
            stateful_world_batch(&world, 0, 0,
                                 "{\"k\":\"b\",\"n\":1}\n{\"k\":\"a\",\"n\":2}\n{\"n\":3}\n"
                                 "{\"k\":\"a\"}",
                                 NULL);
            stateful_world_expect_in_order(&world, cases[i].lines);
        }
        stateful_world_fini(&world);
    }
}

static void equal_rows_stay_in_the_order_in_which_they_came(void **state)
{
    static const struct lt_plan_order order = {.column = 0};
    struct stateful_world world;
    (void)state;
    open_sort(&world, &order, 1);
    stateful_world_batch(&world, 0, 0,
                         "{\"k\":\"b\",\"n\":1}\n{\"k\":\"a\",\"n\":2}\n{\"k\":\"b\",\"n\":3}\n"
                         "{\"k\":\"a\",\"n\":4}\n{\"k\":\"b\",\"n\":5}",
                         NULL);
    stateful_world_expect_in_order(&world, ROW("\"a\"", "2") "\n" ROW("\"a\"", "4") "\n" ROW(
                                               "\"b\"", "1") "\n" ROW("\"b\"", "3") "\n" ROW(
                                               "\"b\"", "5"));
    stateful_world_fini(&world);
}

static void a_batch_without_rows_gives_none(void **state)
{
    static const struct lt_plan_order order = {.column = 0};
    struct stateful_world world;
    (void)state;
    open_sort(&world, &order, 1);
    stateful_world_batch(&world, 0, 0, NULL, NULL);
    stateful_world_expect_in_order(&world, "");
    stateful_world_fini(&world);
}

/* Rows of its own, whatever becomes of those that came: their texts are longer than what a row has
 * room for. */
static void rows_of_any_size_are_kept(void **state)
{
    enum { ROWS = 400, TEXT = 700 };
    static const struct lt_plan_order order = {.column = 1, .is_descending = true};
    struct stateful_world world;
    char text[TEXT + 1], json[TEXT + 64];
    (void)state;
    memset(text, 'x', TEXT);
    text[TEXT] = '\0';
    open_sort(&world, &order, 1);
    for (int batch = 0; batch < 3; batch++) {
        stateful_world_begin(&world, 0, 0);
        for (int i = 0; i < ROWS; i++) {
            (void)snprintf(json, sizeof json, "{\"n\":%d,\"xs\":[\"%s\",null]}",
                           i * 7919 % ROWS, text);
            stateful_world_give(&world, 0, json);
        }
        stateful_world_end(&world);
        assert_int_equal(world.line_count, ROWS);
        for (int i = 0; i < ROWS; i++) {
            (void)snprintf(json, sizeof json, "{\"k\":null,\"n\":%d,\"xs\":[\"%s\",null]}",
                           ROWS - 1 - i, text);
            assert_string_equal(world.lines[i], json);
        }
    }
    stateful_world_fini(&world);
}

static void a_limit_of_each_batch_keeps_nothing(void **state)
{
    struct stateful_world world;
    (void)state;
    stateful_world_init(&world, LT_PLAN_LIMIT, "n INT", NULL);
    world.node->limit = 2;
    stateful_world_open(&world, NULL);
    for (int batch = 0; batch < 2; batch++) {
        stateful_world_batch(&world, 0, 0, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}", NULL);
        stateful_world_expect_in_order(&world, "{\"n\":1}\n{\"n\":2}");
    }
    assert_int_equal(world.store_count, 0);
    stateful_world_fini(&world);
}

static void a_limit_of_the_query_goes_on_where_it_was(void **state)
{
    const struct lt_plan_stateful plan = {.session_gap = -1};
    struct stateful_world world;
    (void)state;
    stateful_world_init(&world, LT_PLAN_LIMIT, "n INT", NULL);
    world.node->limit = 4;
    stateful_world_open(&world, &plan);
    stateful_world_batch(&world, 0, 0, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}", NULL);
    stateful_world_expect_in_order(&world, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}");
    stateful_world_expect_counts(&world, 1, 1, 0, 0);
    stateful_world_close(&world);
    stateful_world_open(&world, &plan);
    stateful_world_batch(&world, 0, 0, NULL, NULL);
    stateful_world_expect_counts(&world, 1, 0, 0, 0);
    stateful_world_batch(&world, 0, 0, "{\"n\":4}\n{\"n\":5}", NULL);
    stateful_world_expect_in_order(&world, "{\"n\":4}");
    stateful_world_batch(&world, 0, 0, "{\"n\":6}", NULL);
    stateful_world_expect_in_order(&world, "");
    stateful_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_order_with_nulls_where_they_were_asked_for),
        cmocka_unit_test(equal_rows_stay_in_the_order_in_which_they_came),
        cmocka_unit_test(a_batch_without_rows_gives_none),
        cmocka_unit_test(rows_of_any_size_are_kept),
        cmocka_unit_test(a_limit_of_each_batch_keeps_nothing),
        cmocka_unit_test(a_limit_of_the_query_goes_on_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
