/* Texts of errors: what leaf and callers write is what the user reads. */
#include "core/base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void intents_are_put_in_front_of_the_cause(void **state)
{
    (void)state;
    struct lt_error error;
    assert_int_equal(lt_error_set(&error, LT_E_DATA_LOSS, "offset %d is gone", 991),
                     LT_E_DATA_LOSS);
    assert_int_equal(lt_error_append(&error, "partition %d", 3), LT_E_DATA_LOSS);
    assert_int_equal(lt_error_append(&error, "source kafka \"%s\"", "orders"), LT_E_DATA_LOSS);
    assert_string_equal(error.text, "source kafka \"orders\": partition 3: offset 991 is gone");
    assert_int_equal(error.code, LT_E_DATA_LOSS);
    assert_int_equal(error.class, LT_CLASS_FAIL_QUERY);
}

static void an_intent_that_the_text_begins_with_is_not_repeated(void **state)
{
    (void)state;
    struct lt_error error;
    lt_error_set(&error, LT_E_IO, "the disk is full");
    lt_error_append(&error, "sink %s", "text");
    assert_int_equal(lt_error_append(&error, "sink text"), LT_E_IO);
    assert_string_equal(error.text, "sink text: the disk is full");
    lt_error_append(&error, "sink"); /* another word, that it begins with */
    assert_string_equal(error.text, "sink: sink text: the disk is full");
}

static void a_null_error_still_returns_the_code_of_the_leaf(void **state)
{
    (void)state;
    assert_int_equal(lt_error_set(NULL, LT_E_BUSY, "x"), LT_E_BUSY);
    assert_int_equal(lt_error_append(NULL, "opening"), LT_E_BUSY);
    assert_int_equal(lt_error_class(NULL, LT_CLASS_RETRY), LT_E_BUSY);
    assert_int_equal(lt_error_condition(NULL, "X", NULL), LT_E_BUSY);
    assert_int_equal(lt_error_set_errno(NULL, EACCES, "x"), LT_E_PERMISSION);
    assert_int_equal(lt_error_append(NULL, "opening"), LT_E_PERMISSION);
    lt_error_clear(NULL);
}

static void errno_gives_code_and_cause(void **state)
{
    (void)state;
    struct lt_error error;
    assert_int_equal(lt_error_set_errno(&error, ENOENT, "cannot open \"%s\"", "/nowhere"),
                     LT_E_NOT_FOUND);
    assert_string_equal(error.text, "cannot open \"/nowhere\": No such file or directory");
    assert_int_equal(lt_error_set_errno(&error, ENOSPC, "cannot write"), LT_E_IO);
    assert_string_equal(error.text, "cannot write: No space left on device");
    assert_int_equal(lt_error_set_errno(&error, 99999, "cannot write"), LT_E_IO);
    assert_string_equal(error.text, "cannot write: unknown error of the system");
}

static void setting_again_forgets_condition_class_and_text(void **state)
{
    (void)state;
    struct lt_error error;
    lt_error_set(&error, LT_E_ANALYSIS, "first");
    assert_int_equal(lt_error_condition(&error, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
                     LT_E_ANALYSIS);
    assert_int_equal(lt_error_class(&error, LT_CLASS_FATAL), LT_E_ANALYSIS);
    assert_string_equal(error.condition, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    assert_string_equal(error.sqlstate, "42703");
    lt_error_set(&error, LT_E_IO, "second");
    assert_string_equal(error.condition, "");
    assert_string_equal(error.sqlstate, "");
    assert_int_equal(error.class, LT_CLASS_FAIL_QUERY);
    assert_string_equal(error.text, "second");
    lt_error_clear(&error);
    assert_int_equal(error.code, LT_OK);
    assert_string_equal(error.text, "");
}

static void an_error_may_be_rewritten_from_its_own_text(void **state)
{
    (void)state;
    struct lt_error error;
    lt_error_set(&error, LT_E_IO, "disk is full");
    lt_error_set(&error, LT_E_STATE, "gave up: %s", error.text);
    assert_string_equal(error.text, "gave up: disk is full");
    lt_error_append(&error, "<%s>", error.text);
    assert_string_equal(error.text, "<gave up: disk is full>: gave up: disk is full");
}

static void a_long_text_is_cut_at_a_character_and_says_so(void **state)
{
    (void)state;
    /* Two-byte characters after one and after two single bytes: one of the two cuts falls inside
     * one. */
    for (size_t offset = 1; offset <= 2; offset++) {
        char text[2 * LT_ERROR_TEXT_MAX];
        memset(text, 'a', offset);
        for (size_t i = offset; i + 2 < sizeof text; i += 2)
            memcpy(text + i, "\xc3\xa9", 3);
        struct lt_error error;
        lt_error_set(&error, LT_E_IO, "%s", text);
        size_t end = strlen(error.text) - 3;
        assert_true(end + 3 < LT_ERROR_TEXT_MAX);
        assert_true(end + 3 >= LT_ERROR_TEXT_MAX - 2);
        assert_string_equal(error.text + end, "...");
        assert_memory_equal(error.text, text, end);
        assert_int_equal((end - offset) % 2, 0);
        lt_error_append(&error, "intent");
        assert_int_equal(strncmp(error.text, "intent: aaa", 9), 0);
        assert_string_equal(error.text + strlen(error.text) - 3, "...");
    }
}

static void codes_have_names_and_texts(void **state)
{
    (void)state;
    assert_string_equal(lt_error_code_name(LT_OK), "OK");
    assert_string_equal(lt_error_code_name(LT_E_NOT_FOUND), "NOT_FOUND");
    assert_string_equal(lt_error_code_name(-18), "INTERNAL");
    assert_string_equal(lt_error_code_name(-19), "CHECKPOINT");
    assert_string_equal(lt_error_code_text(LT_E_CORRUPT), "stored data is damaged");
    assert_string_equal(lt_error_code_name(-999), "UNKNOWN");
    assert_string_equal(lt_error_code_text(7), "a code that leat does not know");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intents_are_put_in_front_of_the_cause),
        cmocka_unit_test(an_intent_that_the_text_begins_with_is_not_repeated),
        cmocka_unit_test(a_null_error_still_returns_the_code_of_the_leaf),
        cmocka_unit_test(errno_gives_code_and_cause),
        cmocka_unit_test(setting_again_forgets_condition_class_and_text),
        cmocka_unit_test(an_error_may_be_rewritten_from_its_own_text),
        cmocka_unit_test(a_long_text_is_cut_at_a_character_and_says_so),
        cmocka_unit_test(codes_have_names_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
