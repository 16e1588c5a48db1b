#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/flow/fault.h"

static void a_fault_says_where_what_and_why(void **state)
{
    (void)state;
    struct lt_fault *fault =
        lt_fault_create("filter", "DIVIDE_BY_ZERO", "22012", "division of %d by zero", 7);
    assert_string_equal(fault->stage, "filter");
    assert_string_equal(fault->condition, "DIVIDE_BY_ZERO");
    assert_string_equal(fault->sqlstate, "22012");
    assert_string_equal(fault->text, "division of 7 by zero");
    assert_int_equal(fault->wall_us, 0);
    lt_fault_destroy(fault);
}

static void a_text_of_several_lines_becomes_one(void **state)
{
    (void)state;
    struct lt_fault *fault = lt_fault_create("sink", "X", "00000", "a\nb\r\nc");
    assert_string_equal(fault->text, "a b  c");
    lt_fault_destroy(fault);
}

static void what_is_too_long_is_cut_and_what_is_missing_is_empty(void **state)
{
    (void)state;
    char text[2 * LT_FAULT_TEXT_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct lt_fault *fault = lt_fault_create(text, NULL, NULL, "%s", text);
    assert_int_equal(strlen(fault->text), LT_FAULT_TEXT_MAX - 1);
    assert_int_equal(strlen(fault->stage), sizeof fault->stage - 1);
    assert_string_equal(fault->condition, "");
    assert_string_equal(fault->sqlstate, "");
    lt_fault_destroy(fault);
    lt_fault_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_says_where_what_and_why),
        cmocka_unit_test(a_text_of_several_lines_becomes_one),
        cmocka_unit_test(what_is_too_long_is_cut_and_what_is_missing_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
