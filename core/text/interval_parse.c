/*
 * Fields of a range: the first has as many digits as its unit may need, the others one or two. A
 * day, hour or minute that stands alone is multiplied without a check in Spark, so that a huge one
 * wraps; so it does here.
 */
#include "core/text/interval_parse.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/error.h"

enum { FIELD_COUNT = 4, FRACTION_DIGITS = 9, MONTHS_PER_YEAR = 12 };
static const int64_t US_PER_S = 1000000;

static const struct {
    const char *name;
    int64_t us, limit; /* limit: of a field that is not the first, exclusive */
    int digits;        /* of one that is the first */
} fields[FIELD_COUNT] = {
    [LT_INTERVAL_DAY] = {"DAY", 86400000000, 0, 9},
    [LT_INTERVAL_HOUR] = {"HOUR", 3600000000, 24, 10},
    [LT_INTERVAL_MINUTE] = {"MINUTE", 60000000, 60, 12},
    [LT_INTERVAL_SECOND] = {"SECOND", 1000000, 60, 13},
};

struct reader {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return (uint8_t)c <= ' ' || c == 0x7f;
}

static struct reader trimmed(const void *text, size_t size_bytes)
{
    struct reader reader = {.at = text, .end = (const char *)text + size_bytes};
    while (reader.at < reader.end && is_blank(*reader.at))
        reader.at++;
    while (reader.end > reader.at && is_blank(reader.end[-1]))
        reader.end--;
    return reader;
}

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

/* `fewest` blanks or more. */
static bool take_blanks(struct reader *reader, int fewest)
{
    int count = 0;
    while (reader->at < reader->end && lt_ascii_is_blank(*reader->at)) {
        reader->at++;
        count++;
    }
    return count >= fewest;
}

/* In any case; false leaves the reader where it was. */
static bool take_word(struct reader *reader, const char *word)
{
    const char *at = reader->at;
    while (*word != '\0' && at < reader->end && lt_ascii_lower(*at) == lt_ascii_lower(*word)) {
        at++;
        word++;
    }
    if (*word != '\0')
        return false;
    reader->at = at;
    return true;
}

/* '+', '-', or what Spark's expression lets pass beside them, '|'. */
static void take_sign(struct reader *reader, int *sign)
{
    if (take(reader, '-'))
        *sign = -*sign;
    else if (!take(reader, '+'))
        (void)take(reader, '|');
}

/* 1 to `most` digits. More than 19 are as good as any that do not fit. */
static bool take_digits(struct reader *reader, int most, int64_t *out)
{
    int count = 0;
    int64_t number = 0;
    while (reader->at < reader->end && lt_ascii_is_digit(*reader->at) && count < most) {
        int digit = *reader->at++ - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            number = INT64_MAX;
        count++;
    }
    *out = number;
    return count > 0;
}

/* ".123456789", cut to microseconds; nothing is 0. */
static bool take_fraction(struct reader *reader, int64_t *us)
{
    *us = 0;
    if (!take(reader, '.'))
        return true;
    int64_t unit = 100000;
    int count = 0;
    while (reader->at < reader->end && lt_ascii_is_digit(*reader->at) && count < FRACTION_DIGITS) {
        *us += (*reader->at++ - '0') * unit;
        unit /= 10;
        count++;
    }
    return count > 0;
}

/* In "INTERVAL '...' FIELD TO FIELD" what is between the quotes; the fields must be the type's. */
static bool unwrap(struct reader *reader, const char *first, const char *last, int *sign)
{
    if (!take_word(reader, "INTERVAL"))
        return true;
    if (!take_blanks(reader, 1))
        return false;
    take_sign(reader, sign);
    if (!take(reader, '\''))
        return false;
    struct reader value = *reader;
    const char *quote = memchr(reader->at, '\'', (size_t)(reader->end - reader->at));
    if (quote == NULL)
        return false;
    value.end = quote;
    reader->at = quote + 1;
    bool fits = take_blanks(reader, 1) && take_word(reader, first);
    if (fits && first != last)
        fits = take_blanks(reader, 1) && take_word(reader, "TO") && take_blanks(reader, 1) &&
               take_word(reader, last);
    fits = fits && reader->at == reader->end;
    *reader = value;
    return fits;
}

static enum lt_interval_parsed parse_one_field(struct reader *reader, int field, int sign,
                                               int64_t *out)
{
    int64_t number, fraction_us = 0;
    if (!take_digits(reader, fields[field].digits, &number) ||
        (field == LT_INTERVAL_SECOND && !take_fraction(reader, &fraction_us)) ||
        reader->at != reader->end)
        return LT_INTERVAL_UNMATCHED;
    if (field != LT_INTERVAL_SECOND) {
        *out = (int64_t)((uint64_t)(sign * number) * (uint64_t)fields[field].us);
        return LT_INTERVAL_PARSED;
    }
    if (number > INT64_MAX / US_PER_S ||
        __builtin_add_overflow(sign * number * US_PER_S, sign * fraction_us, out))
        return LT_INTERVAL_OUT_OF_RANGE;
    return LT_INTERVAL_PARSED;
}

static enum lt_interval_parsed add_field(int64_t number, int field, bool is_first, int sign,
                                         int64_t *sum)
{
    int64_t us;
    if (number > INT64_MAX / fields[field].us || (!is_first && number >= fields[field].limit))
        return LT_INTERVAL_OUT_OF_RANGE;
    us = number * fields[field].us;
    return __builtin_add_overflow(*sum, sign * us, sum) ? LT_INTERVAL_OVERFLOW : LT_INTERVAL_PARSED;
}

static enum lt_interval_parsed parse_day_time(const struct lt_type *type, struct reader *reader,
                                              int sign, int64_t *out)
{
    int first = type->interval_start, last = type->interval_end;
    if (first == last)
        return parse_one_field(reader, first, sign, out);
    int64_t numbers[FIELD_COUNT], fraction_us = 0;
    for (int field = first; field <= last; field++) {
        if (field > first && !take(reader, field == LT_INTERVAL_HOUR ? ' ' : ':'))
            return LT_INTERVAL_UNMATCHED;
        if (!take_digits(reader, field == first ? fields[field].digits : 2, &numbers[field]))
            return LT_INTERVAL_UNMATCHED;
    }
    if ((last == LT_INTERVAL_SECOND && !take_fraction(reader, &fraction_us)) ||
        reader->at != reader->end)
        return LT_INTERVAL_UNMATCHED;
    int64_t sum = sign * fraction_us;
    for (int field = last; field >= first; field--) {
        enum lt_interval_parsed parsed =
            add_field(numbers[field], field, field == first, sign, &sum);
        if (parsed != LT_INTERVAL_PARSED)
            return parsed;
    }
    *out = sum;
    return LT_INTERVAL_PARSED;
}

static enum lt_interval_parsed parse_year_month(const struct lt_type *type, struct reader *reader,
                                                int sign, int64_t *out)
{
    int64_t years = 0, months = 0;
    bool is_range = type->interval_start != type->interval_end;
    bool is_month = type->interval_start == LT_INTERVAL_MONTH;
    if (!take_digits(reader, INT32_MAX, is_month ? &months : &years) ||
        (is_range && (!take(reader, '-') || !take_digits(reader, INT32_MAX, &months))) ||
        reader->at != reader->end)
        return LT_INTERVAL_UNMATCHED;
    if ((is_range && months > 11) || years > INT32_MAX || months > (int64_t)INT32_MAX + 1)
        return LT_INTERVAL_OUT_OF_RANGE;
    int64_t all = sign * (years * MONTHS_PER_YEAR + months);
    *out = all;
    return all == (int32_t)all ? LT_INTERVAL_PARSED : LT_INTERVAL_OUT_OF_RANGE;
}

enum lt_interval_parsed lt_interval_parse(const struct lt_type *type, const void *text,
                                          size_t size_bytes, union lt_value *out)
{
    bool is_day_time = type->kind == LT_TYPE_INTERVAL_DAY_TIME;
    lt_assert(is_day_time || type->kind == LT_TYPE_INTERVAL_YEAR_MONTH);
    static const char *const months[] = {"YEAR", "MONTH"};
    const char *first =
        is_day_time ? fields[type->interval_start].name : months[type->interval_start];
    const char *last = is_day_time ? fields[type->interval_end].name : months[type->interval_end];
    struct reader reader = trimmed(text, size_bytes);
    int sign = 1;
    if (!unwrap(&reader, first, last, &sign))
        return LT_INTERVAL_UNMATCHED;
    take_sign(&reader, &sign);
    int64_t number;
    enum lt_interval_parsed parsed = is_day_time ? parse_day_time(type, &reader, sign, &number)
                                                 : parse_year_month(type, &reader, sign, &number);
    if (parsed == LT_INTERVAL_PARSED)
        out->i64 = number;
    return parsed;
}

const char *lt_interval_condition(enum lt_interval_parsed parsed)
{
    static const char *const conditions[] = {
        [LT_INTERVAL_PARSED] = NULL,
        [LT_INTERVAL_UNMATCHED] = "UNMATCHED_FORMAT_STRING",
        [LT_INTERVAL_OUT_OF_RANGE] = "INTERVAL_PARSING",
        [LT_INTERVAL_OVERFLOW] = "ARITHMETIC_EXCEPTION",
        [LT_INTERVAL_EMPTY] = "INPUT_IS_EMPTY",
        [LT_INTERVAL_BAD_PREFIX] = "INVALID_PREFIX",
        [LT_INTERVAL_NO_NUMBER] = "UNRECOGNIZED_NUMBER",
        [LT_INTERVAL_MISSING_NUMBER] = "MISSING_NUMBER",
        [LT_INTERVAL_BAD_VALUE] = "INVALID_VALUE",
        [LT_INTERVAL_BAD_PRECISION] = "INVALID_PRECISION",
        [LT_INTERVAL_BAD_FRACTION] = "INVALID_FRACTION",
        [LT_INTERVAL_BAD_UNIT] = "INVALID_UNIT",
        [LT_INTERVAL_MISSING_UNIT] = "MISSING_UNIT",
    };
    return conditions[parsed];
}

/* The number and the fraction of one unit. */
struct amount {
    int64_t number, fraction_us;
    bool has_fraction;
};

static enum lt_interval_parsed take_amount_fraction(struct reader *reader, bool is_fraction_alone,
                                                    struct amount *amount)
{
    int64_t unit = 100000;
    int count = 0;
    amount->has_fraction = true;
    while (reader->at < reader->end && lt_ascii_is_digit(*reader->at)) {
        if (count == FRACTION_DIGITS)
            return LT_INTERVAL_BAD_PRECISION;
        amount->fraction_us += (*reader->at++ - '0') * unit;
        unit /= 10;
        count++;
    }
    if (reader->at == reader->end)
        return LT_INTERVAL_MISSING_UNIT;
    bool is_ended = lt_ascii_is_blank(*reader->at) && (count > 0 || !is_fraction_alone);
    return is_ended ? LT_INTERVAL_PARSED : LT_INTERVAL_BAD_VALUE;
}

static enum lt_interval_parsed take_amount(struct reader *reader, struct amount *amount)
{
    *amount = (struct amount){.number = 0};
    bool is_negative = take(reader, '-');
    bool has_sign = is_negative || take(reader, '+');
    bool is_fraction_alone = !has_sign && take(reader, '.');
    if (!has_sign && !is_fraction_alone && !lt_ascii_is_digit(*reader->at))
        return LT_INTERVAL_NO_NUMBER;
    (void)take_blanks(reader, 0);
    if (reader->at == reader->end)
        return has_sign ? LT_INTERVAL_MISSING_NUMBER : LT_INTERVAL_MISSING_UNIT;
    while (!is_fraction_alone && reader->at < reader->end && lt_ascii_is_digit(*reader->at)) {
        if (__builtin_mul_overflow(amount->number, 10, &amount->number) ||
            __builtin_add_overflow(amount->number, *reader->at - '0', &amount->number))
            return LT_INTERVAL_OVERFLOW;
        reader->at++;
    }
    enum lt_interval_parsed parsed = LT_INTERVAL_PARSED;
    if (is_fraction_alone || take(reader, '.'))
        parsed = take_amount_fraction(reader, is_fraction_alone, amount);
    else if (reader->at == reader->end)
        parsed = LT_INTERVAL_MISSING_UNIT;
    else if (!lt_ascii_is_blank(*reader->at))
        parsed = LT_INTERVAL_BAD_VALUE;
    if (is_negative) {
        amount->number = -amount->number;
        amount->fraction_us = -amount->fraction_us;
    }
    return parsed;
}

static bool add_32(int32_t *sum, int64_t number, int64_t factor)
{
    int64_t product, all;
    if (__builtin_mul_overflow(number, factor, &product) ||
        __builtin_add_overflow(product, *sum, &all) || all != (int32_t)all)
        return false;
    *sum = (int32_t)all;
    return true;
}

static bool add_64(int64_t *sum, int64_t number, int64_t factor, int64_t more)
{
    int64_t product;
    return !__builtin_mul_overflow(number, factor, &product) &&
           !__builtin_add_overflow(*sum, product, sum) && !__builtin_add_overflow(*sum, more, sum);
}

static const struct {
    const char *name;
    int64_t months, days, us;
} units[] = {
    {"year", 12, 0, 0},         {"week", 0, 7, 0},           {"day", 0, 1, 0},
    {"hour", 0, 0, 3600000000}, {"second", 0, 0, 1000000},   {"month", 1, 0, 0},
    {"minute", 0, 0, 60000000}, {"millisecond", 0, 0, 1000}, {"microsecond", 0, 0, 1},
};

static enum lt_interval_parsed take_unit(struct reader *reader, const struct amount *amount,
                                         struct lt_calendar_interval *sum)
{
    if (amount->has_fraction && lt_ascii_lower(*reader->at) != 's')
        return LT_INTERVAL_BAD_FRACTION;
    size_t i = 0;
    while (i < sizeof(units) / sizeof(units[0]) && !take_word(reader, units[i].name))
        i++;
    if (i == sizeof(units) / sizeof(units[0]))
        return LT_INTERVAL_BAD_UNIT;
    bool fits = units[i].months != 0 ? add_32(&sum->months, amount->number, units[i].months)
                : units[i].days != 0
                    ? add_32(&sum->days, amount->number, units[i].days)
                    : add_64(&sum->microseconds, amount->number, units[i].us, amount->fraction_us);
    if (!fits)
        return LT_INTERVAL_OVERFLOW;
    if (!take(reader, 's'))
        (void)take(reader, 'S');
    bool is_ended = reader->at == reader->end || take_blanks(reader, 1);
    return is_ended ? LT_INTERVAL_PARSED : LT_INTERVAL_BAD_UNIT;
}

enum lt_interval_parsed lt_interval_parse_units(const void *text, size_t size_bytes,
                                                struct lt_calendar_interval *out)
{
    struct reader reader = trimmed(text, size_bytes);
    struct lt_calendar_interval sum = {.months = 0};
    if (reader.at == reader.end)
        return LT_INTERVAL_EMPTY;
    if (take_word(&reader, "interval")) {
        if (reader.at == reader.end)
            return LT_INTERVAL_EMPTY;
        if (!take_blanks(&reader, 1))
            return LT_INTERVAL_BAD_PREFIX;
    }
    while (reader.at < reader.end) {
        struct amount amount;
        enum lt_interval_parsed parsed = take_amount(&reader, &amount);
        if (parsed != LT_INTERVAL_PARSED)
            return parsed;
        (void)take_blanks(&reader, 0);
        parsed =
            reader.at == reader.end ? LT_INTERVAL_MISSING_UNIT : take_unit(&reader, &amount, &sum);
        if (parsed != LT_INTERVAL_PARSED)
            return parsed;
    }
    *out = sum;
    return LT_INTERVAL_PARSED;
}
