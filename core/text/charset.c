#include "core/text/charset.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/text/utf8.h"

enum { REPLACEMENT = 0xFFFD, BYTE_ORDER_MARK = 0xFEFF };

/* The characters of windows-1252 from 0x80 to 0x9F; 0: none. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* ---------------------------------------------------------------------------------------- names */

static const char *const names[LT_CHARSET_UNKNOWN] = {
    [LT_CHARSET_UTF_8] = "UTF-8",           [LT_CHARSET_US_ASCII] = "US-ASCII",
    [LT_CHARSET_ISO_8859_1] = "ISO-8859-1", [LT_CHARSET_WINDOWS_1252] = "windows-1252",
    [LT_CHARSET_UTF_16] = "UTF-16",         [LT_CHARSET_UTF_16BE] = "UTF-16BE",
    [LT_CHARSET_UTF_16LE] = "UTF-16LE",     [LT_CHARSET_UTF_32] = "UTF-32",
    [LT_CHARSET_UTF_32BE] = "UTF-32BE",     [LT_CHARSET_UTF_32LE] = "UTF-32LE",
};

enum lt_charset lt_charset_of(const char *name)
{
    static const struct {
        const char *name;
        enum lt_charset charset;
    } others[] = {
        {"ascii", LT_CHARSET_US_ASCII},         {"cp1252", LT_CHARSET_WINDOWS_1252},
        {"iso8859-1", LT_CHARSET_ISO_8859_1},   {"iso8859_1", LT_CHARSET_ISO_8859_1},
        {"iso_8859-1", LT_CHARSET_ISO_8859_1},  {"iso_8859_1", LT_CHARSET_ISO_8859_1},
        {"latin1", LT_CHARSET_ISO_8859_1},      {"utf16", LT_CHARSET_UTF_16},
        {"utf32", LT_CHARSET_UTF_32},           {"utf8", LT_CHARSET_UTF_8},
        {"utf_16", LT_CHARSET_UTF_16},          {"utf_16be", LT_CHARSET_UTF_16BE},
        {"utf_16le", LT_CHARSET_UTF_16LE},      {"utf_32", LT_CHARSET_UTF_32},
        {"utf_32be", LT_CHARSET_UTF_32BE},      {"utf_32le", LT_CHARSET_UTF_32LE},
    };
    for (int i = 0; i < LT_CHARSET_UNKNOWN; i++)
        if (lt_ascii_compare(names[i], name) == 0)
            return (enum lt_charset)i;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (lt_ascii_compare(others[i].name, name) == 0)
            return others[i].charset;
    return LT_CHARSET_UNKNOWN;
}

const char *lt_charset_name(enum lt_charset charset)
{
    return names[charset];
}

size_t lt_charset_unit_bytes(enum lt_charset charset)
{
    if (charset >= LT_CHARSET_UTF_32)
        return 4;
    return charset >= LT_CHARSET_UTF_16 ? 2 : 1;
}

/* -------------------------------------------------------------------------------------- reading */

static uint32_t get_16(const uint8_t *at, bool is_little)
{
    return (uint32_t)at[is_little] << 8 | at[!is_little];
}

static uint32_t get_32(const uint8_t *at, bool is_little)
{
    uint32_t first = get_16(at, is_little), second = get_16(at + 2, is_little);
    return is_little ? second << 16 | first : first << 16 | second;
}

enum lt_charset lt_charset_with_order(enum lt_charset charset, const void *data, size_t size_bytes,
                                      size_t *mark_bytes)
{
    size_t unit = lt_charset_unit_bytes(charset);
    *mark_bytes = 0;
    if (charset != LT_CHARSET_UTF_16 && charset != LT_CHARSET_UTF_32)
        return charset;
    bool has_unit = size_bytes >= unit, is_little = false;
    for (int i = 0; i < 2 && has_unit && *mark_bytes == 0; i++) {
        uint32_t first = unit == 2 ? get_16(data, i == 1) : get_32(data, i == 1);
        is_little = i == 1 && first == BYTE_ORDER_MARK;
        *mark_bytes = first == BYTE_ORDER_MARK ? unit : 0;
    }
    if (charset == LT_CHARSET_UTF_16)
        return is_little ? LT_CHARSET_UTF_16LE : LT_CHARSET_UTF_16BE;
    return is_little ? LT_CHARSET_UTF_32LE : LT_CHARSET_UTF_32BE;
}

static bool next_byte(enum lt_charset charset, uint8_t byte, uint32_t *code)
{
    *code = byte;
    if (byte < 0x80 || charset == LT_CHARSET_ISO_8859_1)
        return true;
    if (charset == LT_CHARSET_US_ASCII)
        return false;
    if (byte < 0xA0)
        *code = windows_1252[byte - 0x80];
    return *code != 0;
}

static bool next_utf16(const uint8_t **at, const uint8_t *end, bool is_little, uint32_t *code)
{
    *code = get_16(*at, is_little);
    *at += 2;
    if (*code < 0xD800 || *code > 0xDFFF)
        return true;
    uint32_t low = end - *at < 2 ? 0 : get_16(*at, is_little);
    if (*code > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return false;
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    *at += 2;
    return true;
}

bool lt_charset_next(enum lt_charset charset, const uint8_t **at, const uint8_t *end,
                     uint32_t *code)
{
    size_t unit = lt_charset_unit_bytes(charset);
    if ((size_t)(end - *at) < unit) {
        *at = end;
        return false;
    }
    if (unit == 1)
        return next_byte(charset, *(*at)++, code);
    if (unit == 2)
        return next_utf16(at, end, charset == LT_CHARSET_UTF_16LE, code);
    *code = get_32(*at, charset == LT_CHARSET_UTF_32LE);
    *at += unit;
    return *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF);
}

/* -------------------------------------------------------------------------------------- writing */

static size_t put_16(uint32_t unit, bool is_little, uint8_t *out)
{
    out[is_little] = (uint8_t)(unit >> 8);
    out[!is_little] = (uint8_t)unit;
    return 2;
}

static size_t put_utf16(uint32_t code, bool is_little, uint8_t *out)
{
    if (code < 0x10000)
        return put_16(code, is_little, out);
    code -= 0x10000;
    return put_16(0xD800 | code >> 10, is_little, out) +
           put_16(0xDC00 | (code & 0x3FF), is_little, out + 2);
}

static size_t put_utf32(uint32_t code, bool is_little, uint8_t *out)
{
    return put_16(code >> 16, is_little, out + (is_little ? 2 : 0)) +
           put_16(code & 0xFFFF, is_little, out + (is_little ? 0 : 2));
}

static size_t put_windows_1252(uint32_t code, uint8_t *out)
{
    *out = (uint8_t)code;
    if (code < 0x80 || (code >= 0xA0 && code <= 0xFF))
        return 1;
    for (size_t i = 0; i < sizeof windows_1252 / sizeof windows_1252[0]; i++) {
        if (windows_1252[i] != code || code == 0)
            continue;
        *out = (uint8_t)(0x80 + i);
        return 1;
    }
    return 0;
}

size_t lt_charset_put(enum lt_charset charset, uint32_t code,
                      uint8_t out[LT_CHARSET_CHARACTER_MAX])
{
    switch (charset) {
    case LT_CHARSET_US_ASCII:
    case LT_CHARSET_ISO_8859_1:
        *out = (uint8_t)code;
        return code <= (charset == LT_CHARSET_US_ASCII ? 0x7F : 0xFF) ? 1 : 0;
    case LT_CHARSET_WINDOWS_1252:
        return put_windows_1252(code, out);
    case LT_CHARSET_UTF_16:
    case LT_CHARSET_UTF_16BE:
        return put_utf16(code, false, out);
    case LT_CHARSET_UTF_16LE:
        return put_utf16(code, true, out);
    default:
        return put_utf32(code, charset == LT_CHARSET_UTF_32LE, out);
    }
}

/* ---------------------------------------------------------------------------------------- texts */

size_t lt_charset_to_utf8(enum lt_charset charset, const void *data, size_t size_bytes, char *out)
{
    size_t mark_bytes, used = 0;
    charset = lt_charset_with_order(charset, data, size_bytes, &mark_bytes);
    const uint8_t *at = (const uint8_t *)data + mark_bytes;
    const uint8_t *end = (const uint8_t *)data + size_bytes;
    while (at < end) {
        uint32_t code;
        if (!lt_charset_next(charset, &at, end, &code))
            code = REPLACEMENT;
        used += lt_utf8_put(code, (uint8_t *)out + used);
    }
    return used;
}

bool lt_charset_from_utf8(enum lt_charset charset, const char *text, size_t size_bytes, char *out,
                          size_t capacity, size_t *out_size_bytes)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size_bytes;
    *out_size_bytes = 0;
    while (at < end) {
        uint8_t character[LT_CHARSET_CHARACTER_MAX];
        uint32_t code = lt_utf8_next(&at, end);
        size_t size = charset == LT_CHARSET_UTF_8 ? lt_utf8_put(code, character)
                                                  : lt_charset_put(charset, code, character);
        if (size == 0 || *out_size_bytes + size > capacity)
            return false;
        memcpy(out + *out_size_bytes, character, size);
        *out_size_bytes += size;
    }
    return true;
}
