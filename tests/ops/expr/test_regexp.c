/*
 * Two ways to the same answer: lt_regexp_find looks for literals first and matches texts of ASCII
 * by bytes; lt_regexp_find_next from the start of a text does neither.
 */
#include "ops/expr/regexp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/expr/pattern.h"
#include "ops/expr/regexp_translate.h"

enum { PATTERN_BYTES_MAX = 512, TEXT_BYTES_MAX = 80, PATTERNS = 20000, TEXTS = 20 };

static uint32_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static struct lt_regexp *create(const char *pattern)
{
    struct lt_regexp *regexp;
    struct lt_error error;
    if (lt_regexp_create(pattern, strlen(pattern), &regexp, &error) != LT_OK)
        fail_msg("%s", error.text);
    return regexp;
}

static bool finds(const char *pattern, const char *text)
{
    struct lt_regexp *regexp = create(pattern);
    struct lt_bytes bytes = {.data = (const uint8_t *)text, .size_bytes = (uint32_t)strlen(text)};
    bool is_found = lt_regexp_find(regexp, &bytes) == LT_REGEXP_YES;
    lt_regexp_destroy(regexp);
    return is_found;
}

/* ---------------------------------------------------------------------------------- differences */

/* Appends one of the parts that patterns are made of; those with %s hold a pattern. */
static void append_pattern(uint64_t *state, char *out, unsigned depth)
{
    static const char *const parts[] = {
        "ab",      "b",       "a 4",     ".",      "\\d",      "[ab]",        "[^a\\u2028]",
        "\\b",     "^",       "$",       "\\w",    "\\Qa.\\E", "[a-\\x{ff}]", "\\s",
        "(ab|b4)", "\\p{L}",  "\\u00e9", "(%s)",   "(?:%s)",   "(?i:%s)",     "(?=%s)",
        "(?!%s)",  "(%s|%s)", "%s|%s",   "(?>%s)", "(?iu:%s)",
    };
    static const char *const repeats[] = {"", "", "", "", "?", "*", "+", "{2}", "{0,2}", "+?"};
    enum { LEAVES = 17, KINDS = sizeof parts / sizeof parts[0] };
    unsigned count = 1 + draw(state) % 3;
    for (unsigned i = 0; i < count && strlen(out) < PATTERN_BYTES_MAX / 4; i++) {
        const char *part = parts[draw(state) % (depth == 0 ? LEAVES : KINDS)];
        char one[PATTERN_BYTES_MAX] = "", other[PATTERN_BYTES_MAX] = "";
        if (strchr(part, '%') != NULL) {
            append_pattern(state, one, depth - 1);
            append_pattern(state, other, depth - 1);
        }
        size_t used = strlen(out), left = PATTERN_BYTES_MAX - used;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(out + used, left, part, one, other);
#pragma GCC diagnostic pop
        used = strlen(out);
        if (strlen(part) > 1 && part[0] != '^' && strcmp(part, "%s|%s") != 0)
            (void)snprintf(out + used, PATTERN_BYTES_MAX - used, "%s",
                           repeats[draw(state) % (sizeof repeats / sizeof repeats[0])]);
    }
}

static void compare_on(const char *pattern, struct lt_regexp *quick, struct lt_regexp *plain,
                       const struct lt_bytes *text)
{
    enum lt_regexp_answer answer = lt_regexp_find(quick, text);
    enum lt_regexp_answer expected = lt_regexp_find_next(plain, text, 0);
    if (expected == LT_REGEXP_LIMIT)
        return; /* without the missing literal nothing need be tried */
    if (answer != expected)
        fail_msg("'%s' in '%.*s': %d instead of %d", pattern, (int)text->size_bytes, text->data,
                 (int)answer, (int)expected);
    for (uint32_t i = 0; answer == LT_REGEXP_YES && i <= lt_regexp_group_count(quick); i++) {
        size_t at[4] = {0};
        bool is_there = lt_regexp_group(quick, i, &at[0], &at[1]);
        if (is_there != lt_regexp_group(plain, i, &at[2], &at[3]) || at[0] != at[2] ||
            at[1] != at[3])
            fail_msg("'%s' in '%.*s': group %u is at %zu to %zu instead of %zu to %zu", pattern,
                     (int)text->size_bytes, text->data, i, at[0], at[1], at[2], at[3]);
    }
}

static void compare(const char *pattern, uint64_t *state)
{
    struct lt_regexp *quick, *plain;
    struct lt_error error;
    if (lt_regexp_create(pattern, strlen(pattern), &quick, &error) != LT_OK)
        return;
    plain = create(pattern);
    for (unsigned i = 0; i < TEXTS; i++) {
        static const char letters[] = "aabb4 AB.\n\rkK";
        uint8_t data[TEXT_BYTES_MAX];
        struct lt_bytes text = {.data = data, .size_bytes = draw(state) % TEXT_BYTES_MAX};
        for (uint32_t k = 0; k < text.size_bytes; k++)
            data[k] = (uint8_t)letters[draw(state) % (sizeof letters - 1)];
        if (draw(state) % 4 == 0 && text.size_bytes > 1)
            memcpy(data + draw(state) % (text.size_bytes - 1), "\xC3\xA9", 2);
        compare_on(pattern, quick, plain, &text);
    }
    lt_regexp_destroy(quick);
    lt_regexp_destroy(plain);
}

static void the_short_way_gives_what_the_long_one_does(void **unused)
{
    (void)unused;
    for (uint64_t seed = 0; seed < PATTERNS; seed++) {
        uint64_t state = seed;
        char pattern[PATTERN_BYTES_MAX] = "";
        append_pattern(&state, pattern, 2);
        compare(pattern, &state);
    }
}

/* What Spark gives, in texts with each end of a line. */
static void edges_of_lines_are_where_java_sees_them(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        unsigned count;
    } cases[] = {
        {"[^a][ab]+", "A\r\na", 1},  {"(?m)^", "a\r\nb\r\n", 2},  {"(?m)$", "a\r\nb\r\n", 3},
        {"$", "a\r\nb\r\n", 2},      {"\\s$", "a\r\n", 1},        {"(?m)^", "a\r\nb\n\rc", 4},
        {"\\Z", "a\r\nb\r\n", 2},    {"(?m)^$", "a\r\nb\r\n", 0}, {"(?md)^", "a\r\nb\r\n", 2},
        {"(?md)$", "a\r\nb\r\n", 3}, {".?", "a\r\nb\r\n", 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_regexp *regexp = create(cases[i].pattern);
        const uint8_t *text = (const uint8_t *)cases[i].text;
        struct lt_matches matches = {
            .regexp = regexp,
            .text = {.data = text, .size_bytes = (uint32_t)strlen(cases[i].text)}};
        unsigned count = 0;
        while (lt_matches_next(&matches))
            count++;
        if (count != cases[i].count)
            fail_msg("%s: %u instead of %u", cases[i].pattern, count, cases[i].count);
        lt_regexp_destroy(regexp);
    }
}

static void letters_that_match_signs_beyond_ascii_still_do(void **state)
{
    (void)state;
    assert_true(finds("(?iu)\\u212A", "k")); /* the sign for kelvin */
    assert_true(finds("(?iu)[\\u0100-\\u2200]", "s"));
    assert_false(finds("(?iu)[^\\u212A]", "k"));
    assert_false(finds("(?i)\\u212A", "k"));
    assert_true(finds("[^\\u212A]+$", "k"));
}

static void what_is_no_digit_letter_or_space_may_be_beyond_ascii(void **state)
{
    static const char *const patterns[] = {"^\\D$", "^\\W$", "^\\S$", "^[\\W]$", "^\\D+$"};
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        assert_true(finds(patterns[i], "\u00df"));
        assert_true(finds(patterns[i], "\u65e5"));
        assert_true(finds(patterns[i], "\U0001f600"));
    }
    assert_false(finds("\\D", "7"));
}

/* ------------------------------------------------------------------------------------- literals */

/* "cart/,item/ page=": the sets that are found in a pattern. */
static const char *literals_of(const char *pattern)
{
    static char text[512];
    struct lt_regexp_literals found;
    struct lt_regexp_translation t = {
        .begin = pattern, .at = pattern, .end = pattern + strlen(pattern)};
    lt_text_init(&t.out);
    lt_literal_walk_begin(&t.literals, &found);
    assert_true(lt_regexp_translate(&t));
    lt_literal_walk_end(&t.literals);
    lt_text_fini(&t.out);
    text[0] = '\0';
    for (uint32_t i = 0; i < found.set_count; i++) {
        for (uint32_t k = 0; k < found.sets[i].count; k++) {
            const struct lt_literal *literal = &found.sets[i].literals[k];
            size_t used = strlen(text);
            (void)snprintf(text + used, sizeof text - used, "%s%.*s",
                           k > 0   ? ","
                           : i > 0 ? " "
                                   : "",
                           literal->size_bytes, (const char *)literal->bytes);
        }
    }
    return text;
}

static void literals_at_the_top_of_a_pattern_are_found(void **state)
{
    (void)state;
    assert_string_equal(literals_of("/(item|cart)/\\d+.*page="), "/item/,/cart/ page=");
    assert_string_equal(literals_of("ab+cd"), "ab cd");
    assert_string_equal(literals_of("abc?de"), "ab de");
    assert_string_equal(literals_of("abc{0}de"), "ab de");
    assert_string_equal(literals_of("ab(cd)*ef"), "ab ef");
    assert_string_equal(literals_of("ab(c\\d)ef"), "ab ef");
    assert_string_equal(literals_of("(?x)a b # c\n d"), "abd");
    assert_string_equal(literals_of("\\Qa.b\\E\\.c"), "a.b.c");
    assert_string_equal(literals_of("^abc$"), "abc");
}

static void what_need_not_be_there_is_no_literal(void **state)
{
    (void)state;
    assert_string_equal(literals_of("ab|cd"), "");
    assert_string_equal(literals_of("(?i)abcd"), "");
    assert_string_equal(literals_of("(?i:ab)cd"), "cd");
    assert_string_equal(literals_of("(?!abc)de"), "de");
    assert_string_equal(literals_of("(?<=abc)de"), "de");
    assert_string_equal(literals_of("(abc)?"), "");
    assert_string_equal(literals_of("(ab(cd|ef))?gh"), "gh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_short_way_gives_what_the_long_one_does),
        cmocka_unit_test(edges_of_lines_are_where_java_sees_them),
        cmocka_unit_test(letters_that_match_signs_beyond_ascii_still_do),
        cmocka_unit_test(what_is_no_digit_letter_or_space_may_be_beyond_ascii),
        cmocka_unit_test(literals_at_the_top_of_a_pattern_are_found),
        cmocka_unit_test(what_need_not_be_there_is_no_literal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
