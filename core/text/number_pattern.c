/*
 * Reads the patterns of Java's DecimalFormat. A pattern is a prefix, digits and a suffix, then
 * after a semicolon the same for negative numbers, of which only prefix and suffix count.
 */
#include "core/text/number_pattern.h"

#include "core/text/number_affix.h"

enum { WHOLE_MAX = INT32_MAX };

struct reader {
    const char *at, *end;
    uint32_t multiplier_places; /* of the part being read */
};

/* The digits of a part, counted as Java counts them. */
struct digits {
    uint32_t left, zeros, right; /* # before the zeros, zeros, # after them */
    int64_t point;               /* digits before it; -1: there is none */
    int64_t group;               /* digits since the last comma; -1: there is none */
    bool has_exponent;
    uint32_t exponent_min;
};

struct lt_number_pattern lt_number_pattern_places(uint32_t places)
{
    return (struct lt_number_pattern){.whole_min = 1,
                                      .whole_max = WHOLE_MAX,
                                      .fraction_min = places,
                                      .fraction_max = places,
                                      .group_size = 3};
}

/* Goes to the first character of the affix that is a digit's or the semicolon, or to the end. False
 * when it may not stand in an affix. */
static bool read_affix(struct reader *r)
{
    struct lt_number_affix affix = {.begin = r->at, .end = r->end};
    bool is_quoted = false;
    for (; r->at < r->end; r->at = affix.begin) {
        if (!is_quoted && (*r->at == ';' || lt_number_affix_is_digit(*r->at)))
            return true;
        int piece = lt_number_affix_next(&affix, &is_quoted);
        if (piece != LT_NUMBER_AFFIX_PERCENT && piece != LT_NUMBER_AFFIX_PER_MILLE)
            continue;
        if (r->multiplier_places != 0)
            return false;
        r->multiplier_places = piece == LT_NUMBER_AFFIX_PERCENT ? 2 : 3;
    }
    return !is_quoted;
}

static bool read_exponent(struct reader *r, struct digits *digits)
{
    digits->has_exponent = true;
    for (r->at++; r->at < r->end && *r->at == '0'; r->at++)
        digits->exponent_min++;
    return digits->left + digits->zeros >= 1 && digits->exponent_min >= 1;
}

/* Takes one character of the digits; false when it may not stand there. */
static bool read_digit(struct digits *digits, char c)
{
    if (c == ',') {
        digits->group = 0;
        return true;
    }
    if (c == '.') {
        bool is_first = digits->point < 0;
        digits->point = (int64_t)digits->left + digits->zeros + digits->right;
        return is_first;
    }
    if (digits->group >= 0 && digits->point < 0)
        digits->group++;
    if (c == '0') {
        digits->zeros++;
        return digits->right == 0;
    }
    if (digits->zeros > 0)
        digits->right++;
    else
        digits->left++;
    return true;
}

/* The digits, with what Java makes of a pattern that has no zero: `##.##` is `#0.##`. */
static bool read_digits(struct reader *r, struct digits *digits)
{
    for (; r->at < r->end && lt_number_affix_is_digit(*r->at); r->at++)
        if (!read_digit(digits, *r->at))
            return false;
    return r->at == r->end || *r->at != 'E' || (!digits->has_exponent && read_exponent(r, digits));
}

static bool complete(struct digits *digits)
{
    if (digits->zeros == 0 && digits->left > 0 && digits->point >= 0) {
        uint32_t before = digits->point == 0 ? 1 : (uint32_t)digits->point;
        digits->right = digits->left - before;
        digits->left = before - 1;
        digits->zeros = 1;
    }
    if (digits->group == 0)
        return false;
    if (digits->point < 0)
        return digits->right == 0;
    return digits->point >= digits->left && digits->point <= (int64_t)digits->left + digits->zeros;
}

static void apply(const struct digits *digits, struct lt_number_pattern *out)
{
    uint32_t total = digits->left + digits->zeros + digits->right;
    uint32_t point = digits->point < 0 ? total : (uint32_t)digits->point;
    out->whole_min = point - digits->left;
    out->whole_max = digits->has_exponent ? digits->left + out->whole_min : WHOLE_MAX;
    out->fraction_max = total - point;
    out->fraction_min = digits->point < 0 ? 0 : digits->left + digits->zeros - point;
    out->group_size = digits->group > 0 ? (uint32_t)digits->group : 0;
    out->is_point_shown = digits->point == 0 || digits->point == total;
    out->has_exponent = digits->has_exponent;
    out->exponent_min = digits->exponent_min;
}

static bool read_positive(struct reader *r, struct lt_number_pattern *out)
{
    struct digits digits = {.point = -1, .group = -1};
    out->prefix.begin = r->at;
    if (!read_affix(r) || (r->at < r->end && *r->at == ';'))
        return false;
    out->prefix.end = r->at;
    if (!read_digits(r, &digits))
        return false;
    out->suffix.begin = r->at;
    /* More digits may stand in the suffix; they count, and are not printed. */
    while (r->at < r->end && *r->at != ';') {
        if (lt_number_affix_is_digit(*r->at) ? !read_digits(r, &digits) : !read_affix(r))
            return false;
    }
    out->suffix.end = r->at;
    out->multiplier_places = r->multiplier_places;
    if (!complete(&digits))
        return false;
    apply(&digits, out);
    return true;
}

static void skip_digits(struct reader *r)
{
    while (r->at < r->end && (lt_number_affix_is_digit(*r->at) || *r->at == 'E'))
        r->at++;
}

static bool read_negative(struct reader *r, struct lt_number_pattern *out)
{
    r->multiplier_places = 0;
    out->negative_prefix = (struct lt_number_affix){.begin = r->at, .is_negative = true};
    if (!read_affix(r))
        return false;
    out->negative_prefix.end = r->at;
    out->negative_suffix =
        (struct lt_number_affix){.begin = r->at, .end = r->end, .is_negative = true};
    while (r->at < r->end && *r->at != ';') {
        if (lt_number_affix_is_digit(*r->at))
            skip_digits(r);
        else if (!read_affix(r))
            return false;
    }
    return r->at == r->end; /* no third part */
}

enum lt_number_result lt_number_pattern_parse(const void *data, size_t size_bytes,
                                              struct lt_number_pattern *out)
{
    *out = lt_number_pattern_places(0);
    if (size_bytes == 0)
        return LT_NUMBER_OK;
    struct reader r = {.at = data, .end = (const char *)data + size_bytes};
    if (!read_positive(&r, out))
        return LT_NUMBER_INVALID;
    if (r.end - r.at == 1) /* nothing behind the semicolon is no second part */
        return LT_NUMBER_OK;
    /* Without a second part Java reads the first one again in its place. It finds the same, but for
     * more than one exponent. */
    r.at = r.at == r.end ? (const char *)data : r.at + 1;
    if (!read_negative(&r, out))
        return LT_NUMBER_INVALID;
    /* The same as for positive numbers tells nothing apart. */
    out->has_negative = !lt_number_affix_equal(out->prefix, out->negative_prefix) ||
                        !lt_number_affix_equal(out->suffix, out->negative_suffix);
    return LT_NUMBER_OK;
}
