/* The growing text. */
#include "core/base/text_buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void an_empty_buffer_allocates_nothing_and_reads_as_empty(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_null(text.data);
    assert_string_equal(lt_text_get(&text), "");
    char *taken = lt_text_take(&text);
    assert_string_equal(taken, "");
    free(taken);
    lt_text_clear(&text);
    lt_text_fini(&text);
}

static void pieces_of_all_kinds_follow_each_other(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_append(&text, "a");
    lt_text_append_char(&text, 'b');
    lt_text_append_n(&text, "cdX", 2);
    lt_text_append_n(&text, NULL, 0);
    lt_text_format(&text, "%d-%s", 5, "f");
    assert_string_equal(lt_text_get(&text), "abcd5-f");
    assert_int_equal(text.size_bytes, 7);
    char *taken = lt_text_take(&text);
    assert_string_equal(taken, "abcd5-f");
    free(taken);
    assert_null(text.data);
    lt_text_append(&text, "again");
    lt_text_clear(&text);
    assert_string_equal(lt_text_get(&text), "");
    lt_text_fini(&text);
}

static void growing_keeps_what_is_there(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (int i = 0; i < 5000; i++)
        lt_text_format(&text, "%04d", i);
    assert_int_equal(text.size_bytes, 20000);
    for (int i = 0; i < 5000; i++) {
        char expected[8];
        assert_int_equal(snprintf(expected, sizeof expected, "%04d", i), 4);
        assert_memory_equal(text.data + 4 * i, expected, 4);
    }
    assert_int_equal(text.data[20000], '\0');
    lt_text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_allocates_nothing_and_reads_as_empty),
        cmocka_unit_test(pieces_of_all_kinds_follow_each_other),
        cmocka_unit_test(growing_keeps_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
