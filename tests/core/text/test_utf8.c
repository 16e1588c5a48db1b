/* UTF-8 by characters: counting, cutting, decoding, case. */
#include "core/text/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include <cmocka.h>

static void characters_are_counted_by_their_first_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {{"", 0},
                 {"abc", 3},
                 {"h\u00e9llo", 5},
                 {"\u65e5\u672c", 2},
                 {"\U0001F600a", 2},
                 {"aaaaaaaa\u00e9bbbbbbbbb", 18},
                 {"\x80\xff", 2},
                 {"\xc3", 1},
                 {"a\xe2\x82", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(lt_utf8_count(cases[i].text, strlen(cases[i].text)), cases[i].count);
}

static void cuts(const char *text, int32_t position, int32_t count, const char *expected)
{
    struct lt_bytes bytes = {
        .data = (const uint8_t *)text, .size_bytes = (uint32_t)strlen(text), .padding_bytes = 1};
    struct lt_bytes part = lt_utf8_substring(bytes, position, count);
    assert_int_equal(part.size_bytes, strlen(expected));
    assert_memory_equal(part.data, expected, part.size_bytes);
    if (part.padding_bytes != 0) /* still inside the text or its NUL */
        assert_ptr_equal(part.data + part.size_bytes + part.padding_bytes, text + strlen(text) + 1);
}

static void substrings_are_those_of_spark(void **state)
{
    (void)state;
    cuts("abcdef", 1, 2, "ab");
    cuts("abcdef", 0, 2, "ab");
    cuts("abcdef", 3, 2, "cd");
    cuts("abcdef", 3, INT32_MAX, "cdef");
    cuts("abcdef", 3, 0, "");
    cuts("abcdef", 3, -1, "");
    cuts("abcdef", -2, 2, "ef");
    cuts("abcdef", -10, 2, "");
    cuts("abcdef", -10, 6, "ab");
    cuts("abcdef", -10, INT32_MAX, "abcdef");
    cuts("abcdef", 7, 2, "");
    cuts("hello", INT32_MIN, INT32_MAX, "hell");
    cuts("hello", INT32_MAX, INT32_MAX, "");
    cuts("\U0001F600\u00e9\u65e5\u672c", 3, 2, "\u65e5\u672c");
    cuts("\U0001F600\u00e9\u65e5\u672c", 1, 2, "\U0001F600\u00e9");
    cuts("\U0001F600\u00e9\u65e5\u672c", -2, INT32_MAX, "\u65e5\u672c");
    cuts("", 1, 5, "");
}

static void what_is_not_utf8_is_replaced_part_by_part(void **state)
{
    (void)state;
    /* As Java decodes: one replacement for each longest beginning of a sequence, and for half a
     * pair. */
    static const struct {
        const char *text;
        size_t replacements;
        size_t strict;
    } cases[] = {{"\x80", 1, 1},
                 {"\xc0\x80", 2, 2},
                 {"\xc3", 1, 1},
                 {"\xe2\x82", 1, 1},
                 {"\xe2\x28\xa1", 2, 2},
                 {"\xed\xa0\x80", 1, 3},
                 {"\xed\xa0", 1, 2},
                 {"\xed\xa0\x41", 1, 2},
                 {"\xed\xa0\xbd\xed\xb8\x80", 2, 6},
                 {"\xf0\x9f\x98", 1, 1},
                 {"\xf0\x80\x80\x80", 4, 4},
                 {"\xf4\x90\x80\x80", 4, 4},
                 {"\xf5\x80", 2, 2},
                 {"\xff", 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size_bytes = strlen(cases[i].text);
        assert_false(lt_utf8_is_valid(cases[i].text, size_bytes));
        const uint8_t *at = (const uint8_t *)cases[i].text, *end = at + size_bytes;
        size_t found = 0;
        while (at < end)
            found += lt_utf8_next(&at, end) == LT_UTF8_REPLACEMENT;
        assert_int_equal(found, cases[i].replacements);
        for (at = (const uint8_t *)cases[i].text, found = 0; at < end;)
            found += lt_utf8_next_strict(&at, end) == LT_UTF8_REPLACEMENT;
        assert_int_equal(found, cases[i].strict);
    }
}

static void every_code_point_encodes_and_decodes(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x110000; code++) {
        uint8_t bytes[4];
        size_t size_bytes = lt_utf8_put(code, bytes);
        if (code >= 0xD800 && code < 0xE000) {
            assert_int_equal(size_bytes, 1);
            assert_int_equal(bytes[0], '?');
            continue;
        }
        const uint8_t *at = bytes;
        assert_int_equal(lt_utf8_next(&at, bytes + size_bytes), code);
        assert_ptr_equal(at, bytes + size_bytes);
        assert_true(lt_utf8_is_valid(bytes, size_bytes));
        assert_int_equal(lt_utf8_count(bytes, size_bytes), 1);
    }
}

typedef size_t case_fn(const void *data, size_t size_bytes, uint8_t *out);

static void gives(case_fn *fn, const char *text, const char *expected)
{
    size_t size_bytes = strlen(text);
    uint8_t *out = malloc(LT_UTF8_CASE_GROWTH * size_bytes + 1);
    size_t out_bytes = fn(text, size_bytes, out);
    assert_true(out_bytes <= LT_UTF8_CASE_GROWTH * size_bytes);
    out[out_bytes] = '\0';
    assert_string_equal(out, expected);
    free(out);
}

static void case_follows_unicode(void **state)
{
    (void)state;
    gives(lt_utf8_upper, "", "");
    gives(lt_utf8_upper, "Spark [az]", "SPARK [AZ]");
    gives(lt_utf8_upper, "ÀÉßİı", "ÀÉSSİI");
    gives(lt_utf8_upper, "ﬁ ŉ ﬃ", "FI ʼN FFI");
    gives(lt_utf8_upper, "ᾀ ᾳ ᾷ", "ἈΙ ΑΙ Α͂Ι");
    gives(lt_utf8_upper, "😀á日本ÿ", "😀Á日本Ÿ");
    gives(lt_utf8_upper, "\xff", "\xef\xbf\xbd");
    gives(lt_utf8_lower, "ÀÉßİı", "àéßi̇ı");
    gives(lt_utf8_lower, "ΟΔΟΣ", "οδος");
    gives(lt_utf8_lower, "ΟΔΟΣ ΣΑΣ. Σ", "οδος σας. σ");
    gives(lt_utf8_lower, "Σ'Α Α.Σ", "σ'α α.ς");
    gives(lt_utf8_initcap, "hELLO wORLD-foo bar_baz", "Hello World-foo Bar_baz");
    gives(lt_utf8_initcap, "élan 1st ǆ ", "Élan 1st ǅ ");
    gives(lt_utf8_initcap, "ÀÉßİı", "Àéßi̇ı");
    gives(lt_utf8_initcap, "İı ẞA Ǆa ΑΣ ᾼx", "İı ẞa ǅa Ας ᾼx");
    gives(lt_utf8_initcap, "ßa ﬁx ŉb ᾳ ა", "Ssa Fix ʼNb ᾼ ა");
}

static void one_byte_beyond_ascii_is_seen_wherever_it_stands(void **state)
{
    enum { LARGEST = 70 };
    (void)state;
    for (size_t size_bytes = 0; size_bytes <= LARGEST; size_bytes++) {
        /* Of this size, so that a sanitizer sees what is read past the end. */
        char *text = malloc(size_bytes + (size_bytes == 0));
        assert_non_null(text);
        memset(text, 'a', size_bytes);
        assert_true(lt_utf8_is_ascii(text, size_bytes));
        assert_int_equal(lt_utf8_count(text, size_bytes), size_bytes);
        for (size_t at = 0; at < size_bytes; at++) {
            text[at] = '\x80';
            assert_false(lt_utf8_is_ascii(text, size_bytes));
            text[at] = 'a';
        }
        free(text);
    }
}

static void ascii_that_needs_no_change_is_told(void **state)
{
    (void)state;
    assert_true(lt_utf8_is_ascii_upper("A-Z 09", 6));
    assert_false(lt_utf8_is_ascii_upper("A-z", 3));
    assert_false(lt_utf8_is_ascii_upper("\xc3\x80", 2));
    assert_true(lt_utf8_is_ascii_lower("a-z 09", 6));
    assert_false(lt_utf8_is_ascii_lower("a-Z", 3));
}

/* The C library has tables of its own: wherever it knows a mapping to one character, so do we. */
static void single_mappings_agree_with_the_c_library(void **state)
{
    (void)state;
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (locale == (locale_t)0)
        skip();
    int upper = 0, lower = 0;
    for (uint32_t code = 0x80; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000)
            continue;
        uint8_t bytes[4], out[3 * 4];
        size_t size_bytes = lt_utf8_put(code, bytes);
        const uint8_t *at = out;
        size_t out_bytes = lt_utf8_upper(bytes, size_bytes, out);
        uint32_t theirs = (uint32_t)towupper_l((wint_t)code, locale);
        bool is_single = lt_utf8_count(out, out_bytes) == 1;
        if (is_single && theirs != code) {
            assert_int_equal(lt_utf8_next(&at, out + out_bytes), theirs);
            upper++;
        }
        at = out;
        out_bytes = lt_utf8_lower(bytes, size_bytes, out);
        theirs = (uint32_t)towlower_l((wint_t)code, locale);
        is_single = lt_utf8_count(out, out_bytes) == 1;
        /* A lone capital sigma is no final one; the dotted I is two characters. */
        if (is_single && theirs != code) {
            assert_int_equal(lt_utf8_next(&at, out + out_bytes), theirs);
            lower++;
        }
    }
    freelocale(locale);
    assert_true(upper > 1300);
    assert_true(lower > 1300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_counted_by_their_first_bytes),
        cmocka_unit_test(substrings_are_those_of_spark),
        cmocka_unit_test(what_is_not_utf8_is_replaced_part_by_part),
        cmocka_unit_test(every_code_point_encodes_and_decodes),
        cmocka_unit_test(case_follows_unicode),
        cmocka_unit_test(one_byte_beyond_ascii_is_seen_wherever_it_stands),
        cmocka_unit_test(ascii_that_needs_no_change_is_told),
        cmocka_unit_test(single_mappings_agree_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
