/*
 * Formats of numbers: a line with the format of to_char and to_number, which is also a pattern of
 * format_number; then a text, which is read by it, and as a number in every other way.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/text/number_decimal.h"
#include "core/text/number_format.h"
#include "core/text/number_pattern.h"

static const double DOUBLES[] = {0,     -0.0,      0.5,  1.005,     -99.995,
                                 1e300, -4.9e-324, 1e22, 1.0 / 0.0, 0.0 / 0.0};
enum { DOUBLE_COUNT = sizeof DOUBLES / sizeof DOUBLES[0], PATTERN_ROOM = 700 };

static __int128 ends_of_decimals(unsigned index)
{
    __int128 most = 1;
    for (unsigned i = 0; i < LT_DECIMAL_PRECISION_MAX; i++)
        most *= 10;
    return index == 0 ? 0 : index == 1 ? most - 1 : index == 2 ? 1 - most : 12345;
}

static void write_by_format(const struct lt_number_format *format)
{
    char *out = malloc(format->text_size_max);
    for (unsigned i = 0; i < 12; i++) {
        const struct lt_decimal number = {ends_of_decimals(i % 4), i / 4 * 19};
        lt_assert(lt_number_format_write(format, number, out) < format->text_size_max);
    }
    free(out);
}

static void write_by_pattern(const struct lt_number_pattern *pattern)
{
    char *room = malloc(PATTERN_ROOM);
    const struct lt_number_text out = {room, PATTERN_ROOM};
    for (unsigned i = 0; i < DOUBLE_COUNT; i++)
        (void)lt_number_pattern_write_double(pattern, DOUBLES[i], out);
    for (unsigned i = 0; i < 12; i++)
        (void)lt_number_pattern_write_decimal(
            pattern, (struct lt_decimal){ends_of_decimals(i % 4), i / 4 * 19}, out);
    (void)lt_number_pattern_write_i64(pattern, INT64_MIN, out);
    free(room);
}

static void read_otherwise(struct lt_bytes text)
{
    char base[LT_NUMBER_BASE_TEXT_SIZE];
    struct lt_decimal_shape shape;
    __int128 decimal;
    int64_t whole;
    double wide;
    float narrow;
    size_t size;
    (void)!lt_number_parse_i64(text.data, text.size_bytes, INT64_MIN, INT64_MAX, &whole);
    (void)!lt_number_parse_decimal(text.data, text.size_bytes, 38, 18, &decimal);
    (void)!lt_number_parse_decimal(text.data, text.size_bytes, 10, 0, &decimal);
    (void)!lt_number_parse_decimal_literal(text.data, text.size_bytes, &decimal, &shape);
    for (int32_t from = 2; from <= 36; from += 17)
        (void)!lt_number_convert_base(text.data, text.size_bytes,
                                      (struct lt_number_base){from, -16}, base, &size);
    (void)!lt_number_parse_float(text.data, text.size_bytes, &narrow);
    if (lt_number_parse_double(text.data, text.size_bytes, &wide) != LT_NUMBER_OK)
        return;
    char printed[LT_NUMBER_TEXT_SIZE];
    double again;
    size = lt_number_format_double(wide, printed);
    lt_assert(lt_number_parse_double(printed, size, &again) == LT_NUMBER_OK);
    lt_assert(wide == again || (wide != wide && again != again));
    (void)!lt_number_decimal_from_double(wide, (struct lt_decimal_shape){38, 10}, &decimal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct fuzz_input input = {data, data + size_bytes};
    struct lt_bytes line = fuzz_line(&input), text = fuzz_rest(&input);
    struct lt_arena *arena = lt_arena_create();
    struct lt_number_format format;
    struct lt_number_pattern pattern;
    struct lt_error error;
    __int128 number;
    if (lt_number_format_compile(line.data, line.size_bytes, arena, &format, &error) == LT_OK) {
        write_by_format(&format);
        if (format.precision <= LT_DECIMAL_PRECISION_MAX)
            (void)!lt_number_format_read(&format, text.data, text.size_bytes, &number);
    }
    if (lt_number_pattern_parse(line.data, line.size_bytes, &pattern) == LT_NUMBER_OK)
        write_by_pattern(&pattern);
    read_otherwise(text);
    lt_arena_destroy(arena);
    return 0;
}
