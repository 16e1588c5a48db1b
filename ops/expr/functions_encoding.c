/*
 * Bytes as text and back: hex, base64, character sets.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/utf8.h"
#include "ops/expr/functions.h"

/* ------------------------------------------------------------------------------------------------ hex */

static const char HEX_DIGITS[] = "0123456789ABCDEF";

static enum lt_kernel hex_bytes(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    char *text = lt_machine_alloc(machine, (size_t)from.size_bytes * 2);
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    for (uint32_t i = 0; i < from.size_bytes; i++) {
        text[2 * i] = HEX_DIGITS[from.data[i] >> 4];
        text[2 * i + 1] = HEX_DIGITS[from.data[i] & 15];
    }
    *out = lt_value_bytes(text, from.size_bytes * 2);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel hex_number(struct lt_machine *machine, const struct lt_call *call,
                                 union lt_value *out)
{
    uint64_t number = (uint64_t)lt_argument(machine, call, 0)->i64;
    char text[16];
    size_t at = sizeof text;
    do {
        text[--at] = HEX_DIGITS[number & 15];
        number >>= 4;
    } while (number != 0);
    return lt_machine_put(machine, call, text + at, sizeof text - at, out);
}

static int hex_digit(uint8_t c)
{
    const char *digit = c == 0 ? NULL : strchr(HEX_DIGITS, c >= 'a' && c <= 'f' ? c - 32 : c);
    return digit == NULL ? -1 : (int)(digit - HEX_DIGITS);
}

/* An odd number of digits has a 0 in front; what is no hex is NULL. */
static enum lt_kernel unhex(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    uint8_t *bytes = lt_machine_alloc(machine, from.size_bytes / 2 + 1);
    if (bytes == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t used = 0, high = 0, odd = from.size_bytes % 2;
    for (uint32_t i = 0; i < from.size_bytes; i++) {
        int digit = hex_digit(from.data[i]);
        if (digit < 0)
            return LT_KERNEL_NULL;
        if ((i + odd) % 2 == 0)
            high = (uint32_t)digit << 4;
        else
            bytes[used++] = (uint8_t)(high | (uint32_t)digit);
    }
    *out = lt_value_bytes(bytes, used);
    return LT_KERNEL_VALUE;
}

/* --------------------------------------------------------------------------------------------- base64 */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
enum { BASE64_LINE = 76 };

/* In lines of 76 characters, as Spark's default has it. */
static enum lt_kernel base64(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    size_t size = ((size_t)from.size_bytes + 2) / 3 * 4;
    char *text = lt_machine_alloc(machine, size + size / BASE64_LINE * 2);
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    size_t used = 0, column = 0;
    for (uint32_t i = 0; i < from.size_bytes; i += 3) {
        uint32_t left = from.size_bytes - i;
        uint32_t word = (uint32_t)from.data[i] << 16;
        word |= left > 1 ? (uint32_t)from.data[i + 1] << 8 : 0;
        word |= left > 2 ? from.data[i + 2] : 0;
        if (column == BASE64_LINE) {
            text[used++] = '\r';
            text[used++] = '\n';
            column = 0;
        }
        text[used++] = BASE64[word >> 18];
        text[used++] = BASE64[word >> 12 & 63];
        text[used++] = left > 1 ? BASE64[word >> 6 & 63] : '=';
        text[used++] = left > 2 ? BASE64[word & 63] : '=';
        column += 4;
    }
    *out = lt_value_bytes(text, (uint32_t)used);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel bad_base64(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "CONVERSION_INVALID_INPUT", "22018",
                            "the value is not base64");
}

/* What is no digit of the alphabet is passed over between digits (line ends), as Java's MIME decoder
 * does; after the padding nothing may follow. */
static enum lt_kernel unbase64(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    uint8_t *bytes = lt_machine_alloc(machine, (size_t)from.size_bytes / 4 * 3 + 3);
    if (bytes == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t used = 0, word = 0, digits = 0, padding = 0;
    for (uint32_t i = 0; i < from.size_bytes; i++) {
        uint8_t c = from.data[i];
        const char *digit = c == 0 ? NULL : strchr(BASE64, c);
        if (c == '=')
            padding++;
        else if (digit == NULL)
            continue;
        else if (padding > 0)
            return bad_base64(machine, call);
        if (digit == NULL)
            continue;
        word = word << 6 | (uint32_t)(digit - BASE64);
        if (++digits % 4 == 0) {
            bytes[used++] = (uint8_t)(word >> 16);
            bytes[used++] = (uint8_t)(word >> 8);
            bytes[used++] = (uint8_t)word;
        }
    }
    uint32_t left = digits % 4;
    if (left == 1 || (padding > 0 && left + padding != 4))
        return bad_base64(machine, call);
    if (left >= 2)
        bytes[used++] = (uint8_t)(left == 2 ? word >> 4 : word >> 10);
    if (left == 3)
        bytes[used++] = (uint8_t)(word >> 2);
    *out = lt_value_bytes(bytes, used);
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------- character sets */

enum charset { CHARSET_UTF8, CHARSET_ASCII, CHARSET_LATIN1, CHARSET_UNKNOWN };

static enum charset charset_of(struct lt_bytes name)
{
    static const struct {
        const char *name;
        enum charset charset;
    } known[] = {
        {"utf-8", CHARSET_UTF8}, {"us-ascii", CHARSET_ASCII}, {"iso-8859-1", CHARSET_LATIN1}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t size = strlen(known[i].name), same = 0;
        while (same < size && same < name.size_bytes &&
               lt_ascii_lower((char)name.data[same]) == known[i].name[same])
            same++;
        if (same == size && name.size_bytes == size)
            return known[i].charset;
    }
    return CHARSET_UNKNOWN;
}

static enum lt_kernel unknown_charset(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "INVALID_PARAMETER_VALUE.CHARSET", "22023",
                            "the character set is none of UTF-8, US-ASCII, ISO-8859-1");
}

static enum lt_kernel malformed(struct lt_machine *machine, const struct lt_call *call)
{
    return lt_machine_fault(machine, call, "MALFORMED_CHARACTER_CODING", "22000",
                            "the value is not in this character set");
}

/* Characters above `last` are none of the set. */
static enum lt_kernel encode_narrow(struct lt_machine *machine, const struct lt_call *call,
                                    uint32_t last, union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    uint8_t *bytes = lt_machine_alloc(machine, from.size_bytes);
    if (bytes == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t used = 0;
    for (const uint8_t *at = from.data, *end = from.data + from.size_bytes; at < end;) {
        uint32_t code = lt_utf8_next(&at, end);
        if (code > last)
            return malformed(machine, call);
        bytes[used++] = (uint8_t)code;
    }
    *out = lt_value_bytes(bytes, used);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel encode(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    out->bytes = lt_argument_bytes(machine, call, 0);
    switch (charset_of(lt_argument_bytes(machine, call, 1))) {
    case CHARSET_UTF8:
        return LT_KERNEL_VALUE;
    case CHARSET_ASCII:
        return encode_narrow(machine, call, 0x7F, out);
    case CHARSET_LATIN1:
        return encode_narrow(machine, call, 0xFF, out);
    case CHARSET_UNKNOWN:
        break;
    }
    return unknown_charset(machine, call);
}

static enum lt_kernel decode_latin1(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    uint8_t *text = lt_machine_alloc(machine, (size_t)from.size_bytes * 2);
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    size_t used = 0;
    for (uint32_t i = 0; i < from.size_bytes; i++)
        used += lt_utf8_put(from.data[i], text + used);
    *out = lt_value_bytes(text, (uint32_t)used);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel decode(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    enum charset charset = charset_of(lt_argument_bytes(machine, call, 1));
    out->bytes = from;
    if (charset == CHARSET_UNKNOWN)
        return unknown_charset(machine, call);
    if (charset == CHARSET_LATIN1)
        return decode_latin1(machine, call, out);
    bool is_valid = lt_utf8_is_valid(from.data, from.size_bytes);
    for (uint32_t i = 0; i < from.size_bytes && charset == CHARSET_ASCII; i++)
        is_valid = is_valid && from.data[i] < 0x80;
    return is_valid ? LT_KERNEL_VALUE : malformed(machine, call);
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"hex", NULL, "hex(a)", "A number or bytes in hexadecimal digits.", "hex(255)", "FF", DETERMINISTIC,
     .signatures = {LT_KERNEL("l", "s", hex_number), LT_KERNEL("x", "s", hex_bytes),
                    LT_KERNEL("s", "s", hex_bytes)}},
    {"unhex", NULL, "unhex(str)", "The bytes of hexadecimal digits; NULL if it is none.",
     "string(unhex('4142'))", "AB", DETERMINISTIC, .signatures = {LT_KERNEL("s", "x", unhex)}},
    {"base64", NULL, "base64(a)", "The bytes in base64.", "base64('foo')", "Zm9v", DETERMINISTIC,
     .signatures = {LT_KERNEL("x", "s", base64)}},
    {"unbase64", NULL, "unbase64(str)", "The bytes of base64 text.", "string(unbase64('Zm9v'))", "foo",
     DETERMINISTIC, .signatures = {LT_KERNEL("s", "x", unbase64)}},
    {"encode", NULL, "encode(str, charset)", "The string's bytes in a character set.",
     "hex(encode('a', 'UTF-8'))", "61", DETERMINISTIC, .signatures = {LT_KERNEL("ss", "x", encode)}},
    {"decode", NULL, "decode(bytes, charset)", "The string of bytes in a character set.",
     "decode(X'61', 'UTF-8')", "a", DETERMINISTIC, .signatures = {LT_KERNEL("xs", "s", decode)}},
};

const struct lt_function_group lt_functions_encoding = {"encoding", functions,
                                                        sizeof functions / sizeof functions[0]};
