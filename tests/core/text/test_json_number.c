/* Numbers of JSON: read in a word, they are what they are digit by digit. */
#include "core/text/json_number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { CHANCES = 3000000, TEXT_MAX = 12, READABLE = 24 };

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void is_the_same(const uint8_t *text, size_t size_bytes)
{
    struct lt_json_number fast, slow;
    bool is_number = lt_json_number_read_slowly(text, text + size_bytes, &slow);
    assert_int_equal(lt_json_number_read(text, text + size_bytes, text + READABLE, &fast),
                     is_number);
    if (!is_number)
        return;
    assert_int_equal(fast.is_float, slow.is_float);
    assert_int_equal(fast.is_negative, slow.is_negative);
    assert_int_equal(fast.is_small, slow.is_small);
    assert_int_equal(fast.exponent, slow.exponent);
    assert_true(fast.digits == slow.digits);
}

static void short_numbers_read_in_a_word_are_those_read_by_digits(void **state)
{
    (void)state;
    static const char letters[] = "0123456789012345678901234567890123456789..-eE+:/ ,x";
    uint64_t seed = 424242;
    for (int chance = 0; chance < CHANCES; chance++) {
        uint8_t text[READABLE];
        size_t size_bytes = 1 + next_random(&seed) % TEXT_MAX;
        for (size_t i = 0; i < READABLE; i++)
            text[i] = (uint8_t)letters[next_random(&seed) % (sizeof letters - 1)];
        is_the_same(text, size_bytes);
    }
}

static void reads(const char *text, bool is_number)
{
    uint8_t padded[READABLE] = {0};
    struct lt_json_number number;
    size_t size_bytes = strlen(text);
    memcpy(padded, text, size_bytes);
    is_the_same(padded, size_bytes);
    assert_int_equal(lt_json_number_read(padded, padded + size_bytes, padded + READABLE, &number),
                     is_number);
}

static void the_grammar_is_that_of_json(void **state)
{
    (void)state;
    static const char *const good[] = {"0",   "-0",  "7",    "12345678", "-12345678", "0.5",
                                       "1.0", "9e9", "1E-7", "0.000001", "-1.5e+3",   "0e0"};
    static const char *const bad[] = {"00",  "01", "-",   ".5", "5.",  "1.2.3", "+1",
                                      "1e",  "e1", "1-2", "0x", "1.e", "--1",   "-01",
                                      "1e+", "/",  ":",   "1:", "00.5"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        reads(good[i], true);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        reads(bad[i], false);
}

static void a_small_number_is_the_nearest_double(void **state)
{
    (void)state;
    uint64_t seed = 77;
    int small = 0;
    for (int chance = 0; chance < CHANCES / 10; chance++) {
        char text[40];
        int size = snprintf(text, sizeof text, "%s%llu.%llue%d", chance % 2 ? "-" : "",
                            (unsigned long long)(next_random(&seed) % 10000000),
                            (unsigned long long)(next_random(&seed) % 100000000),
                            (int)(next_random(&seed) % 50) - 25);
        struct lt_json_number number;
        double got;
        const uint8_t *begin = (const uint8_t *)text;
        assert_true(lt_json_number_read(begin, begin + size, begin + size, &number));
        if (!lt_json_number_double(&number, &got))
            continue;
        small++;
        assert_true(got == strtod(text, NULL));
    }
    assert_true(small > CHANCES / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_numbers_read_in_a_word_are_those_read_by_digits),
        cmocka_unit_test(the_grammar_is_that_of_json),
        cmocka_unit_test(a_small_number_is_the_nearest_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
