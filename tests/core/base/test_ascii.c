/* Comparing without regard to case, and to nothing but ASCII. */
#include "core/base/ascii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void texts_compare_as_their_lower_case(void **state)
{
    (void)state;
    assert_int_equal(lt_ascii_compare("Kafka.Group", "kafka.group"), 0);
    assert_int_equal(lt_ascii_compare("", ""), 0);
    assert_true(lt_ascii_compare("a", "B") < 0);
    assert_true(lt_ascii_compare("_", "A") < 0); /* '_' stands between 'Z' and 'a' */
    assert_true(lt_ascii_compare("ab", "A") > 0);
    assert_true(lt_ascii_compare("\xc3\xa9", "z") > 0); /* bytes count as unsigned */
    assert_int_not_equal(lt_ascii_compare("\xc3\x89", "\xc3\xa9"), 0);
    assert_int_not_equal(lt_ascii_compare("@[", "`{"), 0); /* neighbours of the letters */
}

static void prefixes_and_parts_are_found(void **state)
{
    (void)state;
    assert_true(lt_ascii_starts_with("Kafka.x", "kAFKA."));
    assert_true(lt_ascii_starts_with("x", ""));
    assert_false(lt_ascii_starts_with("kafka", "kafka."));
    assert_true(lt_ascii_contains("sasl.PASSWORD", "password"));
    assert_true(lt_ascii_contains("", ""));
    assert_false(lt_ascii_contains("passwor", "password"));
}

static void classes_hold_no_more_than_ascii(void **state)
{
    (void)state;
    int letter_count = 0;
    int digit_count = 0;
    int blank_count = 0;
    for (int c = -128; c < 128; c++) {
        letter_count += lt_ascii_is_letter((char)c);
        digit_count += lt_ascii_is_digit((char)c);
        blank_count += lt_ascii_is_blank((char)c);
    }
    assert_int_equal(letter_count, 52);
    assert_int_equal(digit_count, 10);
    assert_int_equal(blank_count, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_compare_as_their_lower_case),
        cmocka_unit_test(prefixes_and_parts_are_found),
        cmocka_unit_test(classes_hold_no_more_than_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
