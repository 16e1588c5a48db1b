/*
 * The scanner is a state machine over what may come next. Its states:
 *
 *   ROOT           a value, or the end of the text
 *   FIRST_ELEMENT  a value or ]
 *   FIRST_NAME     a name or }
 *   COLON          a colon, then a value
 *   COMMA          a comma and then what the container holds, or its end
 *   BROKEN         nothing more: the text is malformed
 */
#include "core/text/json_scan.h"

#include <math.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/error.h"
#include "core/data/value.h"
#include "core/text/java_identifier.h"
#include "core/text/json_write.h"
#include "core/text/number.h"
#include "core/text/utf8.h"

enum state { ROOT, FIRST_ELEMENT, FIRST_NAME, COLON, COMMA, BROKEN };

void lt_json_scan_init(struct lt_json_scan *scan, const void *data, size_t size_bytes,
                       unsigned flags)
{
    const uint8_t *begin = data;
    scan->begin = scan->at = scan->token_begin = scan->token_end = begin;
    scan->end = begin + size_bytes;
    scan->flags = flags;
    scan->token = LT_JSON_TOKEN_END;
    scan->has_escapes = false;
    scan->state = ROOT;
    scan->depth = 0;
    scan->fault = NULL;
}

static enum lt_json_token fail(struct lt_json_scan *scan, const char *fault)
{
    scan->state = BROKEN;
    scan->fault = fault;
    scan->token_end = scan->at;
    return scan->token = LT_JSON_TOKEN_INVALID;
}

static enum lt_json_token give(struct lt_json_scan *scan, enum lt_json_token token)
{
    scan->token_end = scan->at;
    return scan->token = token;
}

static bool allows(const struct lt_json_scan *scan, enum lt_json_scan_flags flag)
{
    return (scan->flags & (unsigned)flag) != 0;
}

/* False when a comment is not closed, or has control characters. */
static bool skip_comment(struct lt_json_scan *scan)
{
    bool is_line = scan->at[1] == '/';
    const uint8_t *at = scan->at + 2;
    for (; at < scan->end; at++) {
        bool is_break = *at == '\n' || *at == '\r';
        bool is_end = *at == '*' && scan->end - at >= 2 && at[1] == '/';
        if (is_line ? is_break : is_end)
            break;
        if (*at < ' ' && *at != '\t' && !is_break)
            return false;
    }
    if (!is_line && at == scan->end)
        return false;
    scan->at = is_line ? at : at + 2;
    return true;
}

static void skip_blanks(struct lt_json_scan *scan)
{
    for (;;) {
        while (scan->at < scan->end &&
               (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
            scan->at++;
        bool is_comment = allows(scan, LT_JSON_SCAN_COMMENTS) && scan->end - scan->at >= 2 &&
                          scan->at[0] == '/' && (scan->at[1] == '/' || scan->at[1] == '*');
        if (!is_comment || !skip_comment(scan))
            return;
    }
}

static int hex_digit(uint8_t byte)
{
    char c = lt_ascii_lower((char)byte);
    if (lt_ascii_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of four hexadecimal digits, or -1. */
static int32_t hex4(const uint8_t *at, const uint8_t *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Bytes of the escape that begins with the backslash at `at`; 0 if it is none. */
static int escape_size(const struct lt_json_scan *scan, const uint8_t *at)
{
    if (scan->end - at < 2)
        return 0;
    if (at[1] == 'u')
        return hex4(at + 2, scan->end) >= 0 ? 6 : 0;
    if (at[1] != '\0' && strchr("\"\\/bfnrt", at[1]) != NULL)
        return 2;
    if (at[1] == '\'' && allows(scan, LT_JSON_SCAN_SINGLE_QUOTES))
        return 2;
    return allows(scan, LT_JSON_SCAN_ANY_ESCAPE) ? 2 : 0;
}

/* From the opening quote past the closing one. */
static enum lt_json_token scan_string(struct lt_json_scan *scan, enum lt_json_token token)
{
    uint8_t quote = *scan->at++;
    scan->token_begin = scan->at;
    scan->has_escapes = false;
    while (scan->at < scan->end && *scan->at != quote) {
        if (*scan->at == '\\') {
            int size = escape_size(scan, scan->at);
            if (size == 0)
                return fail(scan, "an escape is malformed");
            scan->has_escapes = true;
            scan->at += size;
        } else if (*scan->at < 0x20 && !allows(scan, LT_JSON_SCAN_CONTROL)) {
            return fail(scan, "a control character stands in a string");
        } else {
            scan->at++;
        }
    }
    if (scan->at == scan->end)
        return fail(scan, "a string is not closed");
    enum lt_json_token given = give(scan, token);
    scan->at++;
    return given;
}

static bool is_quote(const struct lt_json_scan *scan)
{
    return *scan->at == '"' || (*scan->at == '\'' && allows(scan, LT_JSON_SCAN_SINGLE_QUOTES));
}

static bool take_word(struct lt_json_scan *scan, const char *word)
{
    size_t size_bytes = strlen(word);
    if ((size_t)(scan->end - scan->at) < size_bytes || memcmp(scan->at, word, size_bytes) != 0)
        return false;
    const uint8_t *after = scan->at + size_bytes;
    if (after < scan->end &&
        (lt_ascii_is_letter((char)*after) || lt_ascii_is_digit((char)*after) || *after == '_'))
        return false;
    scan->at = after;
    return true;
}

/* Digits at the place; false when there are none. */
static bool take_digits(struct lt_json_scan *scan)
{
    const uint8_t *begin = scan->at;
    while (scan->at < scan->end && lt_ascii_is_digit((char)*scan->at))
        scan->at++;
    return scan->at != begin;
}

static bool take_char(struct lt_json_scan *scan, const char *chars)
{
    if (scan->at == scan->end || *scan->at == '\0' || strchr(chars, *scan->at) == NULL)
        return false;
    scan->at++;
    return true;
}

static enum lt_json_token scan_number(struct lt_json_scan *scan)
{
    (void)take_char(scan, "-");
    const uint8_t *digits = scan->at;
    if (!take_digits(scan))
        return fail(scan, "a value is expected");
    if (*digits == '0' && scan->at - digits > 1 && !allows(scan, LT_JSON_SCAN_LEADING_ZEROS))
        return fail(scan, "a number begins with 0");
    bool is_float = false;
    if (take_char(scan, ".")) {
        is_float = true;
        if (!take_digits(scan))
            return fail(scan, "a digit is expected after the point");
    }
    if (take_char(scan, "eE")) {
        is_float = true;
        (void)take_char(scan, "+-");
        if (!take_digits(scan))
            return fail(scan, "a digit is expected in the exponent");
    }
    if (scan->at < scan->end && (lt_ascii_is_letter((char)*scan->at) || *scan->at == '_'))
        return fail(scan, "a number is followed by a letter");
    return give(scan, is_float ? LT_JSON_TOKEN_FLOAT : LT_JSON_TOKEN_INTEGER);
}

static bool take_not_finite(struct lt_json_scan *scan)
{
    static const char *const words[] = {"NaN",       "+INF",      "-INF",
                                        "+Infinity", "-Infinity", "Infinity"};
    if (!allows(scan, LT_JSON_SCAN_NOT_FINITE))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (take_word(scan, words[i]))
            return true;
    return false;
}

static enum lt_json_token begin_container(struct lt_json_scan *scan, bool is_object)
{
    if (scan->depth == LT_JSON_SCAN_DEPTH)
        return fail(scan, "it is nested deeper than 1000 levels");
    if (is_object)
        lt_bit_set(scan->is_object, scan->depth);
    else
        lt_bit_clear(scan->is_object, scan->depth);
    scan->depth++;
    scan->at++;
    scan->state = is_object ? FIRST_NAME : FIRST_ELEMENT;
    return give(scan, is_object ? LT_JSON_TOKEN_OBJECT_BEGIN : LT_JSON_TOKEN_ARRAY_BEGIN);
}

static void value_is_complete(struct lt_json_scan *scan)
{
    scan->state = scan->depth == 0 ? ROOT : COMMA;
}

static enum lt_json_token end_container(struct lt_json_scan *scan)
{
    scan->depth--;
    bool is_object = lt_bit(scan->is_object, scan->depth);
    scan->at++;
    value_is_complete(scan);
    return give(scan, is_object ? LT_JSON_TOKEN_OBJECT_END : LT_JSON_TOKEN_ARRAY_END);
}

static enum lt_json_token scan_value(struct lt_json_scan *scan)
{
    if (*scan->at == '{' || *scan->at == '[')
        return begin_container(scan, *scan->at == '{');
    value_is_complete(scan);
    if (is_quote(scan))
        return scan_string(scan, LT_JSON_TOKEN_STRING);
    if (take_word(scan, "true"))
        return give(scan, LT_JSON_TOKEN_TRUE);
    if (take_word(scan, "false"))
        return give(scan, LT_JSON_TOKEN_FALSE);
    if (take_word(scan, "null"))
        return give(scan, LT_JSON_TOKEN_NULL);
    if (take_not_finite(scan))
        return give(scan, LT_JSON_TOKEN_NOT_FINITE);
    return scan_number(scan);
}

static enum lt_json_token scan_name(struct lt_json_scan *scan)
{
    scan->state = COLON;
    if (is_quote(scan))
        return scan_string(scan, LT_JSON_TOKEN_NAME);
    if (!allows(scan, LT_JSON_SCAN_BARE_NAMES))
        return fail(scan, "a name in quotes is expected");
    scan->has_escapes = false;
    for (const uint8_t *next = scan->at; next < scan->end; scan->at = next) {
        uint32_t code = lt_utf8_next(&next, scan->end);
        if (code > UINT16_MAX || !lt_java_identifier_is_bare_name((uint16_t)code))
            break;
    }
    if (scan->at == scan->token_begin)
        return fail(scan, "a name is expected");
    return give(scan, LT_JSON_TOKEN_NAME);
}

/* After a value inside a container. */
static enum lt_json_token scan_comma(struct lt_json_scan *scan)
{
    bool is_object = lt_bit(scan->is_object, scan->depth - 1);
    if (*scan->at == (is_object ? '}' : ']'))
        return end_container(scan);
    if (*scan->at != ',')
        return fail(scan, is_object ? "a comma or } is expected" : "a comma or ] is expected");
    scan->at++;
    skip_blanks(scan);
    scan->token_begin = scan->at;
    if (scan->at == scan->end)
        return fail(scan, "it ends inside a value");
    return is_object ? scan_name(scan) : scan_value(scan);
}

static enum lt_json_token scan_colon(struct lt_json_scan *scan)
{
    if (*scan->at != ':')
        return fail(scan, "a colon is expected");
    scan->at++;
    skip_blanks(scan);
    scan->token_begin = scan->at;
    if (scan->at == scan->end)
        return fail(scan, "it ends inside a value");
    return scan_value(scan);
}

enum lt_json_token lt_json_scan_next(struct lt_json_scan *scan)
{
    if (scan->state == BROKEN)
        return LT_JSON_TOKEN_INVALID;
    skip_blanks(scan);
    scan->token_begin = scan->at;
    if (scan->at == scan->end)
        return scan->state == ROOT ? give(scan, LT_JSON_TOKEN_END)
                                   : fail(scan, "it ends inside a value");
    switch ((enum state)scan->state) {
    case FIRST_ELEMENT:
        return *scan->at == ']' ? end_container(scan) : scan_value(scan);
    case FIRST_NAME:
        return *scan->at == '}' ? end_container(scan) : scan_name(scan);
    case COLON:
        return scan_colon(scan);
    case COMMA:
        return scan_comma(scan);
    default:
        return scan_value(scan);
    }
}

enum lt_json_token lt_json_scan_skip(struct lt_json_scan *scan)
{
    if (scan->token == LT_JSON_TOKEN_NAME)
        (void)lt_json_scan_next(scan);
    if (scan->token != LT_JSON_TOKEN_OBJECT_BEGIN && scan->token != LT_JSON_TOKEN_ARRAY_BEGIN)
        return scan->token;
    uint32_t depth = scan->depth;
    while (scan->depth >= depth && scan->token != LT_JSON_TOKEN_INVALID)
        (void)lt_json_scan_next(scan);
    return scan->token;
}

/* The half of a pair of surrogates that stands alone in an escape here; 0: there is none. */
static uint32_t lone_surrogate(const uint8_t *at, const uint8_t *end)
{
    if (at[0] != '\\' || at[1] != 'u')
        return 0;
    uint32_t code = (uint32_t)hex4(at + 2, end);
    if (code < 0xD800 || code > 0xDFFF)
        return 0;
    bool may_be_pair = code < 0xDC00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u';
    int32_t low = may_be_pair ? hex4(at + 8, end) : 0;
    return low >= 0xDC00 && low < 0xE000 ? 0 : code;
}

/* One character of a string: escapes undone, pairs of surrogates joined. Returns its size in `out`.
 */
static size_t next_character(const uint8_t **at, const uint8_t *end, uint8_t out[4])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (**at != '\\') {
        out[0] = *(*at)++;
        return 1;
    }
    uint8_t kind = (*at)[1];
    *at += 2;
    if (kind != 'u') {
        const char *found = kind != '\0' ? strchr(from, kind) : NULL;
        out[0] = found != NULL ? (uint8_t)to[found - from] : kind;
        return 1;
    }
    uint32_t code = (uint32_t)hex4(*at, end);
    *at += 4;
    if (code >= 0xD800 && code < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        int32_t low = hex4(*at + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            *at += 6;
            code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        }
    }
    return lt_utf8_put(code, out);
}

bool lt_json_scan_has_lone_surrogate(const struct lt_json_scan *scan)
{
    uint8_t bytes[4];
    for (const uint8_t *at = scan->token_begin; scan->has_escapes && at < scan->token_end;
         (void)next_character(&at, scan->token_end, bytes)) {
        if (lone_surrogate(at, scan->token_end) != 0)
            return true;
    }
    return false;
}

void lt_json_scan_text(const struct lt_json_scan *scan, struct lt_text_buffer *out)
{
    if (!scan->has_escapes) {
        lt_text_append_n(out, scan->token_begin, (size_t)(scan->token_end - scan->token_begin));
        return;
    }
    const uint8_t *at = scan->token_begin;
    while (at < scan->token_end) {
        const uint8_t *plain = at;
        while (at < scan->token_end && *at != '\\')
            at++;
        lt_text_append_n(out, plain, (size_t)(at - plain));
        if (at == scan->token_end)
            break;
        uint8_t bytes[4];
        size_t size_bytes = next_character(&at, scan->token_end, bytes);
        lt_text_append_n(out, bytes, size_bytes);
    }
}

bool lt_json_scan_is(const struct lt_json_scan *scan, const char *text, size_t size_bytes)
{
    const uint8_t *at = scan->token_begin;
    if (!scan->has_escapes)
        return (size_t)(scan->token_end - at) == size_bytes && memcmp(at, text, size_bytes) == 0;
    size_t done = 0;
    while (at < scan->token_end) {
        uint8_t bytes[4];
        size_t count = next_character(&at, scan->token_end, bytes);
        if (count > size_bytes - done || memcmp(bytes, text + done, count) != 0)
            return false;
        done += count;
    }
    return done == size_bytes;
}

void lt_json_scan_place(const struct lt_json_scan *scan, size_t *line, size_t *column)
{
    const uint8_t *place =
        scan->token == LT_JSON_TOKEN_INVALID ? scan->token_end : scan->token_begin;
    *line = *column = 1;
    for (const uint8_t *at = scan->begin; at < place; at++) {
        *column = *at == '\n' ? 1 : *column + 1;
        *line += *at == '\n';
    }
}

void lt_json_scan_number(const struct lt_json_scan *scan, struct lt_text_buffer *out)
{
    const char *begin = (const char *)scan->token_begin;
    size_t size_bytes = (size_t)(scan->token_end - scan->token_begin);
    if (scan->token == LT_JSON_TOKEN_INTEGER) {
        bool is_negative = *begin == '-';
        size_t zeros = is_negative;
        while (zeros + 1 < size_bytes && begin[zeros] == '0')
            zeros++;
        if (is_negative && begin[zeros] != '0')
            lt_text_append_char(out, '-');
        lt_text_append_n(out, begin + zeros, size_bytes - zeros);
        return;
    }
    double number = 0;
    enum lt_number_result result = lt_number_parse_double(begin, size_bytes, &number);
    lt_assert(result == LT_NUMBER_OK);
    char text[LT_NUMBER_TEXT_SIZE];
    size_t text_bytes = lt_number_format_double(number, text);
    const char *quote = isfinite(number) ? "" : "\"";
    lt_text_append(out, quote);
    lt_text_append_n(out, text, text_bytes);
    lt_text_append(out, quote);
}

/* ------------------------------------------------------------------------------------- copying */

/* A piece of a string, with the escapes that it needs; also of pairs, if so asked. */
static void copy_piece(const uint8_t *data, size_t size_bytes, bool escapes_pairs,
                       struct lt_text_buffer *out)
{
    enum { FIRST_OF_FOUR = 0xF0 };
    const uint8_t *at = data, *end = data + size_bytes, *plain = data;
    while (escapes_pairs && at < end) {
        const uint8_t *begin = at;
        uint32_t code = *at < FIRST_OF_FOUR ? *at++ : lt_utf8_next(&at, end);
        if (code <= 0xFFFF)
            continue;
        lt_json_write_escaped(out, plain, (size_t)(begin - plain));
        lt_text_format(out, "\\u%04X\\u%04X", 0xD7C0 + (code >> 10), 0xDC00 | (code & 0x3FF));
        plain = at;
    }
    lt_json_write_escaped(out, plain, (size_t)(end - plain));
}

static void copy_string(const struct lt_json_scan *scan, bool escapes_pairs,
                        struct lt_text_buffer *out)
{
    const uint8_t *at = scan->token_begin;
    lt_text_append_char(out, '"');
    while (at < scan->token_end) {
        const uint8_t *plain = at;
        while (at < scan->token_end && *at != '\\')
            at++;
        copy_piece(plain, (size_t)(at - plain), escapes_pairs, out);
        if (at == scan->token_end)
            break;
        uint8_t bytes[4];
        uint32_t lone = lone_surrogate(at, scan->token_end);
        size_t size_bytes = next_character(&at, scan->token_end, bytes);
        if (lone != 0) /* it has no other form in UTF-8 */
            lt_text_format(out, "\\u%04X", lone);
        else
            copy_piece(bytes, size_bytes, escapes_pairs, out);
    }
    lt_text_append_char(out, '"');
}

/* Any token but INVALID and END. */
static void copy_token(const struct lt_json_scan *scan, bool escapes_pairs,
                       struct lt_text_buffer *out)
{
    switch (scan->token) {
    case LT_JSON_TOKEN_NAME:
        copy_string(scan, escapes_pairs, out);
        lt_text_append_char(out, ':');
        break;
    case LT_JSON_TOKEN_STRING:
        copy_string(scan, escapes_pairs, out);
        break;
    case LT_JSON_TOKEN_INTEGER:
    case LT_JSON_TOKEN_FLOAT:
    case LT_JSON_TOKEN_NOT_FINITE:
        lt_json_scan_number(scan, out);
        break;
    default:
        lt_text_append_n(out, scan->token_begin, (size_t)(scan->token_end - scan->token_begin));
    }
}

bool lt_json_scan_copy(struct lt_json_scan *scan, bool escapes_pairs, struct lt_text_buffer *out)
{
    bool needs_comma = false;
    uint32_t depth = scan->depth;
    bool is_container =
        scan->token == LT_JSON_TOKEN_OBJECT_BEGIN || scan->token == LT_JSON_TOKEN_ARRAY_BEGIN;
    for (;;) {
        enum lt_json_token token = scan->token;
        if (token == LT_JSON_TOKEN_INVALID || token == LT_JSON_TOKEN_END)
            return false;
        bool is_end = token == LT_JSON_TOKEN_OBJECT_END || token == LT_JSON_TOKEN_ARRAY_END;
        bool is_begin = token == LT_JSON_TOKEN_OBJECT_BEGIN || token == LT_JSON_TOKEN_ARRAY_BEGIN;
        if (needs_comma && !is_end)
            lt_text_append_char(out, ',');
        copy_token(scan, escapes_pairs, out);
        if (!is_container || scan->depth < depth)
            return true;
        needs_comma = !is_begin && token != LT_JSON_TOKEN_NAME;
        (void)lt_json_scan_next(scan);
    }
}
