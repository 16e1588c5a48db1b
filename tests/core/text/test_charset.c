/* Character sets besides UTF-8: names, byte orders, and each character there and back. */
#include "core/text/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void sets_are_known_by_javas_names(void **state)
{
    (void)state;
    for (int i = 0; i < LT_CHARSET_UNKNOWN; i++)
        assert_int_equal(lt_charset_of(lt_charset_name((enum lt_charset)i)), i);
    assert_int_equal(lt_charset_of("LATIN1"), LT_CHARSET_ISO_8859_1);
    assert_int_equal(lt_charset_of("Cp1252"), LT_CHARSET_WINDOWS_1252);
    assert_int_equal(lt_charset_of("utf8"), LT_CHARSET_UTF_8);
    assert_int_equal(lt_charset_of("utf-7"), LT_CHARSET_UNKNOWN);
    assert_int_equal(lt_charset_of(""), LT_CHARSET_UNKNOWN);
}

/* Every character that a set has comes back; what it lacks it does not write. */
static void characters_come_back(void **state)
{
    static const uint32_t counts[] = {
        [LT_CHARSET_US_ASCII] = 0x80,      [LT_CHARSET_ISO_8859_1] = 0x100,
        [LT_CHARSET_WINDOWS_1252] = 251,   [LT_CHARSET_UTF_16BE] = 0x110000 - 0x800,
        [LT_CHARSET_UTF_16LE] = 0x110000 - 0x800, [LT_CHARSET_UTF_32BE] = 0x110000 - 0x800,
        [LT_CHARSET_UTF_32LE] = 0x110000 - 0x800,
    };
    (void)state;
    for (int i = LT_CHARSET_US_ASCII; i < LT_CHARSET_UNKNOWN; i++) {
        enum lt_charset charset = (enum lt_charset)i;
        uint32_t count = 0;
        if (charset == LT_CHARSET_UTF_16 || charset == LT_CHARSET_UTF_32)
            continue;
        for (uint32_t code = 0; code < 0x110000; code++) {
            uint8_t bytes[LT_CHARSET_CHARACTER_MAX];
            if (code >= 0xD800 && code <= 0xDFFF)
                continue;
            size_t size = lt_charset_put(charset, code, bytes);
            if (size == 0)
                continue;
            const uint8_t *at = bytes;
            uint32_t back;
            assert_true(lt_charset_next(charset, &at, bytes + size, &back));
            assert_int_equal(back, code);
            assert_int_equal(at - bytes, size);
            assert_int_equal(size % lt_charset_unit_bytes(charset), 0);
            count++;
        }
        assert_int_equal(count, counts[i]);
    }
}

static void expect(enum lt_charset charset, const char *bytes, size_t size, const char *expected)
{
    char out[64];
    size_t used = lt_charset_to_utf8(charset, bytes, size, out);
    assert_true(used <= size * LT_CHARSET_UTF8_GROWTH);
    assert_int_equal(used, strlen(expected));
    assert_memory_equal(out, expected, used);
}

#define BAD "\xef\xbf\xbd"

static void what_is_no_character_is_replaced(void **state)
{
    (void)state;
    expect(LT_CHARSET_US_ASCII, "a\x80" "b", 3, "a" BAD "b");
    expect(LT_CHARSET_WINDOWS_1252, "\x80\x81\xff", 3, "\xe2\x82\xac" BAD "\xc3\xbf");
    expect(LT_CHARSET_UTF_16LE, "\x00\xdc\x3d\xd8\x00\xde" "a", 7, BAD "\xf0\x9f\x98\x80" BAD);
    expect(LT_CHARSET_UTF_16BE, "\xd8\x3d\0a\xd8\x3d", 6, BAD "a" BAD);
    expect(LT_CHARSET_UTF_32BE, "\0\x11\0\0\0\0\xd8\0\0\0\0ab", 13, BAD BAD "a" BAD);
    expect(LT_CHARSET_UTF_16, "", 0, "");
    expect(LT_CHARSET_UTF_16, "\0a", 2, "a");
    expect(LT_CHARSET_UTF_16, "\xff\xfe" "a\0", 4, "a");
    expect(LT_CHARSET_UTF_32, "\0\0\xfe\xff\0\0\0a", 8, "a");
    expect(LT_CHARSET_UTF_32, "\xff\xfe\0\0a\0\0\0", 8, "a");
}

static void a_text_that_does_not_fit_is_not_written(void **state)
{
    char out[8];
    size_t size;
    (void)state;
    assert_true(lt_charset_from_utf8(LT_CHARSET_UTF_16LE, "a\n", 2, out, 4, &size));
    assert_int_equal(size, 4);
    assert_memory_equal(out, "a\0\n\0", 4);
    assert_false(lt_charset_from_utf8(LT_CHARSET_UTF_16LE, "a\n", 2, out, 3, &size));
    assert_false(lt_charset_from_utf8(LT_CHARSET_US_ASCII, "\xc3\xa4", 2, out, 8, &size));
    assert_true(lt_charset_from_utf8(LT_CHARSET_UTF_8, "\xc3\xa4", 2, out, 8, &size));
    assert_memory_equal(out, "\xc3\xa4", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_known_by_javas_names),
        cmocka_unit_test(characters_come_back),
        cmocka_unit_test(what_is_no_character_is_replaced),
        cmocka_unit_test(a_text_that_does_not_fit_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
