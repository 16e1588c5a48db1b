#include "core/text/csv_value.h"

#include <math.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/number.h"

bool lt_csv_value_is(const char *word, const char *text, size_t size_bytes)
{
    return strlen(word) == size_bytes && memcmp(word, text, size_bytes) == 0;
}

bool lt_csv_value_parse_integer(const char *text, size_t size_bytes, int64_t min, int64_t max,
                                int64_t *out)
{
    size_t digits = size_bytes != 0 && (*text == '-' || *text == '+');
    if (digits == size_bytes || !lt_ascii_is_digit(text[digits]) ||
        !lt_ascii_is_digit(text[size_bytes - 1]))
        return false;
    return lt_number_parse_i64(text, size_bytes, min, max, out) == LT_NUMBER_OK;
}

static bool is_word(const char *word, const char *at, const char *end)
{
    return lt_csv_value_is(word, at, (size_t)(end - at));
}

/* Words are taken as Java writes them only. */
static bool is_java_number(const char *text, size_t size_bytes)
{
    const char *at = text, *end = text + size_bytes;
    while (at < end && (unsigned char)*at <= ' ')
        at++;
    while (at < end && (unsigned char)end[-1] <= ' ')
        end--;
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at < end && lt_ascii_is_letter(*at))
        return is_word("NaN", at, end) || is_word("Infinity", at, end);
    return at < end;
}

static bool is_special(const struct lt_csv_options *options, const char *text, size_t size_bytes,
                       double *out)
{
    if (lt_csv_value_is(options->nan_value, text, size_bytes))
        *out = (double)NAN;
    else if (lt_csv_value_is(options->negative_infinity, text, size_bytes))
        *out = -(double)INFINITY;
    else if (lt_csv_value_is(options->positive_infinity, text, size_bytes))
        *out = (double)INFINITY;
    else
        return false;
    return true;
}

bool lt_csv_value_parse_double(const struct lt_csv_options *options, const char *text,
                               size_t size_bytes, double *out)
{
    return is_special(options, text, size_bytes, out) ||
           (is_java_number(text, size_bytes) &&
            lt_number_parse_double(text, size_bytes, out) == LT_NUMBER_OK);
}

static bool parse_float(const struct lt_csv_options *options, const char *text, size_t size_bytes,
                        double *out)
{
    float number;
    if (is_special(options, text, size_bytes, out))
        return true;
    if (!is_java_number(text, size_bytes) ||
        lt_number_parse_float(text, size_bytes, &number) != LT_NUMBER_OK)
        return false;
    *out = (double)number;
    return true;
}

static bool parse_boolean(const char *text, size_t size_bytes, int64_t *out)
{
    char word[8];
    if (size_bytes >= sizeof word)
        return false;
    memcpy(word, text, size_bytes);
    word[size_bytes] = '\0';
    *out = lt_ascii_compare(word, "true") == 0;
    return *out || lt_ascii_compare(word, "false") == 0;
}

bool lt_csv_value_parse(const struct lt_csv_options *options, const struct lt_codec_times *times,
                        const struct lt_type *type, const char *text, size_t size_bytes,
                        union lt_value *out)
{
    switch (type->kind) {
    case LT_TYPE_BOOLEAN:
        return parse_boolean(text, size_bytes, &out->i64);
    case LT_TYPE_TINYINT:
    case LT_TYPE_SMALLINT:
    case LT_TYPE_INT:
    case LT_TYPE_BIGINT:
        return lt_csv_value_parse_integer(text, size_bytes, lt_type_smallest(type),
                                          lt_type_largest(type), &out->i64);
    case LT_TYPE_FLOAT:
        return parse_float(options, text, size_bytes, &out->f64);
    case LT_TYPE_DOUBLE:
        return lt_csv_value_parse_double(options, text, size_bytes, &out->f64);
    case LT_TYPE_DECIMAL:
        return lt_number_parse_decimal_commas(text, size_bytes, type->precision, type->scale,
                                              &out->i128) == LT_NUMBER_OK;
    default:
        return times->parse(times->context, type, text, size_bytes, out);
    }
}
