/* Conditions whose outcomes are the same are not asked, as in Spark, which takes -0.0 for 0.0
 * there. */
#include "tests/ops/expr/columns.h"

enum { C, N, X };

static struct columns columns;

static int set_up(void **state)
{
    (void)state;
    columns_init(&columns, "c BOOLEAN, n INT, x DOUBLE");
    lt_row_values(columns.row)[N].i64 = 1;
    lt_row_values(columns.row)[X].f64 = -0.0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    columns_fini(&columns);
    return 0;
}

/* Whatever `c` is. */
static void expect(const char *text, const char *wanted)
{
    for (int c = 0; c < 2; c++) {
        lt_row_values(columns.row)[C].i64 = c;
        columns_expect(&columns, text, wanted);
    }
}

static void of_if_it_is_the_first(void **state)
{
    (void)state;
    expect("if(c, -0.0D, 0.0D)", "-0.0");
    expect("if(c, 0.0D, -0.0D)", "0.0");
    expect("if(c, -0.0F, 0.0F)", "-0.0");
    expect("nvl2(nullif(n, 1), -0.0D, 0.0D)", "-0.0");
    expect("if(c, x - -0.0D, x - 0.0D)", "0.0");
}

static void of_case_it_is_the_last(void **state)
{
    (void)state;
    expect("CASE WHEN c THEN -0.0D ELSE 0.0D END", "0.0");
    expect("CASE WHEN c THEN 0.0D WHEN n = 2 THEN 0.0D ELSE -0.0D END", "-0.0");
    expect("CASE c WHEN true THEN -0.0D ELSE 0.0D END", "0.0");
    expect("decode(c, true, -0.0D, 0.0D)", "0.0");
    expect("CASE WHEN false THEN 7.0D WHEN c THEN -0.0D ELSE 0.0D END", "0.0");
}

static void a_condition_that_draws_is_asked(void **state)
{
    (void)state;
    expect("if(rand() > 2, -0.0D, 0.0D)", "0.0");
    expect("CASE WHEN rand() > 2 THEN 0.0D WHEN c THEN 0.0D ELSE -0.0D END", "-0.0");
    expect("CASE WHEN rand() < 2 THEN 0.0D WHEN c THEN 0.0D ELSE -0.0D END", "-0.0");
}

static void what_a_constant_decides_is_decided_before(void **state)
{
    (void)state;
    expect("if(1 = 2, -0.0D, 0.0D)", "0.0");
    expect("CASE WHEN n = 1 THEN -0.0D WHEN 1 = 1 THEN 0.0D ELSE -0.0D END", "-0.0");
    expect("CASE WHEN n = 2 THEN -0.0D WHEN 1 = 1 THEN 0.0D ELSE -0.0D END", "0.0");
}

static void other_outcomes_are_chosen_between(void **state)
{
    (void)state;
    expect("if(n = 1, x, 0.0D)", "-0.0");
    expect("if(n = 2, -0.0D, x + 0.0D)", "0.0");
    expect("CASE WHEN n = 2 THEN 1.0D WHEN n = 1 THEN -0.0D ELSE 0.0D END", "-0.0");
    expect("CASE WHEN n = 1 THEN -0.0D END", "-0.0");
}

static void the_condition_cannot_fail(void **state)
{
    (void)state;
    expect("if(1 / (n - 1) > 5, 'a', 'a')", "a");
    expect("CASE WHEN 1 / (n - 1) > 5 THEN x ELSE x END", "-0.0");
    expect("if(1 / (n - 1) > 5, 'a', 'b')", "DIVIDE_BY_ZERO 22012");
}

/* Where constants are folded; n is 1. */
static void of_a_constant_that_fails_under_a_condition_a_value_is_taken(void **state)
{
    static const char *const cases[][2] = {
        {"CASE 'x' WHEN map(0, 'a', 0, 'b')[n] THEN 'a' ELSE 'b' END", "b"},
        {"CASE WHEN map(1, 'a', 1, 'b')[n] = 'a' THEN n ELSE x END", "1.0"},
        {"coalesce(map(0, 'a', 0, 'b')[n], 'c')", "c"},
        {"map(0, 'a', 0, 'b')[n]", "DUPLICATED_MAP_KEY 23505"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conformance_outcome out;
        conformance_evaluate(cases[i][0], columns.schema, columns.row, lt_session_default(), false,
                             &out);
        assert_string_equal(out.result, cases[i][1]);
        conformance_outcome_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_if_it_is_the_first),
        cmocka_unit_test(of_case_it_is_the_last),
        cmocka_unit_test(a_condition_that_draws_is_asked),
        cmocka_unit_test(what_a_constant_decides_is_decided_before),
        cmocka_unit_test(other_outcomes_are_chosen_between),
        cmocka_unit_test(the_condition_cannot_fail),
        cmocka_unit_test(of_a_constant_that_fails_under_a_condition_a_value_is_taken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
