/*
 * Scalars of a broken JSON text: numbers, words, texts, base64. Every function that can fail leaves
 * `at` behind the units that the parser has consumed by then, which differs from fault to fault:
 * most consume the unit that is wrong; a number that began plainly consumes nothing behind its
 * point or its e; a bad word is consumed whole.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/java_identifier.h"
#include "core/text/json_broken.h"
#include "core/text/utf8.h"

enum {
    PIECE_UNITS = 4000,       /* Jackson's buffer */
    NUMBER_DIGITS_MAX = 1000, /* its limit */
    BAD_WORD_MAX = 256,       /* of a bad word it takes no more */
};

static inline bool has_more(const struct lt_json_broken *broken)
{
    return broken->at < broken->count;
}

static inline bool is_digit(uint32_t unit)
{
    return unit - '0' < 10;
}

static inline bool is_high(uint16_t unit)
{
    return unit >> 10 == 0xD800 >> 10;
}

static inline bool is_low(uint16_t unit)
{
    return unit >> 10 == 0xDC00 >> 10;
}

static const char too_early[] = "the document ends too early";

/* --------------------------------------------------------------------------------------- texts */

static int hex_digit(uint16_t unit)
{
    if (is_digit(unit))
        return unit - '0';
    uint16_t letter = unit | 0x20;
    return unit < 0x80 && letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Past \uXXXX, whose u was consumed. */
static const char *read_hex(const struct lt_json_broken *broken, uint32_t *at, uint16_t *out)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        if (*at >= broken->count)
            return too_early;
        int digit = hex_digit(broken->units[(*at)++]);
        if (digit < 0)
            return "an escape is malformed";
        value = value << 4 | (uint32_t)digit;
    }
    *out = (uint16_t)value;
    return NULL;
}

/* Past an escape whose backslash was consumed; what is wrong with it, or NULL. */
static const char *read_escape(const struct lt_json_broken *broken, uint32_t *at, uint16_t *out)
{
    static const char names[] = "btnfr", values[] = "\b\t\n\f\r";
    if (*at >= broken->count)
        return too_early;
    uint16_t unit = broken->units[(*at)++];
    if (unit == 'u')
        return read_hex(broken, at, out);
    const char *name = unit < 0x80 && unit != 0 ? strchr(names, unit) : NULL;
    *out = name != NULL ? (uint16_t)values[name - names] : unit;
    bool is_known = name != NULL || unit == '"' || unit == '\\' || unit == '/' ||
                    (unit == '\'' && (broken->flags & LT_JSON_SCAN_SINGLE_QUOTES) != 0) ||
                    (broken->flags & LT_JSON_SCAN_ANY_ESCAPE) != 0;
    return is_known ? NULL : "an escape is malformed";
}

bool lt_json_broken_quote(struct lt_json_broken *broken, uint16_t quote)
{
    const char *fault = too_early;
    while (has_more(broken)) {
        uint16_t unit = broken->units[broken->at++], escaped;
        if (unit == quote)
            return true;
        fault = NULL;
        if (unit == '\\')
            fault = read_escape(broken, &broken->at, &escaped);
        else if (unit < ' ' && (broken->flags & LT_JSON_SCAN_CONTROL) == 0)
            fault = "a control character stands in a string";
        if (fault != NULL)
            break;
        fault = too_early;
    }
    (void)lt_json_broken_fail(broken, fault);
    return false;
}

static uint16_t next_unit(const struct lt_json_broken *broken, uint32_t *at, bool has_escapes)
{
    uint16_t unit = broken->units[(*at)++];
    if (unit == '\\' && has_escapes)
        (void)read_escape(broken, at, &unit); /* it was checked */
    return unit;
}

/* Appends units as UTF-8; false when there was half a pair among them. */
static bool append(const struct lt_json_broken *broken, uint32_t begin, uint32_t end,
                   bool has_escapes, struct lt_text_buffer *out)
{
    bool is_whole = true;
    for (uint32_t at = begin; at < end;) {
        uint16_t unit = next_unit(broken, &at, has_escapes), low = 0;
        uint32_t code = unit, behind = at;
        if (is_high(unit) && at < end)
            low = next_unit(broken, &behind, has_escapes);
        if (is_low(low)) {
            code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FFU);
            at = behind;
        }
        uint8_t bytes[4];
        is_whole = is_whole && !is_low(unit) && (!is_high(unit) || is_low(low));
        lt_text_append_n(out, bytes, lt_utf8_put(code, bytes));
    }
    return is_whole;
}

bool lt_json_broken_append(const struct lt_json_broken *broken, uint32_t begin, uint32_t end,
                           struct lt_text_buffer *out)
{
    return append(broken, begin, end, true, out);
}

void lt_json_broken_raw(struct lt_json_broken *broken, uint32_t begin)
{
    lt_text_clear(&broken->text);
    (void)append(broken, begin, broken->at, false, &broken->text);
}

bool lt_json_broken_finish(struct lt_json_broken *broken)
{
    uint32_t begin = broken->at;
    if (!broken->is_unfinished)
        return true;
    broken->is_unfinished = false;
    if (!lt_json_broken_quote(broken, '"'))
        return false;
    lt_text_clear(&broken->text);
    (void)lt_json_broken_append(broken, begin, broken->at - 1, &broken->text);
    return true;
}

/* --------------------------------------------------------------------------------------- words */

/* The word has gone wrong at `at`, behind so many units of it: it ends where an identifier would.
 */
static enum lt_json_token bad_word(struct lt_json_broken *broken, uint32_t count)
{
    while (has_more(broken) && lt_java_identifier_has(broken->units[broken->at])) {
        broken->at++;
        if (++count >= BAD_WORD_MAX)
            break;
    }
    return lt_json_broken_fail(broken, "a value is expected");
}

/* The word, of which `from` units were consumed. */
static enum lt_json_token match(struct lt_json_broken *broken, const char *word, uint32_t from,
                                enum lt_json_token token)
{
    uint32_t at = from;
    for (; word[at] != 0; at++, broken->at++) {
        if (!has_more(broken) || broken->units[broken->at] != (uint8_t)word[at])
            return bad_word(broken, at);
    }
    if (has_more(broken) && lt_java_identifier_has(broken->units[broken->at]) &&
        broken->units[broken->at] >= '0')
        return bad_word(broken, at);
    return token;
}

static enum lt_json_token match_not_finite(struct lt_json_broken *broken, const char *word,
                                           uint32_t from)
{
    enum lt_json_token token = match(broken, word, from, LT_JSON_TOKEN_NOT_FINITE);
    if (token == LT_JSON_TOKEN_INVALID)
        return token;
    if ((broken->flags & LT_JSON_SCAN_NOT_FINITE) == 0)
        return lt_json_broken_fail(broken, "a number that is not finite is not allowed");
    lt_text_clear(&broken->text);
    lt_text_append(&broken->text, word);
    return token;
}

/* Behind a sign stands the unit, which is no digit. */
static enum lt_json_token signed_word(struct lt_json_broken *broken, bool is_negative,
                                      uint16_t unit)
{
    if (unit == 'I' && has_more(broken)) {
        uint16_t second = broken->units[broken->at++];
        if (second == 'N')
            return match_not_finite(broken, is_negative ? "-INF" : "+INF", 3);
        if (second == 'n')
            return match_not_finite(broken, is_negative ? "-Infinity" : "+Infinity", 3);
    }
    return lt_json_broken_fail(broken, "a digit is expected");
}

static enum lt_json_token single_quoted(struct lt_json_broken *broken)
{
    uint32_t begin = broken->at;
    if (!lt_json_broken_quote(broken, '\''))
        return LT_JSON_TOKEN_INVALID;
    lt_text_clear(&broken->text);
    (void)lt_json_broken_append(broken, begin, broken->at - 1, &broken->text);
    return LT_JSON_TOKEN_STRING;
}

/* ------------------------------------------------------------------------------------- numbers */

/* Where the piece ends that holds the unit; a pair is not parted. */
static uint32_t piece_end(struct lt_json_broken *broken, uint32_t at)
{
    while (broken->piece_end <= at) {
        uint32_t end = broken->count - broken->piece_end > PIECE_UNITS
                           ? broken->piece_end + PIECE_UNITS
                           : broken->count;
        broken->piece_end = end - (end < broken->count && is_high(broken->units[end - 1]));
    }
    return broken->piece_end;
}

/* The places of a number's parts; those that it has not have no digits. */
struct number {
    uint32_t begin; /* of its digits */
    uint32_t digits;
    bool is_float;
};

/* Digits from `*at` on; how many, or UINT32_MAX when they reach `end`. */
static uint32_t count_digits(const struct lt_json_broken *broken, uint32_t *at, uint32_t end)
{
    uint32_t begin = *at;
    while (*at < end && is_digit(broken->units[*at]))
        (*at)++;
    return *at < end ? *at - begin : UINT32_MAX;
}

/* Keeps its text. */
static enum lt_json_token take_number(struct lt_json_broken *broken, const struct number *number,
                                      bool is_negative)
{
    if (number->digits > NUMBER_DIGITS_MAX)
        return lt_json_broken_fail(broken, "a number is too long");
    lt_text_clear(&broken->text);
    if (is_negative)
        lt_text_append_char(&broken->text, '-');
    for (uint32_t i = number->begin; i < broken->at; i++)
        lt_text_append_char(&broken->text, (char)broken->units[i]);
    return number->is_float ? LT_JSON_TOKEN_FLOAT : LT_JSON_TOKEN_INTEGER;
}

/* Past the zeros in front; false: they are not allowed. */
static bool skip_zeros(struct lt_json_broken *broken, struct number *number)
{
    while (broken->at + 1 < broken->count && broken->units[broken->at] == '0' &&
           is_digit(broken->units[broken->at + 1])) {
        broken->at++;
        if ((broken->flags & LT_JSON_SCAN_LEADING_ZEROS) == 0)
            return false;
    }
    number->begin = broken->at;
    return true;
}

/* One or more digits; else the unit that is there in their place is consumed, and it is a fault. */
static bool take_digits(struct lt_json_broken *broken, struct number *number)
{
    uint32_t begin = broken->at;
    while (has_more(broken) && is_digit(broken->units[broken->at]))
        broken->at++;
    number->digits += broken->at - begin;
    if (broken->at > begin)
        return true;
    broken->at += has_more(broken);
    (void)lt_json_broken_fail(broken, "a digit is expected");
    return false;
}

/* A number that begins with a zero, or goes beyond its piece of the text: unit by unit. From its
 * first digit. */
static enum lt_json_token slow_number(struct lt_json_broken *broken, bool is_negative)
{
    struct number number = {.begin = broken->at};
    if (!has_more(broken))
        return lt_json_broken_fail(broken, too_early);
    if (!is_digit(broken->units[broken->at]))
        return signed_word(broken, is_negative, broken->units[broken->at++]);
    if (!skip_zeros(broken, &number))
        return lt_json_broken_fail(broken, "a number begins with a zero");
    (void)take_digits(broken, &number);
    if (has_more(broken) && broken->units[broken->at] == '.') {
        number.is_float = true;
        broken->at++;
        if (!take_digits(broken, &number))
            return LT_JSON_TOKEN_INVALID;
    }
    if (has_more(broken) && (broken->units[broken->at] | 0x20) == 'e') {
        number.is_float = true;
        broken->at++;
        if (has_more(broken) &&
            (broken->units[broken->at] == '-' || broken->units[broken->at] == '+'))
            broken->at++;
        if (!take_digits(broken, &number))
            return LT_JSON_TOKEN_INVALID;
    }
    return take_number(broken, &number, is_negative);
}

/* A number within its piece of the text, from its first digit: a fault behind its whole digits
 * leaves `at` behind the point or the e. */
static enum lt_json_token quick_number(struct lt_json_broken *broken, bool is_negative)
{
    uint32_t begin = broken->at, at = begin;
    uint32_t end = piece_end(broken, begin - is_negative);
    uint32_t whole = count_digits(broken, &at, end), fraction = 0, exponent = 0;
    if (begin >= end || broken->units[begin] == '0' || whole == UINT32_MAX)
        return slow_number(broken, is_negative);
    bool has_point = broken->units[at] == '.';
    bool is_float = has_point || (broken->units[at] | 0x20) == 'e';
    uint32_t behind = at + is_float;
    if (has_point) {
        at++;
        fraction = count_digits(broken, &at, end);
    }
    bool has_exponent =
        fraction != UINT32_MAX && (broken->units[at] | 0x20) == 'e' && (!has_point || fraction > 0);
    if (has_exponent) {
        at++;
        at += at < end && (broken->units[at] == '-' || broken->units[at] == '+');
        exponent = count_digits(broken, &at, end);
    }
    if (fraction == UINT32_MAX || exponent == UINT32_MAX)
        return slow_number(broken, is_negative);
    broken->at = behind;
    if ((has_point && fraction == 0) || (has_exponent && exponent == 0))
        return lt_json_broken_fail(broken, "a digit is expected");
    broken->at = at;
    const struct number number = {begin, whole + fraction + exponent, is_float};
    return take_number(broken, &number, is_negative);
}

enum lt_json_token lt_json_broken_value(struct lt_json_broken *broken, uint16_t first)
{
    switch (first) {
    case 't':
        return match(broken, "true", 1, LT_JSON_TOKEN_TRUE);
    case 'f':
        return match(broken, "false", 1, LT_JSON_TOKEN_FALSE);
    case 'n':
        return match(broken, "null", 1, LT_JSON_TOKEN_NULL);
    case 'N':
        return match_not_finite(broken, "NaN", 1);
    case 'I':
        return match_not_finite(broken, "Infinity", 1);
    case '+':
        return has_more(broken) ? signed_word(broken, false, broken->units[broken->at++])
                                : lt_json_broken_fail(broken, too_early);
    case '-':
        if (has_more(broken) && !is_digit(broken->units[broken->at]))
            return signed_word(broken, true, broken->units[broken->at++]);
        return quick_number(broken, true);
    case '\'':
        if ((broken->flags & LT_JSON_SCAN_SINGLE_QUOTES) != 0)
            return single_quoted(broken);
        break;
    default:
        break;
    }
    if (is_digit(first)) {
        broken->at--;
        return quick_number(broken, false);
    }
    return lt_java_identifier_begins(first) ? bad_word(broken, 1)
                                            : lt_json_broken_fail(broken, "a value is expected");
}

/* -------------------------------------------------------------------------------------- base64 */

enum { PADDING = -1, NO_DIGIT = -2, BLANK = -3, QUOTE = -4 };

static int base64_digit(uint16_t unit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (unit == '=')
        return PADDING;
    const char *digit = unit < 0x80 && unit != 0 ? strchr(digits, unit) : NULL;
    return digit != NULL ? (int)(digit - digits) : NO_DIGIT;
}

static int no_digit(struct lt_json_broken *broken, const char *fault)
{
    (void)lt_json_broken_fail(broken, fault);
    return NO_DIGIT;
}

/* The digit number `index` of a group of four, itself or as an escape. A quote that comes too soon
 * is left where it is, but for one in the second digit's place. */
static int read_digit(struct lt_json_broken *broken, int index)
{
    if (!has_more(broken))
        return no_digit(broken, too_early);
    uint16_t unit = broken->units[broken->at++];
    if (unit == '"' && index != 1) {
        broken->at -= index > 1;
        return index == 0 ? QUOTE : no_digit(broken, "base64 is not complete");
    }
    const char *fault = unit == '\\' ? read_escape(broken, &broken->at, &unit) : NULL;
    if (fault != NULL)
        return no_digit(broken, fault);
    if (index == 0 && unit <= ' ')
        return BLANK;
    int digit = base64_digit(unit);
    return digit >= 0 || (digit == PADDING && index > 1) ? digit
                                                         : no_digit(broken, "it is not base64");
}

/* The second of two paddings. */
static bool read_padding(struct lt_json_broken *broken)
{
    uint16_t unit = has_more(broken) ? broken->units[broken->at++] : 0;
    if (unit == '=' ||
        (unit == '\\' && read_escape(broken, &broken->at, &unit) == NULL && unit == '='))
        return true;
    (void)lt_json_broken_fail(broken, "it is not base64");
    return false;
}

/* Appends the bytes of one group; QUOTE: the text ended before it; NO_DIGIT: a fault; else 0. */
static int read_group(struct lt_json_broken *broken)
{
    int digits[4], padding = 0;
    do {
        digits[0] = read_digit(broken, 0);
    } while (digits[0] == BLANK);
    if (digits[0] < 0)
        return digits[0];
    for (int i = 1; i < 4 && padding == 0; i++) {
        digits[i] = read_digit(broken, i);
        if (digits[i] == NO_DIGIT)
            return NO_DIGIT;
        padding = digits[i] == PADDING ? 4 - i : 0;
    }
    if (padding == 2 && !read_padding(broken))
        return NO_DIGIT;
    uint32_t group = 0;
    for (int i = 0; i < 4; i++)
        group = group << 6 | (i < 4 - padding ? (uint32_t)digits[i] : 0);
    const uint8_t bytes[] = {(uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};
    lt_text_append_n(&broken->text, bytes, (size_t)(3 - padding));
    return 0;
}

bool lt_json_broken_base64(struct lt_json_broken *broken)
{
    int read;
    lt_text_clear(&broken->text);
    do {
        read = read_group(broken);
    } while (read == 0);
    broken->is_unfinished = read != QUOTE;
    return read == QUOTE;
}
