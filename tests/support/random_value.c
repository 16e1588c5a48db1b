/*
 * Types, and literals of them, with a liking for their edges.
 */
#include "tests/support/random_expression.h"

#include <string.h>

enum { DEPTH = 2, ELEMENTS = 3 };

uint32_t random_below(struct random_expressions *random, uint32_t limit)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)((random->state * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % limit;
}

/* ---------------------------------------------------------------------------------------- types */

static const struct lt_type *decimal_type(struct random_expressions *random)
{
    static const uint8_t shapes[][2] = {{1, 0},  {3, 1},   {5, 2},  {10, 0},  {18, 4},
                                        {20, 0}, {38, 18}, {38, 0}, {38, 38}, {38, 10}};
    const uint8_t *shape = RANDOM_OF(random, shapes);
    return lt_type_decimal(random->arena, shape[0], shape[1]);
}

static const struct lt_type *interval_type(struct random_expressions *random)
{
    struct lt_type *type = lt_arena_alloc(random->arena, sizeof *type);
    bool is_months = random_below(random, 3) == 0;
    *type = *lt_type_simple(is_months ? LT_TYPE_INTERVAL_YEAR_MONTH : LT_TYPE_INTERVAL_DAY_TIME);
    if (random_below(random, 2) == 0)
        return type;
    type->interval_start = (uint8_t)random_below(random, is_months ? 2 : 4);
    type->interval_end =
        (uint8_t)(type->interval_start +
                  random_below(random, (is_months ? 2U : 4U) - type->interval_start));
    return type;
}

const struct lt_type *random_simple_type(struct random_expressions *random)
{
    static const enum lt_type_kind kinds[] = {
        LT_TYPE_BOOLEAN, LT_TYPE_TINYINT,   LT_TYPE_SMALLINT,
        LT_TYPE_INT,     LT_TYPE_BIGINT,    LT_TYPE_FLOAT,
        LT_TYPE_DOUBLE,  LT_TYPE_STRING,    LT_TYPE_STRING,
        LT_TYPE_BINARY,  LT_TYPE_DATE,      LT_TYPE_INT,
        LT_TYPE_STRING,  LT_TYPE_TIMESTAMP, LT_TYPE_TIMESTAMP_NTZ,
        LT_TYPE_DECIMAL, LT_TYPE_DECIMAL,   LT_TYPE_INTERVAL_DAY_TIME};
    enum lt_type_kind kind = RANDOM_OF(random, kinds);
    return kind == LT_TYPE_DECIMAL             ? decimal_type(random)
           : kind == LT_TYPE_INTERVAL_DAY_TIME ? interval_type(random)
                                               : lt_type_simple(kind);
}

/* Recursion is bounded by `depth`. */
static const struct lt_type *type_of_depth(struct random_expressions *random, unsigned depth)
{
    uint32_t way = depth == 0 ? 9 : random_below(random, 12);
    if (way == 0)
        return lt_type_array(random->arena, type_of_depth(random, depth - 1), true);
    if (way == 1)
        return lt_type_map(random->arena, random_simple_type(random),
                           type_of_depth(random, depth - 1), true);
    if (way == 2) {
        const struct lt_field fields[] = {
            {"a", type_of_depth(random, depth - 1), true, NULL},
            {"b", random_simple_type(random), true, NULL},
        };
        return lt_type_struct(random->arena, fields, 1 + random_below(random, 2));
    }
    return random_simple_type(random);
}

/* Now and then that of a column. */
const struct lt_type *random_type(struct random_expressions *random)
{
    if (random_below(random, 4) == 0)
        return random->schema->fields[random_below(random, random->schema->field_count)].type;
    return type_of_depth(random, DEPTH);
}

/* ------------------------------------------------------------------------------------- literals */

static const char *number_text(struct random_expressions *random, enum lt_type_kind kind)
{
    static const char *const tiny[] = {"0Y", "1Y", "2Y", "127Y", "-128Y"};
    static const char *const small[] = {"0S", "3S", "32767S", "-32768S"};
    static const char *const integer[] = {"0",  "1",  "2",          "3",           "7",
                                          "10", "-1", "2147483647", "-2147483648", "100"};
    static const char *const big[] = {"0L",  "1L",          "7L",
                                      "-5L", "1700000000L", "9223372036854775807L"};
    static const char *const single[] = {
        "0F", "1.5F", "-0.0F", "1e30F", "0.1F", "-3F", "FLOAT('Infinity')"};
    static const char *const wide[] = {"0D",    "0.5D",    "-1.25D",         "1e308D",
                                       "-0.0D", "1e-320D", "123456789.125D", "DOUBLE('NaN')",
                                       "2.5D"};
    switch (kind) {
    case LT_TYPE_TINYINT:
        return RANDOM_OF(random, tiny);
    case LT_TYPE_SMALLINT:
        return RANDOM_OF(random, small);
    case LT_TYPE_INT:
        return RANDOM_OF(random, integer);
    case LT_TYPE_BIGINT:
        return RANDOM_OF(random, big);
    case LT_TYPE_FLOAT:
        return RANDOM_OF(random, single);
    default:
        return RANDOM_OF(random, wide);
    }
}

static const char *text_text(struct random_expressions *random)
{
    static const char *const texts[] = {"''",
                                        "'a'",
                                        "'Spark'",
                                        "'12'",
                                        "' 7 '",
                                        "'a,b,,c'",
                                        "'2024-02-29'",
                                        "'%a_'",
                                        "'é'",
                                        "'UTC'",
                                        "'aBcABC'",
                                        "'{\"a\":1}'",
                                        "'-1.50'",
                                        "'x=1,y=2'",
                                        "'a1b22c333'",
                                        "'日本語'",
                                        "'😀x'",
                                        "'true'",
                                        "'1e3'",
                                        "'0x1F'",
                                        "'SGVsbG8='",
                                        "'  pad '",
                                        "'a\\tb\\nc'",
                                        "'\\\\'",
                                        "'it''s'",
                                        "'NaN'",
                                        "'Infinity'",
                                        "'1 day 2 hours'",
                                        "'ＡＢ'",
                                        "'ß'",
                                        "'ǅ'",
                                        "'.'",
                                        "'1,234.56'",
                                        "'aaa'",
                                        "'2024-02-29 12:34:56.789'",
                                        "'a.b.c'",
                                        "'+5'",
                                        "'１'",
                                        "'\\u0000z'",
                                        "'-'",
                                        "'00012'",
                                        "'99999999999'"};
    return RANDOM_OF(random, texts);
}

static const char *moment_text(struct random_expressions *random, enum lt_type_kind kind)
{
    static const char *const dates[] = {"DATE'1970-01-01'", "DATE'2024-02-29'", "DATE'1582-10-04'",
                                        "DATE'0001-01-01'", "DATE'9999-12-31'", "DATE'2023-12-31'",
                                        "DATE'-0044-03-15'"};
    static const char *const times[] = {
        "TIMESTAMP'2024-03-10 02:30:00'",  "TIMESTAMP'1900-01-01 00:00:00.000001'",
        "TIMESTAMP'2024-11-03 01:30:00'",  "TIMESTAMP'1969-12-31 23:59:59.999999Z'",
        "TIMESTAMP'9999-12-31 23:59:59Z'", "TIMESTAMP'2024-02-29 12:34:56.789+05:30'",
        "TIMESTAMP'0001-01-01 00:00:00Z'"};
    static const char *const locals[] = {"TIMESTAMP_NTZ'2024-12-31 23:59:59.999999'",
                                         "TIMESTAMP_NTZ'1969-12-31 00:00:00'",
                                         "TIMESTAMP_NTZ'2024-03-10 02:30:00'"};
    return kind == LT_TYPE_DATE        ? RANDOM_OF(random, dates)
           : kind == LT_TYPE_TIMESTAMP ? RANDOM_OF(random, times)
                                       : RANDOM_OF(random, locals);
}

static const char *interval_text(struct random_expressions *random, const struct lt_type *type)
{
    static const char *const days[4][4] = {
        {"INTERVAL '1' DAY", "INTERVAL '1 02' DAY TO HOUR", "INTERVAL '-1 02:03' DAY TO MINUTE",
         "INTERVAL '106751991 04:00:54.775807' DAY TO SECOND"},
        {NULL, "INTERVAL -'36' HOUR", "INTERVAL '25:59' HOUR TO MINUTE",
         "INTERVAL '25:00:00.5' HOUR TO SECOND"},
        {NULL, NULL, "INTERVAL '90' MINUTE", "INTERVAL '-1:00.000001' MINUTE TO SECOND"},
        {NULL, NULL, NULL, "INTERVAL '0.123456' SECOND"}};
    static const char *const months[2][2] = {
        {"INTERVAL '-3' YEAR", "INTERVAL '-1-2' YEAR TO MONTH"}, {NULL, "INTERVAL '14' MONTH"}};
    bool is_whole = random_below(random, 3) == 0;
    if (type->kind == LT_TYPE_INTERVAL_YEAR_MONTH)
        return is_whole && type->interval_start != type->interval_end
                   ? "INTERVAL '178956970-7' YEAR TO MONTH"
                   : months[type->interval_start][type->interval_end];
    return is_whole && type->interval_start == 0 && type->interval_end == 3
               ? "INTERVAL '1 02:03:04.5' DAY TO SECOND"
               : days[type->interval_start][type->interval_end];
}

/* As many nines as fit, or a few digits. */
static void decimal_text(struct random_expressions *random, const struct lt_type *type,
                         struct lt_text_buffer *out)
{
    uint32_t whole = (uint32_t)type->precision - type->scale;
    bool is_full = random_below(random, 3) == 0;
    const char *digit = is_full ? "9" : random_below(random, 2) == 0 ? "0" : "5";
    lt_text_append(out, "CAST(");
    lt_text_append(out, random_below(random, 3) == 0 ? "-" : "");
    lt_text_append(out, is_full || whole == 0 ? "" : "1");
    for (uint32_t i = 0; is_full && i < whole; i++)
        lt_text_append(out, "9");
    lt_text_append(out, whole == 0 || type->scale > 0 ? "." : "");
    for (uint32_t i = 0; i < type->scale; i++)
        lt_text_append(out, is_full || i == 0 || i + 1 == type->scale ? digit : "0");
    lt_text_format(out, "BD AS DECIMAL(%u,%u))", type->precision, type->scale);
}

static void nested_text(struct random_expressions *random, const struct lt_type *type,
                        struct lt_text_buffer *out)
{
    bool is_struct = type->kind == LT_TYPE_STRUCT;
    uint32_t times = is_struct ? 1 : random_below(random, ELEMENTS + 1);
    lt_text_append(out, is_struct                     ? "named_struct("
                        : type->kind == LT_TYPE_ARRAY ? "array("
                                                      : "map(");
    for (uint32_t i = 0; i < times; i++)
        for (uint32_t j = 0; j < type->field_count; j++) {
            lt_text_append(out, i + j > 0 ? ", " : "");
            if (is_struct)
                lt_text_format(out, "'%s', ", type->fields[j].name);
            bool is_key = type->kind == LT_TYPE_MAP && j == 0;
            if (!is_key && random_below(random, 6) == 0)
                lt_text_append(out, "NULL");
            else
                random_literal(random, type->fields[j].type, out);
        }
    lt_text_append(out, ")");
}

/* Recursion is bounded by the depth of the type. */
void random_literal(struct random_expressions *random, const struct lt_type *type,
                    struct lt_text_buffer *out)
{
    static const char *const truths[] = {"true", "false"};
    static const char *const bytes[] = {"X''", "X'00FF'", "X'616263'", "X'C3A9'", "X'80'"};
    if (lt_type_is_nested(type))
        nested_text(random, type, out);
    else if (lt_type_is_number(type))
        lt_text_append(out, number_text(random, type->kind));
    else if (type->kind == LT_TYPE_DECIMAL)
        decimal_text(random, type, out);
    else if (type->kind == LT_TYPE_BOOLEAN)
        lt_text_append(out, RANDOM_OF(random, truths));
    else if (type->kind == LT_TYPE_BINARY)
        lt_text_append(out, RANDOM_OF(random, bytes));
    else if (type->kind == LT_TYPE_STRING)
        lt_text_append(out, text_text(random));
    else if (type->kind == LT_TYPE_INTERVAL_DAY_TIME || type->kind == LT_TYPE_INTERVAL_YEAR_MONTH)
        lt_text_append(out, interval_text(random, type));
    else if (type->kind == LT_TYPE_INTERVAL_CALENDAR)
        lt_text_append(out, random_below(random, 2) == 0 ? "make_interval(1, 2, 0, -3, 4, 5, 6.5)"
                                                         : "INTERVAL 1 month 2 days");
    else if (type->kind == LT_TYPE_VOID)
        lt_text_append(out, "NULL");
    else
        lt_text_append(out, moment_text(random, type->kind));
}
