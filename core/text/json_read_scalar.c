/*
 * Tokens to values of scalar types. The text of a number is judged already by the tokens; strings
 * are taken as they stand where nothing in them has to change.
 */
#include <math.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "core/text/json_number.h"
#include "core/text/json_read_plan.h"
#include "core/text/number.h"
#include "core/text/utf8.h"

enum {
    NUMBER_BYTES_MAX = 1000, /* Jackson's limit */
    TINYINT_LAST = 255,
};
static const int64_t US_PER_S = 1000000;

static inline size_t token_bytes(const struct lt_json_reader *reader)
{
    return (size_t)(reader->tokens.scan.token_end - reader->tokens.scan.token_begin);
}

static enum lt_json_outcome misfit(struct lt_json_reader *reader)
{
    lt_json_reader_blame(reader, LT_JSON_MALFORMED, "a value does not fit its field");
    return LT_JSON_OUTCOME_MISFIT;
}

/* What Spark's parser does then changes what it takes the rest of the document for: that is found
 * out where documents that are no JSON are read. */
static enum lt_json_outcome confuse(struct lt_json_reader *reader)
{
    enum lt_json_outcome outcome = misfit(reader);
    return reader->goes_on ? LT_JSON_OUTCOME_STOPPED : outcome;
}

/* --------------------------------------------------------------------------------------- text */

static enum lt_json_outcome copy_bytes(struct lt_json_reader *reader, const void *data,
                                       size_t size_bytes, union lt_value *out)
{
    void *memory =
        size_bytes <= LT_LIMIT_VALUE_BYTES ? lt_json_reader_alloc(reader, size_bytes) : NULL;
    if (memory == NULL)
        return LT_JSON_OUTCOME_NO_MEMORY;
    if (size_bytes != 0)
        memcpy(memory, data, size_bytes);
    *out = lt_value_bytes(memory, (uint32_t)size_bytes);
    return LT_JSON_OUTCOME_VALUE;
}

static enum lt_json_outcome borrow(struct lt_json_reader *reader, const uint8_t *begin,
                                   const uint8_t *end, union lt_value *out)
{
    uint64_t after = (uint64_t)(reader->document_end - end) + reader->document_padding_bytes;
    *out = (union lt_value){
        .bytes = {.data = begin,
                  .size_bytes = (uint32_t)(end - begin),
                  .padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX}};
    return LT_JSON_OUTCOME_VALUE;
}

/* Bytes that are not UTF-8 become U+FFFD. */
static enum lt_json_outcome copy_decoded(struct lt_json_reader *reader, union lt_value *out)
{
    size_t raw_bytes = reader->text.size_bytes;
    const uint8_t *raw = (const uint8_t *)lt_text_get(&reader->text);
    if (reader->tokens.is_indexed || lt_utf8_is_valid(raw, raw_bytes))
        return copy_bytes(reader, raw, raw_bytes, out);
    struct lt_text_buffer decoded;
    lt_text_init(&decoded);
    lt_utf8_append_decoded(&decoded, raw, raw_bytes);
    enum lt_json_outcome outcome =
        copy_bytes(reader, lt_text_get(&decoded), decoded.size_bytes, out);
    lt_text_fini(&decoded);
    return outcome;
}

enum lt_json_outcome lt_json_read_text(struct lt_json_reader *reader, union lt_value *out)
{
    const struct lt_json_scan *scan = &reader->tokens.scan;
    if (!scan->has_escapes &&
        (reader->tokens.is_indexed || lt_utf8_is_valid(scan->token_begin, token_bytes(reader))))
        return borrow(reader, scan->token_begin, scan->token_end, out);
    lt_text_clear(&reader->text);
    lt_json_scan_text(scan, &reader->text);
    return copy_decoded(reader, out);
}

/* The string of the token without its escapes, for conversions; valid until the next. */
static const char *plain_text(struct lt_json_reader *reader, size_t *size_bytes)
{
    const struct lt_json_scan *scan = &reader->tokens.scan;
    if (!scan->has_escapes) {
        *size_bytes = token_bytes(reader);
        return (const char *)scan->token_begin;
    }
    lt_text_clear(&reader->text);
    lt_json_scan_text(scan, &reader->text);
    *size_bytes = reader->text.size_bytes;
    return lt_text_get(&reader->text);
}

/* A container as text: the scanner goes over it once more, the tokens past it. */
static enum lt_json_outcome read_container_text(struct lt_json_reader *reader, union lt_value *out)
{
    struct lt_json_tokens *tokens = &reader->tokens;
    const uint8_t *begin = tokens->scan.token_begin;
    if (lt_json_tokens_skip(tokens) == LT_JSON_TOKEN_INVALID)
        return LT_JSON_OUTCOME_STOPPED;
    const uint8_t *end = tokens->scan.token_end;
    if (reader->keeps_text)
        return borrow(reader, begin, end, out);
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, begin, (size_t)(end - begin), reader->scan_flags);
    (void)lt_json_scan_next(&scan);
    lt_text_clear(&reader->text);
    if (!lt_json_scan_copy(&scan, true, &reader->text))
        return LT_JSON_OUTCOME_STOPPED;
    return copy_decoded(reader, out);
}

static enum lt_json_outcome read_string(struct lt_json_reader *reader, union lt_value *out)
{
    const struct lt_json_scan *scan = &reader->tokens.scan;
    switch (scan->token) {
    case LT_JSON_TOKEN_STRING:
        return lt_json_read_text(reader, out);
    case LT_JSON_TOKEN_OBJECT_BEGIN:
    case LT_JSON_TOKEN_ARRAY_BEGIN:
        return read_container_text(reader, out);
    case LT_JSON_TOKEN_INTEGER:
    case LT_JSON_TOKEN_FLOAT:
    case LT_JSON_TOKEN_NOT_FINITE:
        if (reader->keeps_text)
            return borrow(reader, scan->token_begin, scan->token_end, out);
        lt_text_clear(&reader->text);
        lt_json_scan_number(scan, &reader->text);
        return copy_bytes(reader, lt_text_get(&reader->text), reader->text.size_bytes, out);
    default:
        return borrow(reader, scan->token_begin, scan->token_end, out);
    }
}

/* ------------------------------------------------------------------------------------- numbers */

static bool parse_integer(const struct lt_json_reader *reader, int64_t min, int64_t max,
                          int64_t *out)
{
    const char *at = (const char *)reader->tokens.scan.token_begin;
    size_t size_bytes = token_bytes(reader);
    if (reader->tokens.scan.token != LT_JSON_TOKEN_INTEGER || size_bytes > NUMBER_BYTES_MAX)
        return false;
    if (size_bytes > 18)
        return lt_number_parse_i64(at, size_bytes, min, max, out) == LT_NUMBER_OK;
    bool is_negative = *at == '-';
    int64_t number = 0;
    for (size_t i = is_negative; i < size_bytes; i++)
        number = number * 10 + (at[i] - '0');
    *out = is_negative ? -number : number;
    return *out >= min && *out <= max;
}

static enum lt_json_outcome read_integer(struct lt_json_reader *reader, const struct lt_type *type,
                                         union lt_value *out)
{
    bool is_byte = type->kind == LT_TYPE_TINYINT;
    int64_t number;
    if (!parse_integer(reader, lt_type_smallest(type),
                       is_byte ? TINYINT_LAST : lt_type_largest(type), &number))
        return misfit(reader);
    *out = lt_value_i64(is_byte ? (int8_t)number : number);
    return LT_JSON_OUTCOME_VALUE;
}

/* "NaN" and its like, as strings. */
static bool parse_not_finite(const char *text, size_t size_bytes, double *out)
{
    static const struct {
        const char *text;
        double value;
    } words[] = {{"NaN", (double)NAN},
                 {"+INF", (double)INFINITY},
                 {"+Infinity", (double)INFINITY},
                 {"Infinity", (double)INFINITY},
                 {"-INF", -(double)INFINITY},
                 {"-Infinity", -(double)INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].text) == size_bytes && memcmp(text, words[i].text, size_bytes) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_number(const char *text, size_t size_bytes, bool is_float, double *out)
{
    struct lt_json_number small;
    const uint8_t *begin = (const uint8_t *)text;
    if (!is_float)
        return (lt_json_number_read_slowly(begin, begin + size_bytes, &small) &&
                lt_json_number_double(&small, out)) ||
               lt_number_parse_double(text, size_bytes, out) == LT_NUMBER_OK;
    float number;
    if (lt_number_parse_float(text, size_bytes, &number) != LT_NUMBER_OK)
        return false;
    *out = (double)number;
    return true;
}

static enum lt_json_outcome read_float_text(struct lt_json_reader *reader, union lt_value *out)
{
    size_t size_bytes;
    const char *text = plain_text(reader, &size_bytes);
    if (reader->allows_not_finite && parse_not_finite(text, size_bytes, &out->f64))
        return LT_JSON_OUTCOME_VALUE;
    lt_json_reader_blame(reader, size_bytes != 0 ? LT_JSON_MALFORMED_STRING : LT_JSON_MALFORMED,
                         "a string stands where a number is expected");
    return LT_JSON_OUTCOME_MISFIT;
}

static enum lt_json_outcome read_float(struct lt_json_reader *reader, const struct lt_type *type,
                                       union lt_value *out)
{
    const char *text = (const char *)reader->tokens.scan.token_begin;
    bool is_float = type->kind == LT_TYPE_FLOAT;
    int64_t integer;
    switch (reader->tokens.scan.token) {
    case LT_JSON_TOKEN_INTEGER: /* -0 is 0 here */
        if (token_bytes(reader) <= 15 && parse_integer(reader, INT64_MIN, INT64_MAX, &integer)) {
            out->f64 = is_float ? (double)(float)integer : (double)integer;
            return LT_JSON_OUTCOME_VALUE;
        }
        break;
    case LT_JSON_TOKEN_FLOAT:
        break;
    case LT_JSON_TOKEN_NOT_FINITE:
        return parse_not_finite(text, token_bytes(reader), &out->f64) ? LT_JSON_OUTCOME_VALUE
                                                                      : misfit(reader);
    case LT_JSON_TOKEN_STRING:
        return read_float_text(reader, out);
    default:
        return misfit(reader);
    }
    if (token_bytes(reader) > NUMBER_BYTES_MAX ||
        !parse_number(text, token_bytes(reader), is_float, &out->f64))
        return misfit(reader);
    return LT_JSON_OUTCOME_VALUE;
}

static enum lt_json_outcome read_decimal(struct lt_json_reader *reader, const struct lt_type *type,
                                         union lt_value *out)
{
    enum lt_json_token token = reader->tokens.scan.token;
    size_t size_bytes = token_bytes(reader);
    if (token == LT_JSON_TOKEN_INTEGER || token == LT_JSON_TOKEN_FLOAT) {
        if (size_bytes <= NUMBER_BYTES_MAX &&
            lt_number_parse_decimal(reader->tokens.scan.token_begin, size_bytes, type->precision,
                                    type->scale, &out->i128) == LT_NUMBER_OK)
            return LT_JSON_OUTCOME_VALUE;
    } else if (token == LT_JSON_TOKEN_STRING) {
        const char *text = plain_text(reader, &size_bytes);
        if (lt_number_parse_decimal_commas(text, size_bytes, type->precision, type->scale,
                                           &out->i128) == LT_NUMBER_OK)
            return LT_JSON_OUTCOME_VALUE;
    }
    return misfit(reader);
}

/* ----------------------------------------------------------------------- booleans, times, bytes */

static enum lt_json_outcome read_boolean(struct lt_json_reader *reader, union lt_value *out)
{
    enum lt_json_token token = reader->tokens.scan.token;
    if (token != LT_JSON_TOKEN_TRUE && token != LT_JSON_TOKEN_FALSE)
        return misfit(reader);
    *out = lt_value_i64(token == LT_JSON_TOKEN_TRUE);
    return LT_JSON_OUTCOME_VALUE;
}

static enum lt_json_outcome read_time(struct lt_json_reader *reader, const struct lt_type *type,
                                      union lt_value *out)
{
    enum lt_json_token token = reader->tokens.scan.token;
    int64_t seconds;
    if (type->kind == LT_TYPE_TIMESTAMP && token == LT_JSON_TOKEN_INTEGER &&
        parse_integer(reader, INT64_MIN, INT64_MAX, &seconds)) {
        /* It wraps, as Java's product does. */
        *out = lt_value_i64((int64_t)((uint64_t)seconds * (uint64_t)US_PER_S));
        return LT_JSON_OUTCOME_VALUE;
    }
    size_t size_bytes = 0;
    const char *text = token == LT_JSON_TOKEN_STRING ? plain_text(reader, &size_bytes) : NULL;
    if (size_bytes == 0 || !reader->times.parse(reader->times.context, type, text, size_bytes, out))
        return misfit(reader);
    return LT_JSON_OUTCOME_VALUE;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (lt_ascii_is_digit(c))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four digits, padded or not, to bytes; how many, or -1. */
static int decode_group(const char *text, uint8_t out[3])
{
    int digits[4], padding = 0;
    for (int i = 0; i < 4; i++) {
        bool is_padding = text[i] == '=' && i >= 2;
        if (padding != 0 && !is_padding)
            return -1;
        padding += is_padding;
        digits[i] = is_padding ? 0 : base64_digit(text[i]);
        if (digits[i] < 0)
            return -1;
    }
    uint32_t group = (uint32_t)(digits[0] << 18 | digits[1] << 12 | digits[2] << 6 | digits[3]);
    out[0] = (uint8_t)(group >> 16);
    out[1] = (uint8_t)(group >> 8);
    out[2] = (uint8_t)group;
    return 3 - padding;
}

/* Base64 with its padding; blanks may stand between groups. */
static enum lt_json_outcome read_binary(struct lt_json_reader *reader, union lt_value *out)
{
    if (reader->tokens.scan.token != LT_JSON_TOKEN_STRING)
        return misfit(reader);
    size_t size_bytes, count = 0;
    const char *text = plain_text(reader, &size_bytes);
    uint8_t *bytes = lt_json_reader_alloc(reader, size_bytes / 4 * 3 + 3);
    if (bytes == NULL)
        return LT_JSON_OUTCOME_NO_MEMORY;
    for (size_t i = 0; i < size_bytes;) {
        if ((unsigned char)text[i] <= ' ') {
            i++;
            continue;
        }
        int decoded = size_bytes - i >= 4 ? decode_group(text + i, bytes + count) : -1;
        if (decoded < 0)
            return confuse(reader);
        count += (size_t)decoded;
        i += 4;
    }
    *out = lt_value_bytes(bytes, (uint32_t)count);
    return LT_JSON_OUTCOME_VALUE;
}

enum lt_json_outcome lt_json_read_scalar(struct lt_json_reader *reader, const struct lt_type *type,
                                         union lt_value *out)
{
    enum lt_json_token token = reader->tokens.scan.token;
    bool is_number = token == LT_JSON_TOKEN_INTEGER || token == LT_JSON_TOKEN_FLOAT;
    if (is_number && token_bytes(reader) > NUMBER_BYTES_MAX)
        return confuse(reader);
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        return read_boolean(reader, out);
    case LT_TYPE_TINYINT:
    case LT_TYPE_SMALLINT:
    case LT_TYPE_INT:
    case LT_TYPE_BIGINT:
        return read_integer(reader, type, out);
    case LT_TYPE_FLOAT:
    case LT_TYPE_DOUBLE:
        return read_float(reader, type, out);
    case LT_TYPE_DECIMAL:
        return read_decimal(reader, type, out);
    case LT_TYPE_STRING:
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        return read_string(reader, out);
    case LT_TYPE_BINARY:
        return read_binary(reader, out);
    case LT_TYPE_VOID: /* Spark's reader goes into an object or array, and takes it for its own */
        return lt_json_tokens_at_begin(&reader->tokens) && reader->goes_on ? LT_JSON_OUTCOME_STOPPED
                                                                           : LT_JSON_OUTCOME_NULL;
    default:
        lt_assert(lt_codec_is_time(type));
        return read_time(reader, type, out);
    }
}
