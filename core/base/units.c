/*
 * Numbers with units. A number is read as whole part and fraction in integers and scaled exactly: a
 * value that does not fit 64 bits, or that is finer than the result's unit, is an error and never
 * rounded. Floating point serves only to print.
 *
 * Durations follow Spark's interval text: an optional word "interval", then pairs of number and
 * unit that are summed. The short units of Spark's configuration ("5m" is minutes) are understood
 * too.
 */
#include "core/base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/base/nearest.h"

struct unit {
    const char *name;
    int64_t factor;
};

#define MINUTE_NS (60 * (int64_t)LT_NS_PER_S)
#define HOUR_NS (60 * MINUTE_NS)
#define DAY_NS (24 * HOUR_NS)

static const struct unit duration_units[] = {
    {"ns", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
    {"us", LT_NS_PER_US},
    {"\xc2\xb5s", LT_NS_PER_US}, /* micro sign */
    {"\xce\xbcs", LT_NS_PER_US}, /* Greek mu */
    {"microsecond", LT_NS_PER_US},
    {"microseconds", LT_NS_PER_US},
    {"ms", LT_NS_PER_MS},
    {"millisecond", LT_NS_PER_MS},
    {"milliseconds", LT_NS_PER_MS},
    {"s", LT_NS_PER_S},
    {"sec", LT_NS_PER_S},
    {"second", LT_NS_PER_S},
    {"seconds", LT_NS_PER_S},
    {"m", MINUTE_NS},
    {"min", MINUTE_NS},
    {"minute", MINUTE_NS},
    {"minutes", MINUTE_NS},
    {"h", HOUR_NS},
    {"hour", HOUR_NS},
    {"hours", HOUR_NS},
    {"d", DAY_NS},
    {"day", DAY_NS},
    {"days", DAY_NS},
    {"week", 7 * DAY_NS},
    {"weeks", 7 * DAY_NS},
    /* Of delays alone, as Spark counts them there. */
    {"month", 31 * DAY_NS},
    {"months", 31 * DAY_NS},
    {"year", 12 * 31 * DAY_NS},
    {"years", 12 * 31 * DAY_NS},
};

static const struct unit size_units[] = {
    {"b", 1},
    {"byte", 1},
    {"bytes", 1},
    {"k", INT64_C(1) << 10},
    {"kb", INT64_C(1) << 10},
    {"kib", INT64_C(1) << 10},
    {"m", INT64_C(1) << 20},
    {"mb", INT64_C(1) << 20},
    {"mib", INT64_C(1) << 20},
    {"g", INT64_C(1) << 30},
    {"gb", INT64_C(1) << 30},
    {"gib", INT64_C(1) << 30},
    {"t", INT64_C(1) << 40},
    {"tb", INT64_C(1) << 40},
    {"tib", INT64_C(1) << 40},
    {"p", INT64_C(1) << 50},
    {"pb", INT64_C(1) << 50},
    {"pib", INT64_C(1) << 50},
};

enum {
    UNIT_COUNT_MAX = 32,
    MONTH_UNITS = 4, /* the last ones of durations */
    UNIT_SIZE_MAX = 24,
    FRACTION_DIGITS_MAX = 18, /* 10^18 fits 64 bits */
};
_Static_assert(sizeof duration_units / sizeof *duration_units <= UNIT_COUNT_MAX, "names must fit");
_Static_assert(sizeof size_units / sizeof *size_units <= UNIT_COUNT_MAX, "names must fit");

/* A kind of quantity: how it is called in errors, and its units. */
struct quantity {
    const char *name;
    const struct unit *units;
    size_t unit_count;
    const char *example; /* for the hint */
};

static const struct quantity duration_quantity = {
    "duration",
    duration_units,
    sizeof duration_units / sizeof *duration_units - MONTH_UNITS,
    "\"10ms\", \"1s\" or \"2 minutes\"",
};
static const struct quantity delay_quantity = {
    "duration",
    duration_units,
    sizeof duration_units / sizeof *duration_units,
    "\"10ms\", \"1s\" or \"2 minutes\"",
};
static const struct quantity size_quantity = {
    "size",
    size_units,
    sizeof size_units / sizeof *size_units,
    "\"64k\", \"16 MiB\" or \"1g\"",
};

/* whole + fraction / fraction_scale */
struct decimal {
    bool negative;
    bool too_large;
    int64_t whole;
    int64_t fraction;
    int64_t fraction_scale;
};

static void skip_blanks(const char **at)
{
    while (lt_ascii_is_blank(**at))
        (*at)++;
}

/* Reads a number at `*at`. Returns false when there is none, or more digits after the point than
 * count. */
static bool read_decimal(const char **at, struct decimal *out)
{
    *out = (struct decimal){.fraction_scale = 1};
    const char *c = *at;
    if (*c == '-' || *c == '+')
        out->negative = *c++ == '-';
    if (!lt_ascii_is_digit(*c))
        return false;
    for (; lt_ascii_is_digit(*c); c++) {
        if (__builtin_mul_overflow(out->whole, 10, &out->whole) ||
            __builtin_add_overflow(out->whole, *c - '0', &out->whole))
            out->too_large = true;
    }
    if (*c == '.') {
        const char *first = ++c;
        for (; lt_ascii_is_digit(*c) && c - first < FRACTION_DIGITS_MAX; c++) {
            out->fraction = out->fraction * 10 + (*c - '0');
            out->fraction_scale *= 10;
        }
        if (c == first || lt_ascii_is_digit(*c))
            return false;
    }
    *at = c;
    return true;
}

enum scale_result { SCALED, TOO_LARGE, TOO_FINE };

/* number * factor, if it is a whole number that fits. */
static enum scale_result scale(const struct decimal *number, int64_t factor, int64_t *out)
{
    __int128 fraction = (__int128)number->fraction * factor;
    if (fraction % number->fraction_scale != 0)
        return TOO_FINE;
    int64_t small = (int64_t)(fraction / number->fraction_scale); /* below `factor` */
    int64_t large;
    if (number->too_large || __builtin_mul_overflow(number->whole, factor, &large) ||
        __builtin_add_overflow(large, small, &large))
        return TOO_LARGE;
    *out = number->negative ? -large : large;
    return SCALED;
}

/* Reads the letters of a unit; bytes from 0x80 up belong to the micro sign. Returns false if it is
 * longer than any unit is. */
static bool read_word(const char **at, char word[UNIT_SIZE_MAX])
{
    size_t size_bytes = 0;
    for (; lt_ascii_is_letter(**at) || (unsigned char)**at >= 0x80; (*at)++) {
        if (size_bytes + 1 == UNIT_SIZE_MAX)
            return false;
        word[size_bytes++] = lt_ascii_lower(**at);
    }
    word[size_bytes] = '\0';
    return true;
}

static const struct unit *find_unit(const struct quantity *quantity, const char *word)
{
    for (size_t i = 0; i < quantity->unit_count; i++) {
        if (lt_ascii_compare(quantity->units[i].name, word) == 0)
            return &quantity->units[i];
    }
    return NULL;
}

static int fail_syntax(const struct quantity *quantity, const char *text, struct lt_error *error)
{
    return lt_error_set(error, LT_E_INVALID, "\"%s\" is not a %s; hint: write it as %s", text,
                        quantity->name, quantity->example);
}

static int fail_unit(const struct quantity *quantity, const char *text, const char *word,
                     struct lt_error *error)
{
    const char *names[UNIT_COUNT_MAX];
    for (size_t i = 0; i < quantity->unit_count; i++)
        names[i] = quantity->units[i].name;
    const char *near = lt_nearest(word, names, quantity->unit_count);
    if (near == NULL)
        return lt_error_set(error, LT_E_INVALID,
                            "%s \"%s\" has the unknown unit \"%s\"; hint: write it as %s",
                            quantity->name, text, word, quantity->example);
    return lt_error_set(error, LT_E_INVALID,
                        "%s \"%s\" has the unknown unit \"%s\"; hint: did you mean \"%s\"?",
                        quantity->name, text, word, near);
}

static bool is_month_or_year(const char *word)
{
    return strcmp(word, "month") == 0 || strcmp(word, "months") == 0 || strcmp(word, "year") == 0 ||
           strcmp(word, "years") == 0;
}

/* Reads one pair of number and unit and adds it to `*sum`. `bare_factor` is the factor of a number
 * that has no unit, 0 to refuse one. */
static int read_part(const struct quantity *quantity, const char *text, const char **at,
                     int64_t bare_factor, int64_t *sum, struct lt_error *error)
{
    struct decimal number;
    char word[UNIT_SIZE_MAX];
    if (!read_decimal(at, &number))
        return fail_syntax(quantity, text, error);
    skip_blanks(at);
    if (!read_word(at, word))
        return fail_syntax(quantity, text, error);
    int64_t factor = bare_factor;
    if (word[0] != '\0') {
        const struct unit *unit = find_unit(quantity, word);
        if (unit == NULL && is_month_or_year(word) && quantity == &duration_quantity)
            return lt_error_set(error, LT_E_INVALID, "Doesn't support month or year interval: %s",
                                text);
        if (unit == NULL)
            return fail_unit(quantity, text, word, error);
        factor = unit->factor;
    } else if (factor == 0 || **at != '\0') {
        return lt_error_set(error, LT_E_INVALID, "%s \"%s\" has no unit; hint: write it as %s",
                            quantity->name, text, quantity->example);
    }
    int64_t value = 0;
    enum scale_result result = scale(&number, factor, &value);
    if (result == SCALED && __builtin_add_overflow(*sum, value, sum))
        result = TOO_LARGE;
    if (result == TOO_LARGE)
        return lt_error_set(error, LT_E_INVALID, "%s \"%s\" does not fit 64 bits", quantity->name,
                            text);
    if (result == TOO_FINE)
        return lt_error_set(error, LT_E_INVALID, "%s \"%s\" is no whole number of %s",
                            quantity->name, text,
                            quantity == &size_quantity ? "bytes" : "nanoseconds");
    return 0;
}

static int refuse_negative(const struct quantity *quantity, const char *text, int64_t value,
                           struct lt_error *error)
{
    if (value >= 0)
        return 0;
    return lt_error_set(error, LT_E_INVALID, "%s \"%s\" is negative", quantity->name, text);
}

static int parse_ns(const struct quantity *quantity, const char *text, int64_t bare_unit_ns,
                    int64_t *out_ns, struct lt_error *error)
{
    const char *at = text;
    skip_blanks(&at);
    if (lt_ascii_starts_with(at, "interval") && lt_ascii_is_blank(at[strlen("interval")])) {
        at += strlen("interval");
        skip_blanks(&at);
    }
    int64_t sum = 0;
    int64_t bare_factor = bare_unit_ns;
    do {
        int code = read_part(quantity, text, &at, bare_factor, &sum, error);
        if (code < 0)
            return code;
        bare_factor = 0; /* only a number that stands alone may be bare */
        skip_blanks(&at);
    } while (*at != '\0');
    int code = refuse_negative(quantity, text, sum, error);
    if (code == 0)
        *out_ns = sum;
    return code;
}

int lt_units_parse_duration_ns(const char *text, int64_t bare_unit_ns, int64_t *out_ns,
                               struct lt_error *error)
{
    return parse_ns(&duration_quantity, text, bare_unit_ns, out_ns, error);
}

int lt_units_parse_delay_ns(const char *text, int64_t *out_ns, struct lt_error *error)
{
    return parse_ns(&delay_quantity, text, 0, out_ns, error);
}

int lt_units_parse_size(const char *text, int64_t *out_bytes, struct lt_error *error)
{
    const char *at = text;
    skip_blanks(&at);
    int64_t sum = 0;
    int code = read_part(&size_quantity, text, &at, 1, &sum, error);
    if (code < 0)
        return code;
    skip_blanks(&at);
    if (*at != '\0')
        return fail_syntax(&size_quantity, text, error);
    code = refuse_negative(&size_quantity, text, sum, error);
    if (code == 0)
        *out_bytes = sum;
    return code;
}

int lt_units_parse_i64(const char *text, int64_t *out, struct lt_error *error)
{
    const char *at = text;
    skip_blanks(&at);
    const char *first = at;
    if (*at == '-' || *at == '+')
        at++;
    bool digits = lt_ascii_is_digit(*at);
    while (lt_ascii_is_digit(*at))
        at++;
    skip_blanks(&at);
    if (!digits || *at != '\0')
        return lt_error_set(error, LT_E_INVALID, "\"%s\" is not a whole number", text);
    errno = 0;
    long long value = strtoll(first, NULL, 10);
    if (errno == ERANGE)
        return lt_error_set(error, LT_E_INVALID, "number \"%s\" does not fit 64 bits", text);
    *out = value;
    return 0;
}

int lt_units_parse_bool(const char *text, bool *out, struct lt_error *error)
{
    bool is_true = lt_ascii_compare(text, "true") == 0;
    if (!is_true && lt_ascii_compare(text, "false") != 0)
        return lt_error_set(error, LT_E_INVALID, "\"%s\" is neither \"true\" nor \"false\"", text);
    *out = is_true;
    return 0;
}

/* Reads a CPU number, or returns -1. The bound keeps ranges such as "0-4000000000" from running
 * long. */
static int read_cpu(const char **at)
{
    enum { CPU_MAX = 65535 };
    int cpu = 0;
    if (!lt_ascii_is_digit(**at))
        return -1;
    for (; lt_ascii_is_digit(**at); (*at)++) {
        cpu = cpu * 10 + (**at - '0');
        if (cpu > CPU_MAX)
            return -1;
    }
    return cpu;
}

static int add_cpu(const char *text, int cpu, int *cpus, int count, int capacity,
                   struct lt_error *error)
{
    for (int i = 0; i < count; i++) {
        if (cpus[i] == cpu)
            return lt_error_set(error, LT_E_INVALID, "cpu list \"%s\" names cpu %d twice", text,
                                cpu);
    }
    if (count == capacity)
        return lt_error_set(error, LT_E_LIMIT, "cpu list \"%s\" names more than %d cpus", text,
                            capacity);
    cpus[count] = cpu;
    return count + 1;
}

static int fail_cpus(const char *text, struct lt_error *error)
{
    return lt_error_set(error, LT_E_INVALID,
                        "\"%s\" is not a cpu list; hint: write it as \"2,4-6\"", text);
}

int lt_units_parse_cpus(const char *text, int *cpus, int capacity, struct lt_error *error)
{
    const char *at = text;
    int count = 0;
    for (;;) {
        skip_blanks(&at);
        int first = read_cpu(&at);
        int last = first;
        if (first >= 0 && *at == '-') {
            at++;
            last = read_cpu(&at);
        }
        if (first < 0 || last < first)
            return fail_cpus(text, error);
        for (int cpu = first; cpu <= last; cpu++) {
            count = add_cpu(text, cpu, cpus, count, capacity, error);
            if (count < 0)
                return count;
        }
        skip_blanks(&at);
        if (*at == '\0')
            return count;
        if (*at++ != ',')
            return fail_cpus(text, error);
    }
}

/* Prints a value >= 0 with `decimals` digits, by integers, since printf's point follows the locale.
 */
static void print_fixed(double value, int decimals, const char *unit, char out[LT_UNITS_TEXT_SIZE])
{
    static const int64_t powers[] = {1, 10, 100};
    int64_t power = powers[decimals];
    int64_t scaled = (int64_t)(value * (double)power + 0.5);
    const char *gap = unit[0] != '\0' ? " " : "";
    int size_bytes =
        decimals == 0
            ? snprintf(out, LT_UNITS_TEXT_SIZE, "%lld%s%s", (long long)scaled, gap, unit)
            : snprintf(out, LT_UNITS_TEXT_SIZE, "%lld.%0*lld%s%s", (long long)(scaled / power),
                       decimals, (long long)(scaled % power), gap, unit);
    lt_assert(size_bytes > 0);
    lt_assert(size_bytes < LT_UNITS_TEXT_SIZE);
}

/* Three digits that say something: 1.50, 15.0, 150. The bounds are where rounding adds a digit. */
static void print_three(double value, const char *unit, char out[LT_UNITS_TEXT_SIZE])
{
    print_fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit, out);
}

/* A step of a ladder of units: values below `below` are printed in this unit. */
struct step {
    const char *name;
    double factor;
    double below;
};

static const struct step *find_step(const struct step *steps, size_t count, double value)
{
    for (size_t i = 0; i + 1 < count; i++) {
        if (value / steps[i].factor < steps[i].below)
            return &steps[i];
    }
    return &steps[count - 1];
}

char *lt_units_format_duration(int64_t ns, char out[LT_UNITS_TEXT_SIZE])
{
    static const struct step steps[] = {
        {"ns", 1, 1000},      {"us", 1e3, 999.5},   {"ms", 1e6, 999.5}, {"s", 1e9, 119.5},
        {"min", 60e9, 119.5}, {"h", 3600e9, 47.95}, {"d", 86400e9, 0},
    };
    double value = (double)ns;
    char text[LT_UNITS_TEXT_SIZE];
    if (value < 0)
        value = -value;
    const struct step *step = find_step(steps, sizeof steps / sizeof *steps, value);
    if (step == &steps[0])
        print_fixed(value, 0, step->name, text);
    else
        print_three(value / step->factor, step->name, text);
    int size_bytes = snprintf(out, LT_UNITS_TEXT_SIZE, "%s%s", ns < 0 ? "-" : "", text);
    lt_assert(size_bytes > 0);
    lt_assert(size_bytes < LT_UNITS_TEXT_SIZE);
    return out;
}

/* What no ladder can hold: not a number, negative, or past what 64 bits print. */
static bool print_odd(double value, char out[LT_UNITS_TEXT_SIZE])
{
    if (value >= 0 && value < 9e18)
        return false;
    int size_bytes = snprintf(out, LT_UNITS_TEXT_SIZE, "%s", value >= 9e18 ? "huge" : "?");
    lt_assert(size_bytes > 0);
    return true;
}

char *lt_units_format_count(double count, char out[LT_UNITS_TEXT_SIZE])
{
    static const struct step steps[] = {
        {"", 1, 999.5}, {"k", 1e3, 999.5}, {"M", 1e6, 999.5}, {"G", 1e9, 999.5}, {"T", 1e12, 0},
    };
    if (print_odd(count, out))
        return out;
    const struct step *step = find_step(steps, sizeof steps / sizeof *steps, count);
    bool whole = step == &steps[0] && count == (double)(int64_t)count;
    if (whole)
        print_fixed(count, 0, step->name, out);
    else
        print_three(count / step->factor, step->name, out);
    return out;
}

char *lt_units_format_size(double bytes, char out[LT_UNITS_TEXT_SIZE])
{
    static const struct step steps[] = {
        {"B", 1, 1023.5},         {"KiB", 0x1p10, 1023.95}, {"MiB", 0x1p20, 1023.95},
        {"GiB", 0x1p30, 1023.95}, {"TiB", 0x1p40, 0},
    };
    if (print_odd(bytes, out))
        return out;
    const struct step *step = find_step(steps, sizeof steps / sizeof *steps, bytes);
    print_fixed(bytes / step->factor, step == &steps[0] ? 0 : 1, step->name, out);
    return out;
}
