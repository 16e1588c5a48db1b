/*
 * Constants: numbers, strings with Spark's escapes, typed literals, and the names of types in
 * casts.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/text/number.h"
#include "core/text/number_decimal.h"
#include "core/text/utf8.h"
#include "ops/expr/parser.h"

static struct lt_expression *literal(struct lt_parser *parser, enum lt_type_kind kind,
                                     union lt_value value, uint32_t begin)
{
    struct lt_expression *node = lt_parser_node(parser, LT_EXPR_LITERAL, begin, 0);
    node->type = lt_type_simple(kind);
    node->value = value;
    return node;
}

struct lt_expression *lt_parser_boolean(struct lt_parser *parser, bool value, uint32_t begin)
{
    return literal(parser, LT_TYPE_BOOLEAN, lt_value_i64(value), begin);
}

struct lt_expression *lt_parser_null(struct lt_parser *parser, uint32_t begin)
{
    struct lt_expression *node = literal(parser, LT_TYPE_VOID, lt_value_i64(0), begin);
    node->is_null = true;
    return node;
}

/* ------------------------------------------------------------------------------------- numbers */

static struct lt_expression *number_out_of_range(struct lt_parser *parser, uint32_t begin,
                                                 const char *type)
{
    static const char *const ranges[][3] = {
        {"tinyint", "-128", "127"},
        {"smallint", "-32768", "32767"},
        {"bigint", "-9223372036854775808", "9223372036854775807"},
        {"float", "-3.4028234663852886E+38", "3.4028234663852886E+38"},
        {"double", "-1.7976931348623157E+308", "1.7976931348623157E+308"}};
    size_t i = 0;
    while (i + 1 < sizeof ranges / sizeof ranges[0] && strcmp(ranges[i][0], type) != 0)
        i++;
    uint32_t size = parser->last_end - begin;
    char last = size == 0 ? '\0' : parser->text[parser->last_end - 1];
    if (last != '\0' && strchr("YySsLlFfDd", last) != NULL)
        size--;
    return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_NUMERIC_LITERAL_RANGE", "22003", begin,
                            parser->last_end,
                            "Numeric literal %.*s is outside the valid range for %s with minimum "
                            "value of %s and maximum value of %s. Please adjust the value "
                            "accordingly.",
                            (int)size, parser->text + begin, type, ranges[i][1], ranges[i][2]);
}

/* The value of up to 19 digits with a sign; false when it does not fit. */
static bool integer_value(const char *digits, uint32_t count, bool is_negative, int64_t *out)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > (uint64_t)INT64_MAX + is_negative)
        return false;
    *out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static struct lt_expression *decimal_literal(struct lt_parser *parser, const struct lt_token *token,
                                             bool is_negative, uint32_t begin)
{
    enum { SUFFIX_BYTES = 2 }; /* BD */
    uint32_t size = token->end - token->begin - (token->suffix != '\0' ? SUFFIX_BYTES : 0);
    struct lt_decimal_shape shape;
    union lt_value value;
    if (lt_number_parse_decimal_literal(parser->text + token->begin, size, &value.i128, &shape) !=
        LT_NUMBER_OK)
        return lt_parser_refuse(parser, token->suffix == '\0' ? LT_E_ANALYSIS : LT_E_PARSE,
                                "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003", begin,
                                parser->last_end, "the number has more than %d digits",
                                LT_DECIMAL_PRECISION_MAX);
    if (is_negative)
        value.i128 = -value.i128;
    struct lt_expression *node = literal(parser, LT_TYPE_DECIMAL, value, begin);
    node->type = lt_type_decimal(parser->arena, shape.precision, shape.scale);
    return node;
}

static struct lt_expression *parse_integer(struct lt_parser *parser, const struct lt_token *token,
                                           bool is_negative, uint32_t begin)
{
    uint32_t count = token->end - token->begin - (token->suffix != '\0');
    int64_t value;
    bool fits = integer_value(parser->text + token->begin, count, is_negative, &value);
    switch (token->suffix) {
    case 'Y':
        return fits && value == (int8_t)value
                   ? literal(parser, LT_TYPE_TINYINT, lt_value_i64(value), begin)
                   : number_out_of_range(parser, begin, "tinyint");
    case 'S':
        return fits && value == (int16_t)value
                   ? literal(parser, LT_TYPE_SMALLINT, lt_value_i64(value), begin)
                   : number_out_of_range(parser, begin, "smallint");
    case 'L':
        return fits ? literal(parser, LT_TYPE_BIGINT, lt_value_i64(value), begin)
                    : number_out_of_range(parser, begin, "bigint");
    default:
        break;
    }
    if (!fits)
        return decimal_literal(parser, token, is_negative, begin);
    bool is_int = value == (int32_t)value;
    return literal(parser, is_int ? LT_TYPE_INT : LT_TYPE_BIGINT, lt_value_i64(value), begin);
}

struct lt_expression *lt_parse_number(struct lt_parser *parser, bool is_negative, uint32_t begin)
{
    struct lt_token token = lt_parser_take(parser);
    if (token.kind == LT_TOKEN_INTEGER)
        return parse_integer(parser, &token, is_negative, begin);
    const char *text = parser->text + token.begin;
    bool has_exponent = memchr(text, 'e', token.end - token.begin) != NULL ||
                        memchr(text, 'E', token.end - token.begin) != NULL;
    if (token.suffix == 'B' || (token.suffix == '\0' && !has_exponent))
        return decimal_literal(parser, &token, is_negative, begin);
    uint32_t size = token.end - token.begin - (token.suffix != '\0');
    bool is_float = token.suffix == 'F';
    double value = 0;
    float single = 0;
    if ((is_float ? lt_number_parse_float(text, size, &single)
                  : lt_number_parse_double(text, size, &value)) != LT_NUMBER_OK)
        return lt_parser_fail(parser, "this is not a number");
    if (is_float)
        value = (double)single;
    if (value > __DBL_MAX__ || (is_float && value > (double)__FLT_MAX__))
        return number_out_of_range(parser, begin, is_float ? "float" : "double");
    return literal(parser, is_float ? LT_TYPE_FLOAT : LT_TYPE_DOUBLE,
                   lt_value_f64(is_negative ? -value : value), begin);
}

/* ------------------------------------------------------------------------------------- strings */

enum { LAST_CODE_POINT = 0x10FFFF };

struct unescape {
    const char *from;
    uint32_t size, at;
    char *out;
    uint32_t used;
};

static void put_code_point(struct unescape *u, uint32_t code)
{
    u->used += (uint32_t)lt_utf8_put(code, (uint8_t *)u->out + u->used);
}

static bool read_digits(const struct unescape *u, uint32_t at, uint32_t count, unsigned base,
                        uint32_t *out)
{
    if (at + count > u->size)
        return false;
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; i++) {
        char c = lt_ascii_lower(u->from[at + i]);
        unsigned digit = lt_ascii_is_digit(c)     ? (unsigned)(c - '0')
                         : (c >= 'a' && c <= 'f') ? (unsigned)(c - 'a' + 10)
                                                  : 99;
        if (digit >= base)
            return false;
        value = value * base + digit;
    }
    *out = value;
    return true;
}

/* A surrogate pair written as two \u escapes is one character; half of one is "?". */
static uint32_t join_surrogates(struct unescape *u, uint32_t high)
{
    uint32_t low;
    if (high < 0xD800 || high > 0xDBFF || u->at + 6 > u->size || u->from[u->at] != '\\' ||
        u->from[u->at + 1] != 'u' || !read_digits(u, u->at + 2, 4, 16, &low) || low < 0xDC00 ||
        low > 0xDFFF)
        return high;
    u->at += 6;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* After a backslash. */
static void unescape_one(struct unescape *u)
{
    uint32_t code;
    char c = u->from[u->at];
    if (c == 'u' && read_digits(u, u->at + 1, 4, 16, &code)) {
        u->at += 5;
        put_code_point(u, join_surrogates(u, code));
        return;
    }
    if (c == 'U' && read_digits(u, u->at + 1, 8, 16, &code)) {
        u->at += 9;
        put_code_point(u, code);
        if (code > LAST_CODE_POINT) /* Java makes two halves of it, each of which is "?" */
            put_code_point(u, code);
        return;
    }
    if ((c == '0' || c == '1') && read_digits(u, u->at, 3, 8, &code)) {
        u->at += 3;
        put_code_point(u, code);
        return;
    }
    static const char names[] = "0bnrtZ", values[] = "\0\b\n\r\t\x1A";
    const char *name = strchr(names, c);
    if (c == '%' || c == '_')
        u->out[u->used++] = '\\'; /* LIKE's own escapes are left to LIKE */
    u->out[u->used++] = name != NULL && c != '\0' ? values[name - names] : c;
    u->at++;
}

/* Appends what one STRING token stands for. */
static void unescape_token(struct lt_parser *parser, const struct lt_token *token,
                           struct unescape *u)
{
    const char *from = parser->text + token->begin;
    bool is_raw = lt_ascii_lower(*from) == 'r';
    char quote = from[is_raw];
    u->from = from + is_raw + 1;
    u->size = token->end - token->begin - is_raw - 2;
    u->at = 0;
    while (u->at < u->size) {
        char c = u->from[u->at++];
        if (c == '\\' && !is_raw && u->at < u->size) {
            unescape_one(u);
            continue;
        }
        u->out[u->used++] = c;
        u->at += c == quote && !is_raw; /* a doubled quote is one */
    }
}

/* Has the token a "${name}"? Spark puts the setting of that name there, or nothing, before it
 * parses. */
static bool has_variable(const struct lt_parser *parser, const struct lt_token *token)
{
    const char *at = parser->text + token->begin, *end = parser->text + token->end;
    while (at < end && (at = memmem(at, (size_t)(end - at), "${", 2)) != NULL) {
        at += 2;
        const char *close = at;
        while (close < end && *close != '}' && strchr(" \t\r\n\f\v", *close) == NULL)
            close++;
        if (close > at && close < end && *close == '}')
            return true;
    }
    return false;
}

/* Up to `most` of those that stand next to each other: 'a' 'b' is one string. */
static struct lt_expression *parse_strings(struct lt_parser *parser, uint32_t most)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    struct unescape u = {.out = NULL};
    while (most-- > 0 && lt_parser_peek(parser, 0)->kind == LT_TOKEN_STRING) {
        struct lt_token token = lt_parser_take(parser);
        if (has_variable(parser, &token))
            return lt_parser_refuse(parser, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000",
                                    token.begin, token.end,
                                    "\"${name}\" stands for a setting in Spark, and is not "
                                    "supported by this version; hint: write '$' '{name}' where "
                                    "the text itself is meant");
        char *larger = lt_arena_alloc(parser->arena, u.used + token.end - token.begin);
        if (u.used > 0)
            memcpy(larger, u.out, u.used);
        u.out = larger;
        unescape_token(parser, &token, &u);
    }
    return literal(parser, LT_TYPE_STRING, lt_value_bytes(u.out, u.used), begin);
}

struct lt_expression *lt_parse_string(struct lt_parser *parser)
{
    return parse_strings(parser, UINT32_MAX);
}

struct lt_expression *lt_parse_one_string(struct lt_parser *parser)
{
    return parse_strings(parser, 1);
}

/* ----------------------------------------------------------------------- typed literals, types */

static struct lt_expression *bad_typed(struct lt_parser *parser, uint32_t begin, const char *type)
{
    uint32_t quote = begin; /* the literal's text, in its quotes */
    while (quote < parser->last_end && parser->text[quote] != '\'' && parser->text[quote] != '"')
        quote++;
    return lt_parser_refuse(parser, LT_E_PARSE, "INVALID_TYPED_LITERAL", "42604", begin,
                            parser->last_end,
                            "The value of the typed literal \"%s\" is invalid: %.*s.", type,
                            (int)(parser->last_end - quote), parser->text + quote);
}

static struct lt_expression *binary_literal(struct lt_parser *parser, uint32_t begin,
                                            const struct lt_bytes *text)
{
    struct unescape hex = {.from = (const char *)text->data, .size = text->size_bytes};
    char *out = lt_arena_alloc(parser->arena, text->size_bytes / 2 + 1);
    uint32_t used = 0;
    for (uint32_t at = 0; at < hex.size; used++) {
        uint32_t width = used == 0 && hex.size % 2 == 1 ? 1 : 2; /* X'F' is X'0F' */
        uint32_t byte;
        if (!read_digits(&hex, at, width, 16, &byte))
            return bad_typed(parser, begin, "X");
        out[used] = (char)byte;
        at += width;
    }
    return literal(parser, LT_TYPE_BINARY, lt_value_bytes(out, used), begin);
}

/* The moment of a text in UTC; analysis reads it again where the session has another zone. */
static bool time_value(enum lt_type_kind kind, const struct lt_bytes *text, union lt_value *out)
{
    struct lt_datetime_context context = {
        .zone = lt_zone_utc(), .zones = lt_zones_create(), .clock = lt_clock_system()};
    bool is_valid = lt_literal_time(&context, kind, text, out);
    lt_zones_destroy(context.zones);
    return is_valid;
}

bool lt_literal_time(struct lt_datetime_context *context, enum lt_type_kind kind,
                     const struct lt_bytes *text, union lt_value *out)
{
    int32_t days = 0;
    bool is_valid;
    switch (kind) {
    case LT_TYPE_DATE:
        is_valid = lt_datetime_special_date(context, text->data, text->size_bytes, &days) ||
                   lt_datetime_parse_date(text->data, text->size_bytes, &days);
        out->i64 = days;
        return is_valid;
    case LT_TYPE_TIMESTAMP:
        return lt_datetime_special_timestamp(context, text->data, text->size_bytes, &out->i64) ||
               lt_datetime_parse_timestamp(context, text->data, text->size_bytes, &out->i64);
    default:
        return lt_datetime_special_local(context, text->data, text->size_bytes, &out->i64) ||
               lt_datetime_parse_local(context, text->data, text->size_bytes, true, &out->i64);
    }
}

struct lt_expression *lt_parse_typed_literal(struct lt_parser *parser)
{
    static const struct {
        const char *word, *shown;
        enum lt_type_kind kind;
    } words[] = {{"date", "DATE", LT_TYPE_DATE},
                 {"timestamp", "TIMESTAMP", LT_TYPE_TIMESTAMP},
                 {"timestamp_ltz", "TIMESTAMP_LTZ", LT_TYPE_TIMESTAMP},
                 {"timestamp_ntz", "TIMESTAMP_NTZ", LT_TYPE_TIMESTAMP_NTZ},
                 {"x", "X", LT_TYPE_BINARY}};
    size_t word = 0;
    while (!lt_parser_is_word(parser, 0, words[word].word))
        word++;
    uint32_t begin = lt_parser_take(parser).begin;
    struct lt_expression *text = lt_parse_string(parser);
    if (text == NULL)
        return NULL;
    const struct lt_bytes *bytes = &text->value.bytes;
    if (words[word].kind == LT_TYPE_BINARY)
        return binary_literal(parser, begin, bytes);
    union lt_value value;
    if (!time_value(words[word].kind, bytes, &value))
        return bad_typed(parser, begin, words[word].shown);
    struct lt_expression *node = literal(parser, words[word].kind, value, begin);
    node->name = lt_arena_text_n(parser->arena, (const char *)bytes->data, bytes->size_bytes);
    return node;
}

/* INTERVAL DAY TO SECOND is a type of several words. */
static void take_interval_words(struct lt_parser *parser)
{
    static const char *const words[] = {"year", "month", "day", "hour", "minute", "second", "to"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (lt_parser_try_word(parser, words[i]))
            i = (size_t)-1;
    }
}

/* By how many brackets a token goes deeper (or back). */
static int bracket_depth(const struct lt_parser *parser)
{
    const struct lt_token *token = lt_parser_peek(parser, 0);
    if (token->kind != LT_TOKEN_SYMBOL)
        return 0;
    switch (token->symbol) {
    case '(':
    case '<':
        return 1;
    case ')':
    case '>':
        return -1;
    case LT_SYMBOL_SHIFT_RIGHT:
        return -2;
    case LT_SYMBOL_SHIFT_RIGHT_UNSIGNED:
        return -3;
    default:
        return 0;
    }
}

/* Takes the tokens of a type: words, and what stands in ( ) and, of a nested type, in < >; behind
 * any other `<` compares: x::INT < 3. */
static bool take_type_tokens(struct lt_parser *parser)
{
    if (lt_parser_peek(parser, 0)->kind != LT_TOKEN_WORD)
        return lt_parser_fail(parser, "a type is missing") != NULL;
    bool is_interval = lt_parser_is_word(parser, 0, "interval");
    bool is_nested = lt_parser_is_word(parser, 0, "struct") ||
                     lt_parser_is_word(parser, 0, "array") || lt_parser_is_word(parser, 0, "map");
    (void)lt_parser_take(parser);
    if (is_interval)
        take_interval_words(parser);
    if (lt_parser_try_word(parser, "collate")) {
        (void)lt_parser_take(parser);
        return true;
    }
    /* STRUCT<>; ARRAY<> and MAP<> too, which whoever reads the type refuses. */
    if (is_nested && lt_parser_try_symbol(parser, LT_SYMBOL_NOT_EQUAL))
        return true;
    if (!lt_parser_is_symbol(parser, 0, '(') &&
        !(is_nested && lt_parser_is_symbol(parser, 0, '<')))
        return true;
    int depth = 0;
    do {
        if (lt_parser_peek(parser, 0)->kind == LT_TOKEN_END)
            return lt_parser_fail(parser, "the type has no end") != NULL;
        depth += bracket_depth(parser);
        (void)lt_parser_take(parser);
    } while (depth > 0);
    return true;
}

const struct lt_type *lt_parse_type(struct lt_parser *parser, bool is_cast)
{
    uint32_t begin = lt_parser_peek(parser, 0)->begin;
    if (!take_type_tokens(parser))
        return NULL;
    const char *text =
        lt_arena_text_n(parser->arena, parser->text + begin, parser->last_end - begin);
    const struct lt_type *type;
    struct lt_error inner;
    lt_error_clear(&inner);
    if (lt_type_parse(text, parser->arena, &type, &inner) == LT_OK)
        return type;
    /* Where its brackets do not hold a type, the word before them alone was one. */
    size_t bracket = strcspn(text, "<");
    if (strcmp(inner.condition, "PARSE_SYNTAX_ERROR") == 0 && text[bracket] == '<') {
        uint32_t at = begin + (uint32_t)bracket;
        int size = text[bracket + 1] == '>' ? 2 : 1;
        return lt_parser_refuse(parser, inner.code, inner.condition, inner.sqlstate, at, at + 1,
                                "Syntax error at or near '%.*s'%s.", size, text + bracket,
                                is_cast ? ": missing ')'" : "");
    }
    const char *line = text;
    for (; inner.line > 1; inner.line--)
        line += strcspn(line, "\n") + 1;
    begin += (uint32_t)(line - text) + inner.position;
    return lt_parser_refuse(parser, inner.code, inner.condition, inner.sqlstate, begin,
                            parser->last_end, "%s", inner.text);
}
