/*
 * Globs: what Hadoop's patterns match, and the patterns that are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "io/files_glob.h"

static bool match(const char *pattern, const char *name)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_globs globs;
    struct lt_error error;
    int code = lt_globs_parse(pattern, arena, &globs, &error);
    if (code != 0)
        fail_msg("%s: %s", pattern, error.text);
    bool matches = lt_globs_match(&globs, name);
    lt_arena_destroy(arena);
    return matches;
}

static void patterns_match_as_hadoops_do(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"a.json", "a.json", true},
        {"a.json", "a.jsonl", false},
        {"a.json", "axjson", false},
        {"*.json", "a.json", true},
        {"*.json", ".json", true},
        {"*.json", "a.json.gz", false},
        {"*", "", true},
        {"?", "", false},
        {"?", "\xc3\xbc", true}, /* one character of two bytes */
        {"??", "\xc3\xbc", false},
        {"a*b*c", "aXbXbXc", true},
        {"a*b*c", "aXbXbX", false},
        {"[a-c]1", "b1", true},
        {"[a-c]1", "d1", false},
        {"[^a-c]1", "d1", true},
        {"[!a-c]1", "a1", false},
        {"[]x]", "]", true},
        {"[a-]", "-", true},
        {"[\\]]", "]", true},
        {"[\xc3\xa0-\xc3\xbf]", "\xc3\xbc", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"{a,b}.json", "b.json", true},
        {"{a,b}.json", "c.json", false},
        {"x{,1,2{3,4}}", "x", true},
        {"x{,1,2{3,4}}", "x24", true},
        {"x{,1,2{3,4}}", "x2", false},
        {"{a\\,b,c}", "a,b", true},
        {"{[,],x}", ",", true},
        {"a}", "a}", true},
        {"*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (match(cases[i].pattern, cases[i].name) != cases[i].matches)
            fail_msg("%s against %s", cases[i].pattern, cases[i].name);
}

static void patterns_that_are_not_closed_are_refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {"{a,b", "[a", "[", "x{a,[}", "[]"};
    struct lt_arena *arena = lt_arena_create();
    struct lt_globs globs;
    struct lt_error error;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        assert_int_equal(lt_globs_parse(patterns[i], arena, &globs, &error), LT_E_PARSE);
        assert_non_null(strstr(error.text, "is not closed; hint: "));
    }
    lt_arena_destroy(arena);
}

static void too_many_alternatives_are_refused(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    struct lt_globs globs;
    struct lt_error error;
    assert_int_equal(
        lt_globs_parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", arena, &globs, &error),
        0);
    assert_int_equal(globs.count, 1024);
    assert_int_equal(lt_globs_parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
                                    arena, &globs, &error),
                     LT_E_LIMIT);
    lt_arena_destroy(arena);
}

static void what_is_no_pattern_is_known(void **state)
{
    (void)state;
    struct lt_arena *arena = lt_arena_create();
    assert_true(lt_glob_is_pattern("/in/*.json"));
    assert_true(lt_glob_is_pattern("{a}"));
    assert_false(lt_glob_is_pattern("/in/\\*.json"));
    assert_string_equal(lt_glob_plain(arena, "/in/\\*\\\\.json"), "/in/*\\.json");
    lt_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_hadoops_do),
        cmocka_unit_test(patterns_that_are_not_closed_are_refused),
        cmocka_unit_test(too_many_alternatives_are_refused),
        cmocka_unit_test(what_is_no_pattern_is_known),
    };
    return cmocka_run_group_tests_name("files_glob", tests, NULL, NULL);
}
