/*
 * Prints numbers by a pattern. Every number becomes digits and the place of the point among them;
 * these are rounded to what the pattern shows and set.
 *
 * The digits of a double are those of Double.toString. A half among them is rounded to even only
 * when the double is exactly that half; else it goes to the side on which the double is.
 */
#include <math.h>

#include "core/text/number_affix.h"
#include "core/text/number_exact.h"
#include "core/text/number_pattern.h"

enum {
    DIGITS_MAX = 40,
    /* What Java prints of doubles and integers at most, whatever the pattern says. */
    JAVA_WHOLE_MAX = 309,
    JAVA_FRACTION_MAX = 340,
};

/* 0.DIGITS * 10^point; no digits: zero. */
struct digits {
    char digits[DIGITS_MAX];
    uint32_t count;
    int32_t point;
    double exact; /* the double that they stand for; 0: they are exact */
};

struct writer {
    const struct lt_number_pattern *pattern;
    struct lt_number_text out;
    size_t size_bytes;
};

static void put(struct writer *w, char c)
{
    if (w->size_bytes < w->out.capacity)
        w->out.data[w->size_bytes] = c;
    w->size_bytes++;
}

static void put_text(struct writer *w, const char *text)
{
    for (; *text != '\0'; text++)
        put(w, *text);
}

static void put_affix(struct writer *w, struct lt_number_affix affix)
{
    bool is_quoted = false;
    for (;;) {
        int piece = lt_number_affix_next_printed(&affix, &is_quoted);
        switch (piece) {
        case LT_NUMBER_AFFIX_NONE:
            return;
        case LT_NUMBER_AFFIX_PERCENT:
            put(w, '%');
            break;
        case LT_NUMBER_AFFIX_PER_MILLE:
            put_text(w, "\u2030");
            break;
        case LT_NUMBER_AFFIX_MINUS:
            put(w, '-');
            break;
        case LT_NUMBER_AFFIX_CURRENCY:
            put(w, '$');
            break;
        case LT_NUMBER_AFFIX_CURRENCY_CODE:
            put_text(w, "USD");
            break;
        default:
            put(w, (char)piece);
        }
    }
}

static void put_prefix(struct writer *w, bool is_negative)
{
    if (is_negative && w->pattern->has_negative) {
        put_affix(w, w->pattern->negative_prefix);
        return;
    }
    if (is_negative)
        put(w, '-');
    put_affix(w, w->pattern->prefix);
}

static void put_suffix(struct writer *w, bool is_negative)
{
    bool is_own = is_negative && w->pattern->has_negative;
    put_affix(w, is_own ? w->pattern->negative_suffix : w->pattern->suffix);
}

/* Digits of a plain or exponential text; without the zeros in front. */
static struct digits digits_from(const char *text, size_t size_bytes)
{
    struct digits result = {.count = 0};
    bool has_point = false;
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] == 'E') {
            int64_t exponent = 0;
            enum lt_number_result parsed = lt_number_parse_i64(text + i + 1, size_bytes - i - 1,
                                                               INT16_MIN, INT16_MAX, &exponent);
            lt_assert(parsed == LT_NUMBER_OK);
            result.point += (int32_t)exponent;
            break;
        }
        if (text[i] == '.') {
            has_point = true;
            continue;
        }
        bool is_leading = result.count == 0 && text[i] == '0';
        if (!is_leading)
            result.digits[result.count++] = text[i];
        /* The point moves right with digits before it, left with zeros behind it. */
        if (!has_point && !is_leading)
            result.point++;
        if (has_point && is_leading)
            result.point--;
    }
    return result;
}

static void trim_zeros(struct digits *d)
{
    while (d->count > 0 && d->digits[d->count - 1] == '0')
        d->count--;
}

/* Whether what goes behind the first `keep` digits, which are fewer than there are, adds one. */
static bool rounds_up(const struct digits *d, uint32_t keep)
{
    if (d->digits[keep] != '5' || keep + 1 < d->count)
        return d->digits[keep] >= '5';
    /* Java takes the digits of a whole number that a long holds for inexact, and rounds up. */
    if (d->exact != 0 && d->exact < 0x1p63 && d->exact == floor(d->exact))
        return true;
    if (d->exact != 0) {
        uint64_t number = 0;
        for (uint32_t i = 0; i < d->count; i++)
            number = number * 10 + (uint64_t)(d->digits[i] - '0');
        int order = lt_number_exact_compare(d->exact, number, d->point - (int32_t)d->count);
        if (order != 0)
            return order > 0;
    }
    return keep > 0 && (d->digits[keep - 1] - '0') % 2 != 0;
}

static void round_digits(struct digits *d, int64_t keep)
{
    trim_zeros(d);
    if (keep >= d->count)
        return;
    if (keep < 0) {
        d->count = 0;
        return;
    }
    bool is_up = rounds_up(d, (uint32_t)keep);
    d->count = (uint32_t)keep;
    while (is_up && d->count > 0 && d->digits[d->count - 1] == '9')
        d->count--;
    if (is_up && d->count == 0) {
        d->digits[d->count++] = '1';
        d->point++;
    } else if (is_up) {
        d->digits[d->count - 1]++;
    }
    trim_zeros(d);
}

/* The digit at an index, counted from the point leftwards (0 is the last before it) or, negative,
 * rightwards. */
static char digit_at(const struct digits *d, int64_t place)
{
    int64_t index = d->point - 1 - place;
    return index >= 0 && index < d->count ? d->digits[index] : '0';
}

static void put_plain(struct writer *w, const struct digits *d)
{
    const struct lt_number_pattern *p = w->pattern;
    int64_t whole = p->whole_min;
    if (d->point > whole)
        whole = d->point;
    if (whole > p->whole_max)
        whole = p->whole_max;
    for (int64_t i = whole - 1; i >= 0; i--) {
        put(w, digit_at(d, i));
        if (p->group_size != 0 && i > 0 && i % p->group_size == 0)
            put(w, ',');
    }
    int64_t fraction = (int64_t)d->count - d->point;
    fraction = fraction < p->fraction_min ? p->fraction_min : fraction;
    if (fraction <= 0 && whole == 0)
        put(w, '0');
    if (p->is_point_shown || fraction > 0)
        put(w, '.');
    for (int64_t i = 0; i < fraction; i++)
        put(w, digit_at(d, -1 - i));
}

static void put_exponent(struct writer *w, int64_t exponent)
{
    char text[LT_NUMBER_TEXT_SIZE];
    put_text(w, exponent < 0 ? "E-" : "E");
    size_t count = lt_number_format_i64(exponent < 0 ? -exponent : exponent, text);
    if (exponent == 0) /* Java counts no digits in zero */
        count = 0;
    for (size_t i = count; i < w->pattern->exponent_min; i++)
        put(w, '0');
    for (size_t i = 0; i < count; i++)
        put(w, text[i]);
}

static void put_scientific(struct writer *w, const struct digits *d)
{
    const struct lt_number_pattern *p = w->pattern;
    int64_t exponent = d->point, repeat = p->whole_max, whole_min = p->whole_min;
    if (repeat > 1 && repeat > whole_min) { /* the exponent is a multiple */
        exponent = (exponent >= 1 ? exponent - 1 : exponent - repeat) / repeat * repeat;
        whole_min = 1;
    } else {
        exponent -= whole_min;
    }
    int64_t whole = d->count == 0 ? whole_min : d->point - exponent;
    int64_t total = (int64_t)p->whole_min + p->fraction_min;
    total = total < whole ? whole : total;
    total = total < d->count ? d->count : total;
    for (int64_t i = 0; i < total; i++) {
        if (i == whole)
            put(w, '.');
        put(w, i < d->count ? d->digits[i] : '0');
    }
    if (p->is_point_shown && total == whole)
        put(w, '.');
    put_exponent(w, d->count == 0 ? 0 : exponent);
}

static size_t write(const struct lt_number_pattern *pattern, struct digits *d, bool is_negative,
                    struct lt_number_text out)
{
    struct writer w = {.pattern = pattern, .out = out};
    int64_t keep = pattern->fraction_max;
    keep += pattern->has_exponent ? (int64_t)pattern->whole_max : d->point;
    round_digits(d, keep);
    if (d->count == 0)
        d->point = 0;
    put_prefix(&w, is_negative);
    if (pattern->has_exponent)
        put_scientific(&w, d);
    else
        put_plain(&w, d);
    put_suffix(&w, is_negative);
    return w.size_bytes;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static struct lt_number_pattern limited(const struct lt_number_pattern *pattern)
{
    struct lt_number_pattern result = *pattern;
    result.whole_min = smaller(result.whole_min, JAVA_WHOLE_MAX);
    result.whole_max = smaller(result.whole_max, JAVA_WHOLE_MAX);
    result.fraction_min = smaller(result.fraction_min, JAVA_FRACTION_MAX);
    result.fraction_max = smaller(result.fraction_max, JAVA_FRACTION_MAX);
    return result;
}

size_t lt_number_pattern_write_i64(const struct lt_number_pattern *pattern, int64_t number,
                                   struct lt_number_text out)
{
    char text[LT_NUMBER_TEXT_SIZE];
    size_t size_bytes = lt_number_format_i64(number, text);
    struct digits d = digits_from(text + (number < 0), size_bytes - (number < 0));
    d.point += (int32_t)pattern->multiplier_places;
    struct lt_number_pattern own = limited(pattern);
    return write(&own, &d, number < 0, out);
}

static size_t write_infinity(const struct lt_number_pattern *pattern, bool is_negative,
                             struct lt_number_text out)
{
    struct writer w = {.pattern = pattern, .out = out};
    put_prefix(&w, is_negative);
    put_text(&w, "\u221E");
    put_suffix(&w, is_negative);
    return w.size_bytes;
}

size_t lt_number_pattern_write_double(const struct lt_number_pattern *pattern, double number,
                                      struct lt_number_text out)
{
    if (isnan(number)) {
        struct writer w = {.pattern = pattern, .out = out};
        put_text(&w, "NaN");
        return w.size_bytes;
    }
    if (pattern->multiplier_places != 0)
        number *= pattern->multiplier_places == 2 ? 100.0 : 1000.0;
    bool is_negative = signbit(number);
    if (isinf(number))
        return write_infinity(pattern, is_negative, out);
    char text[LT_NUMBER_TEXT_SIZE];
    size_t size_bytes = lt_number_format_double(fabs(number), text);
    struct digits d = digits_from(text, size_bytes);
    d.exact = fabs(number);
    struct lt_number_pattern own = limited(pattern);
    return write(&own, &d, is_negative, out);
}

size_t lt_number_pattern_write_decimal(const struct lt_number_pattern *pattern,
                                       struct lt_decimal number, struct lt_number_text out)
{
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    bool is_negative = number.unscaled < 0;
    __int128 magnitude = (__int128)lt_decimal_magnitude(number.unscaled);
    size_t size_bytes = lt_number_format_decimal(magnitude, number.scale, text);
    struct digits d = digits_from(text, size_bytes);
    d.point += (int32_t)pattern->multiplier_places;
    return write(pattern, &d, is_negative, out);
}
