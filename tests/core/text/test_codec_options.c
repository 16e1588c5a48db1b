/* Tables of options: finding a name, the setters that formats share, what a fault says. */
#include "core/text/codec_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "core/text/codec.h"

struct options {
    enum lt_codec_mode mode;
    bool is_loud, was_told;
    const char *name;
};

static int set(struct options *options, const char *key, const char *value, struct lt_arena *arena,
               struct lt_error *error)
{
    static const struct lt_codec_option table[] = {
        {"mode", lt_codec_set_mode, offsetof(struct options, mode), 0},
        {"isLoud", lt_codec_set_boolean, offsetof(struct options, is_loud),
         offsetof(struct options, was_told)},
        {"name", lt_codec_set_text, offsetof(struct options, name), 0},
    };
    const struct lt_codec_given given = {"TEST", key, value, arena};
    return lt_codec_options_set(options, table, sizeof table / sizeof table[0], &given, error);
}

static void a_name_in_any_case_sets_its_member_and_remembers_that_it_was_given(void **state)
{
    struct lt_arena *arena = lt_arena_create();
    struct options options = {.mode = LT_CODEC_PERMISSIVE};
    char name[] = "one";
    (void)state;
    assert_int_equal(set(&options, "MODE", "FailFast", arena, NULL), LT_OK);
    assert_int_equal(options.mode, LT_CODEC_FAILFAST);
    assert_int_equal(set(&options, "mode", "whatever", arena, NULL), LT_OK);
    assert_int_equal(options.mode, LT_CODEC_PERMISSIVE);
    assert_false(options.was_told);
    assert_int_equal(set(&options, "isloud", "TRUE", arena, NULL), LT_OK);
    assert_true(options.is_loud && options.was_told);
    assert_int_equal(set(&options, "name", name, arena, NULL), LT_OK);
    name[0] = 'x';
    assert_string_equal(options.name, "one");
    lt_arena_destroy(arena);
}

static void a_fault_names_the_format_and_the_option_as_the_table_spells_it(void **state)
{
    struct options options = {.is_loud = true};
    struct lt_error error;
    (void)state;
    assert_int_equal(set(&options, "ISLOUD", "yes", NULL, &error), LT_E_INVALID);
    assert_string_equal(error.text, "TEST option \"isLoud\": \"yes\" is neither true nor false");
    assert_true(options.is_loud);
    assert_int_equal(set(&options, "isLaud", "true", NULL, &error), LT_E_NOT_FOUND);
    assert_string_equal(error.text,
                        "TEST option \"isLaud\": unknown; hint: did you mean \"isLoud\"?");
    assert_int_equal(set(&options, "separator", "true", NULL, &error), LT_E_NOT_FOUND);
    assert_string_equal(error.text, "TEST option \"separator\": unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_in_any_case_sets_its_member_and_remembers_that_it_was_given),
        cmocka_unit_test(a_fault_names_the_format_and_the_option_as_the_table_spells_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
