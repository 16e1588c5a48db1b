/*
 * Bytes as text and back: hex, base64, character sets.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/charset.h"
#include "core/text/utf8.h"
#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"
#include "ops/expr/faults.h"

/* ----------------------------------------------------------------------------------------- hex */

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

/* An odd number of digits has a 0 in front. False: it is no hex, or (*is_too_large) has no room. */
static bool read_hex(struct lt_machine *machine, struct lt_bytes from, bool *is_too_large,
                     union lt_value *out)
{
    uint8_t *bytes = lt_machine_alloc(machine, from.size_bytes / 2 + 1);
    *is_too_large = bytes == NULL;
    if (bytes == NULL)
        return false;
    uint32_t used = 0, high = 0, odd = from.size_bytes % 2;
    for (uint32_t i = 0; i < from.size_bytes; i++) {
        int digit = hex_digit(from.data[i]);
        if (digit < 0)
            return false;
        if ((i + odd) % 2 == 0)
            high = (uint32_t)digit << 4;
        else
            bytes[used++] = (uint8_t)(high | (uint32_t)digit);
    }
    *out = lt_value_bytes(bytes, used);
    return true;
}

static enum lt_kernel unhex(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    bool is_too_large;
    if (read_hex(machine, lt_argument_bytes(machine, call, 0), &is_too_large, out))
        return LT_KERNEL_VALUE;
    return is_too_large ? lt_machine_too_large(machine, call) : LT_KERNEL_NULL;
}

/* -------------------------------------------------------------------------------------- base64 */

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

static enum lt_kernel bad_binary(struct lt_machine *machine, const struct lt_call *call,
                                 const char *format)
{
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    return lt_machine_fault(machine, call, "CONVERSION_INVALID_INPUT", "22018",
                            "The value '%.*s' ('%s') cannot be converted to \"BINARY\" because it "
                            "is malformed. Correct the value as per the syntax, or change its "
                            "format. Use `try_to_binary` to tolerate malformed input and return "
                            "NULL instead",
                            (int)text.size_bytes, (const char *)text.data, format);
}

/* Behind the padding nothing of the alphabet may follow; what needs two '=' has them side by side.
 */
static bool is_base64_end(struct lt_bytes from, uint32_t at, uint32_t digits)
{
    if (digits % 4 < 2)
        return false;
    if (digits % 4 == 2 && (++at >= from.size_bytes || from.data[at] != '='))
        return false;
    while (++at < from.size_bytes) {
        if (from.data[at] != 0 && strchr(BASE64, from.data[at]) != NULL)
            return false;
    }
    return true;
}

/* What is no digit of the alphabet is passed over between digits (line ends), as Java's MIME
 * decoder does. */
static enum lt_kernel unbase64(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    uint8_t *bytes = lt_machine_alloc(machine, (size_t)from.size_bytes / 4 * 3 + 3);
    if (bytes == NULL)
        return lt_machine_too_large(machine, call);
    uint32_t used = 0, word = 0, digits = 0;
    for (uint32_t i = 0; i < from.size_bytes; i++) {
        uint8_t c = from.data[i];
        const char *digit = c == 0 ? NULL : strchr(BASE64, c);
        if (c == '=' && !is_base64_end(from, i, digits))
            return bad_binary(machine, call, "BASE64");
        if (c == '=')
            break;
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
    if (left == 1)
        return bad_binary(machine, call, "BASE64");
    if (left >= 2)
        bytes[used++] = (uint8_t)(left == 2 ? word >> 4 : word >> 10);
    if (left == 3)
        bytes[used++] = (uint8_t)(word >> 2);
    *out = lt_value_bytes(bytes, used);
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------ character sets */

/* Spark knows these, by these names. */
static enum lt_charset charset_of(struct lt_bytes name)
{
    static const enum lt_charset known[] = {
        LT_CHARSET_UTF_8,    LT_CHARSET_US_ASCII, LT_CHARSET_ISO_8859_1, LT_CHARSET_UTF_16,
        LT_CHARSET_UTF_16BE, LT_CHARSET_UTF_16LE, LT_CHARSET_UTF_32};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *own = lt_charset_name(known[i]);
        size_t size = strlen(own), same = 0;
        while (same < size && same < name.size_bytes &&
               lt_ascii_lower((char)name.data[same]) == lt_ascii_lower(own[same]))
            same++;
        if (same == size && name.size_bytes == size)
            return known[i];
    }
    return LT_CHARSET_UNKNOWN;
}

static enum lt_kernel unknown_charset(struct lt_machine *machine, const struct lt_call *call)
{
    struct lt_bytes name = lt_argument_bytes(machine, call, 1);
    return lt_fault_parameter(machine, call, "INVALID_PARAMETER_VALUE.CHARSET", "charset",
                              "expects one of the iso-8859-1, us-ascii, utf-16, utf-16be, "
                              "utf-16le, utf-32, utf-8, but got %.*s",
                              (int)name.size_bytes, (const char *)name.data);
}

static enum lt_kernel malformed(struct lt_machine *machine, const struct lt_call *call)
{
    struct lt_bytes name = lt_argument_bytes(machine, call, 1);
    return lt_machine_fault(machine, call, "MALFORMED_CHARACTER_CODING", "22000",
                            "Invalid value found when performing `%s` with %.*s", call->name,
                            (int)name.size_bytes, (const char *)name.data);
}

static enum lt_kernel encode(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    enum { BYTE_ORDER_MARK = 0xFEFF };
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    enum lt_charset charset = charset_of(lt_argument_bytes(machine, call, 1));
    out->bytes = from;
    if (charset == LT_CHARSET_UNKNOWN)
        return unknown_charset(machine, call);
    if (charset == LT_CHARSET_UTF_8)
        return LT_KERNEL_VALUE;
    uint8_t *bytes =
        lt_machine_alloc(machine, ((size_t)from.size_bytes + 1) * LT_CHARSET_CHARACTER_MAX);
    if (bytes == NULL)
        return lt_machine_too_large(machine, call);
    size_t used = charset == LT_CHARSET_UTF_16 && from.size_bytes > 0
                      ? lt_charset_put(charset, BYTE_ORDER_MARK, bytes)
                      : 0;
    for (const uint8_t *at = from.data, *end = from.data + from.size_bytes; at < end;) {
        size_t size = lt_charset_put(charset, lt_utf8_next(&at, end), bytes + used);
        if (size == 0)
            return malformed(machine, call);
        used += size;
    }
    *out = lt_value_bytes(bytes, (uint32_t)used);
    return LT_KERNEL_VALUE;
}

static enum lt_kernel decode(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    struct lt_bytes from = lt_argument_bytes(machine, call, 0);
    enum lt_charset charset = charset_of(lt_argument_bytes(machine, call, 1));
    out->bytes = from;
    if (charset == LT_CHARSET_UNKNOWN)
        return unknown_charset(machine, call);
    if (charset == LT_CHARSET_UTF_8)
        return lt_utf8_is_valid(from.data, from.size_bytes) ? LT_KERNEL_VALUE
                                                            : malformed(machine, call);
    uint8_t *text = lt_machine_alloc(machine, (size_t)from.size_bytes * LT_CHARSET_UTF8_GROWTH);
    if (text == NULL)
        return lt_machine_too_large(machine, call);
    size_t mark_bytes = 0, used = 0;
    charset = charset == LT_CHARSET_UTF_32
                  ? LT_CHARSET_UTF_32BE /* Spark's takes no mark */
                  : lt_charset_with_order(charset, from.data, from.size_bytes, &mark_bytes);
    for (const uint8_t *at = from.data + mark_bytes, *end = from.data + from.size_bytes;
         at < end;) {
        uint32_t code;
        if (!lt_charset_next(charset, &at, end, &code))
            return malformed(machine, call);
        used += lt_utf8_put(code, text + used);
    }
    *out = lt_value_bytes(text, (uint32_t)used);
    return LT_KERNEL_VALUE;
}

/* ------------------------------------------------------------------------------------ to_binary */

/* The format, a constant, is the call's state: which of the three, or none of them. */
enum binary_format { BINARY_HEX, BINARY_BASE64, BINARY_UTF8, BINARY_UNKNOWN };

static enum binary_format binary_format_of(const struct lt_expression *format)
{
    static const struct {
        const char *name;
        enum binary_format format;
    } known[] = {{"hex", BINARY_HEX},
                 {"base64", BINARY_BASE64},
                 {"utf-8", BINARY_UTF8},
                 {"utf8", BINARY_UTF8}};
    struct lt_bytes text = format->value.bytes;
    for (size_t i = 0; i < sizeof known / sizeof known[0] && !format->is_null; i++) {
        if (strlen(known[i].name) == text.size_bytes &&
            strncasecmp(known[i].name, (const char *)text.data, text.size_bytes) == 0)
            return known[i].format;
    }
    return BINARY_UNKNOWN;
}

static int prepare_to_binary(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_expression *call = prepare->expression;
    enum binary_format *format = lt_arena_alloc(prepare->arena, sizeof *format);
    (void)error;
    *format = call->argument_count == 2 ? binary_format_of(call->arguments[1]) : BINARY_HEX;
    prepare->call->state = format;
    return LT_OK;
}

/* unbase64 passes over what is no digit; this is strict but for blanks before the padding. */
static bool is_strict_base64(struct lt_bytes text)
{
    uint32_t digits = 0, padding = 0;
    for (uint32_t i = 0; i < text.size_bytes; i++) {
        uint8_t c = text.data[i];
        bool is_blank = c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
        if (c == '=')
            padding++;
        else if (padding > 0 || (!is_blank && (c == 0 || strchr(BASE64, c) == NULL)))
            return false;
        else
            digits += !is_blank;
    }
    return padding == 0 ? digits % 4 != 1 : padding <= 2 && (digits + padding) % 4 == 0;
}

static enum lt_kernel to_binary(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    bool is_too_large;
    out->bytes = lt_argument_bytes(machine, call, 0);
    switch (*(const enum binary_format *)call->state) {
    case BINARY_UTF8:
        return LT_KERNEL_VALUE;
    case BINARY_BASE64:
        if (!is_strict_base64(out->bytes))
            return bad_binary(machine, call, "BASE64");
        return unbase64(machine, call, out);
    case BINARY_HEX:
        if (read_hex(machine, out->bytes, &is_too_large, out))
            return LT_KERNEL_VALUE;
        if (is_too_large)
            return lt_machine_too_large(machine, call);
        return bad_binary(machine, call, "HEX");
    default: /* try_to_binary only: the others were refused */
        return LT_KERNEL_NULL;
    }
}

static int check_binary_format(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->argument_count == 1)
        return LT_OK;
    struct lt_expression **format = &call->arguments[1];
    int code = lt_analyser_constant(analyser, call, 1);
    if (code != LT_OK)
        return code;
    bool is_try = lt_function_at((size_t)call->index, NULL)->is_try;
    if (is_try || (*format)->is_null || binary_format_of(*format) != BINARY_UNKNOWN)
        return LT_OK;
    return lt_analyser_mismatch(
        analyser, call, "DATATYPE_MISMATCH.INVALID_ARG_VALUE",
        "The fmt value must to be a case-insensitive \"STRING\" literal of 'hex', 'utf-8', 'utf8', "
        "or 'base64', but got '%.*s'.",
        (int)(*format)->value.bytes.size_bytes, (const char *)(*format)->value.bytes.data);
}

static int infer_to_binary(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->argument_count == 2 && lt_type_is_nested(call->arguments[1]->type))
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, call->arguments[1],
                                "DATATYPE_MISMATCH.INVALID_ARG_VALUE", "42K09",
                                "the format of \"%s\" must be a STRING", call->name);
    return LT_INFER_LETTERS;
}

/* --------------------------------------------------------------------------------------- decode */

/* decode(a, b, x, c, y, z) is CASE WHEN a <=> b THEN x WHEN a <=> c THEN y ELSE z END; without z
 * it ends with a NULL string. */
static int infer_decode(struct lt_analyser *analyser, struct lt_expression *call)
{
    if (call->argument_count == 2)
        return LT_INFER_LETTERS;
    struct lt_expression **given = call->arguments;
    uint32_t count = call->argument_count;
    struct lt_expression **arguments =
        lt_arena_alloc(analyser->coerce.arena, (count + 1) * sizeof *arguments);
    uint32_t used = 0, i = 1;
    for (; i + 1 < count; i += 2) {
        arguments[used++] = lt_analyser_call(analyser, call, "<=>", given[0], given[i]);
        arguments[used++] = given[i + 1];
    }
    const struct lt_type *string = lt_type_simple(LT_TYPE_STRING);
    arguments[used++] =
        i < count ? given[i] : lt_expr_null(call, string, analyser->coerce.arena);
    *call = (struct lt_expression){.kind = LT_EXPR_CASE,
                                   .begin = call->begin,
                                   .end = call->end,
                                   .arguments = arguments,
                                   .argument_count = used,
                                   .index = -1};
    return lt_analyse(analyser, call);
}

/* A number with a fraction is shown without it. */
static int infer_hex(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    int code = LT_OK;
    if (lt_type_is_fraction(type) || type->kind == LT_TYPE_DECIMAL)
        code = lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_BIGINT));
    return code == LT_OK ? LT_INFER_LETTERS : code;
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"hex", NULL, "hex(a)", "A number or bytes in hexadecimal digits.", "hex(255)", "FF",
     DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("l", "s", hex_number), LT_KERNEL("x", "s", hex_bytes),
                    LT_KERNEL("s", "s", hex_bytes)},
     .infer = infer_hex},
    {"unhex", NULL, "unhex(str)", "The bytes of hexadecimal digits; NULL if it is none.",
     "string(unhex('4142'))", "AB", DETERMINISTIC, .signatures = {LT_KERNEL("s", "x", unhex)}},
    {"base64", NULL, "base64(a)", "The bytes in base64.", "base64('foo')", "Zm9v", DETERMINISTIC,
     .is_total = true, .signatures = {LT_KERNEL("x", "s", base64)}},
    {"unbase64", NULL, "unbase64(str)", "The bytes of base64 text.", "string(unbase64('Zm9v'))",
     "foo", DETERMINISTIC, .is_total = true, .signatures = {LT_KERNEL("s", "x", unbase64)}},
    {"encode", NULL, "encode(str, charset)", "The string's bytes in a character set.",
     "hex(encode('a', 'UTF-8'))", "61", DETERMINISTIC, .decodes_texts = true,
     .signatures = {LT_KERNEL("ss", "x", encode)}},
    {"decode", NULL, "decode(bytes, charset) or decode(a, b, x[, c, y ...][, z])",
     "The string of bytes in a character set; or the value behind the first that equals a, else z.",
     "decode(X'61', 'UTF-8')", "a", DETERMINISTIC,
     .signatures = {LT_KERNEL("xs", "s", decode),
                    LT_INLINE("aaaa*", "v", LT_OP_MOVE, LT_FAMILY_NONE)},
     .infer = infer_decode},
    {"to_binary", NULL, "to_binary(str[, format])",
     "The bytes of a text in a constant format: 'hex' (the default), 'base64' or 'utf-8'.",
     "string(to_binary('4142', 'hex'))", "AB", DETERMINISTIC, .decodes_texts = true,
     .signatures = {LT_KERNEL("s[s]", "x", to_binary)}, .prepare = prepare_to_binary,
     .infer = infer_to_binary, .conclude = check_binary_format},
    {"try_to_binary", NULL, "try_to_binary(str[, format])",
     "As to_binary, but NULL where the text is not in the format.", "try_to_binary('zz', 'hex')",
     "NULL", DETERMINISTIC, .is_try = true, .is_catching = true, .decodes_texts = true,
     .signatures = {LT_KERNEL("s[s]", "x", to_binary)}, .prepare = prepare_to_binary,
     .infer = infer_to_binary, .conclude = check_binary_format},
};

const struct lt_function_group lt_functions_encoding = {"encoding", functions,
                                                        sizeof functions / sizeof functions[0]};
